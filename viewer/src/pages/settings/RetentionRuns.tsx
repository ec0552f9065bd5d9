import { useQuery } from "@tanstack/react-query";
import { ask } from "../../api/client";
import type { RetentionRun } from "../../api/types";
import { say } from "../../app/toast";
import { en, type Key } from "../../i18n/en";
import { useT, useWritten } from "../../i18n/i18n";
import { When } from "../../parts/When";
import { SafeText } from "../../text/SafeText";
import { oneLine } from "../../text/visible";
import { ALL, useDeed } from "./useDeed";

const SHOWN = 20;

/** What policies have done, the latest first; what can still be taken back is. */
export function RetentionRuns() {
  const t = useT();
  const written = useWritten();
  const asked = useQuery({
    queryKey: ["retention", "runs"],
    queryFn: ({ signal }) => ask<{ runs: RetentionRun[] }>(`/api/retention/runs?limit=${SHOWN}`, { signal }),
    staleTime: 10_000,
  });
  const undo = useDeed<{ restored: number; kept: number }>(ALL, ({ restored, kept }) =>
    say(t("retention.undone", { count: restored }) + (kept > 0 ? ` ${t("retention.stayed", { count: kept })}` : "")),
  );
  const runs = asked.data?.runs ?? [];
  if (runs.length === 0) return null;
  const word = (key: string, usual: string) => (key in en ? t(key as Key) : usual);
  return (
    <>
      <h3>{t("retention.runs")}</h3>
      <ul className="plain backups runs">
        {runs.map((one) => (
          <li key={one.id}>
            <When at={one.begun_at} />
            <SafeText text={oneLine(one.policy, 60)} foldable={false} />
            <span>{word(`retention.${one.action}`, one.action)}</span>
            <span className="number">{t("stream.count", { count: one.memories })}</span>
            {one.bytes_after < one.bytes_before && (
              <span className="dim number">
                {written.size(one.bytes_before)} → {written.size(one.bytes_after)}
              </span>
            )}
            {one.state !== "done" && <span className="state">{word(`run.${one.state}`, one.state)}</span>}
            {one.error && (
              <span className="said">
                <SafeText text={one.error} most={200} />
              </span>
            )}
            {one.state === "done" && one.undo_until !== null && (
              <button
                type="button"
                className="quiet"
                disabled={undo.isPending}
                onClick={() =>
                  undo.mutate({
                    path: `/api/retention/runs/${encodeURIComponent(one.id)}/undo`,
                    method: "POST",
                    body: {},
                  })
                }
              >
                {t("memory.undo")}
              </button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
