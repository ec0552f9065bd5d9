import { useQuery } from "@tanstack/react-query";
import { ask } from "../../api/client";
import type { Spent } from "../../api/types";
import { useT, useWritten } from "../../i18n/i18n";
import { Loading } from "../../parts/Loading";
import { Refused } from "../../parts/Refused";
import { Section } from "../../parts/Section";
import { Days } from "./Days";

/** What models took and cost, by day and by model. */
export function Spending() {
  const t = useT();
  const written = useWritten();
  const asked = useQuery({
    queryKey: ["spending"],
    queryFn: ({ signal }) => ask<{ days: Spent[] }>("/api/viewer/spending?days=30", { signal }),
  });
  const rows = asked.data?.days ?? [];
  const byDay: Record<string, number> = {};
  const byModel = new Map<string, Spent>();
  for (const row of rows) {
    byDay[row.day] = (byDay[row.day] ?? 0) + row.tokens;
    const sum = byModel.get(row.model) ?? { ...row, calls: 0, tokens: 0, cost: 0 };
    byModel.set(row.model, {
      ...sum,
      calls: sum.calls + row.calls,
      tokens: sum.tokens + row.tokens,
      cost: sum.cost + row.cost,
    });
  }
  return (
    <Section title={t("numbers.money")} note={t("numbers.moneyNote")}>
      {asked.isError && <Refused error={asked.error} />}
      {asked.isPending && <Loading />}
      {asked.isSuccess && rows.length === 0 && <p className="dim">{t("numbers.noMoney")}</p>}
      {rows.length > 0 && (
        <>
          <Days days={byDay} />
          <table>
            <thead>
              <tr>
                <th scope="col">{t("numbers.model")}</th>
                <th scope="col" className="number">
                  {t("numbers.calls")}
                </th>
                <th scope="col" className="number">
                  {t("numbers.tokens")}
                </th>
                <th scope="col" className="number">
                  {t("numbers.cost")}
                </th>
              </tr>
            </thead>
            <tbody>
              {[...byModel.values()].map((row) => (
                <tr key={row.model}>
                  <th scope="row">{row.model}</th>
                  <td className="number">{written.number(row.calls)}</td>
                  <td className="number">{written.number(row.tokens)}</td>
                  <td className="number">${written.number(row.cost, 4)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </Section>
  );
}
