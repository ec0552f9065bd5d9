import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ask, query } from "../../api/client";
import type { AuditEntry } from "../../api/types";
import { useT } from "../../i18n/i18n";
import { Loading } from "../../parts/Loading";
import { Refused } from "../../parts/Refused";
import { Section } from "../../parts/Section";
import { When } from "../../parts/When";
import { Wide } from "../../parts/Wide";
import { SafeText } from "../../text/SafeText";
import { useSettled } from "../search/useSettled";
import { AuditFilters } from "./AuditFilters";
import { type AuditSieve, NO_SIEVE, sieved } from "./auditSieve";
import { Chain } from "./Chain";

interface Page {
  entries: AuditEntry[];
  next_cursor: string | null;
}

const SIZE = 50;

/** Who did what to what is not only his own, narrowed and page by page, and whether the log is whole. */
export function Audit() {
  const t = useT();
  const [sieve, setSieve] = useState<AuditSieve>(NO_SIEVE);
  const settled = useSettled(sieve, 250);
  const asked = useInfiniteQuery({
    queryKey: ["audit", settled],
    queryFn: ({ pageParam, signal }) =>
      ask<Page>(`/api/audit${query({ ...sieved(settled), limit: SIZE, cursor: pageParam })}`, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  const rows = asked.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <Section title={t("settings.audit")}>
      <Chain />
      <AuditFilters sieve={sieve} change={setSieve} />
      {asked.isPending && <Loading />}
      {asked.isError && <Refused error={asked.error} />}
      {asked.isSuccess && rows.length === 0 && <p className="dim">{t("audit.none")}</p>}
      {rows.length > 0 && (
        <Wide name={t("settings.audit")}>
          <table className="audit">
            <thead>
              <tr>
                <th scope="col">{t("audit.at")}</th>
                <th scope="col">{t("audit.actor")}</th>
                <th scope="col">{t("audit.action")}</th>
                <th scope="col">{t("audit.decision")}</th>
                <th scope="col">{t("audit.to")}</th>
                <th scope="col">{t("audit.origin")}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.seq}>
                  <td>
                    <When at={row.at} />
                  </td>
                  <td>
                    <SafeText text={row.actor || "—"} most={60} foldable={false} />
                  </td>
                  <td>
                    {row.action}
                    {row.times > 1 && <span className="dim"> ×{row.times}</span>}
                  </td>
                  <td data-decision={row.decision}>{t(`decision.${row.decision}`)}</td>
                  <td>
                    <SafeText
                      text={[...row.projects, row.target].filter(Boolean).join(" · ") || "—"}
                      most={120}
                      foldable={false}
                    />
                  </td>
                  <td>
                    <SafeText text={row.origin} most={60} foldable={false} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      )}
      {asked.hasNextPage && (
        <button type="button" disabled={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
          {t("app.more")}
        </button>
      )}
    </Section>
  );
}
