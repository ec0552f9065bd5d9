import { useQuery } from "@tanstack/react-query";
import { ask } from "../../api/client";
import type { AuditProof } from "../../api/types";
import { useT } from "../../i18n/i18n";
import { Refused } from "../../parts/Refused";

const SHOWN = 5;

/** Whether the chain of the audit log is whole. All of it is read for that, so it is done when asked. */
export function Chain() {
  const t = useT();
  const asked = useQuery({
    queryKey: ["audit chain"],
    queryFn: ({ signal }) => ask<AuditProof>("/api/audit/verify", { signal }),
    enabled: false,
    gcTime: Number.POSITIVE_INFINITY,
  });
  const proof = asked.data;
  return (
    <div className="chain" role="status">
      <button type="button" disabled={asked.isFetching} onClick={() => void asked.refetch()}>
        {t("audit.verify")}
      </button>
      {asked.isError && <Refused error={asked.error} />}
      {proof && (
        <p data-whole={proof.whole}>
          {t(proof.whole ? "audit.whole" : "audit.broken", { count: proof.entries })}
          {proof.head && (
            <code>
              {proof.head.seq}:{proof.head.digest.slice(0, 12)}…
            </code>
          )}
        </p>
      )}
      {proof && proof.faults.length > 0 && (
        <ul className="plain">
          {proof.faults.slice(0, SHOWN).map((fault) => (
            <li key={`${fault.seq} ${fault.sort}`}>
              {fault.seq} · {fault.sort}: {fault.said}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
