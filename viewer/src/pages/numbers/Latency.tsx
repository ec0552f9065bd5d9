import { useQuery } from "@tanstack/react-query";
import { figures } from "../../api/queries";
import { useT, useWritten } from "../../i18n/i18n";
import { Loading } from "../../parts/Loading";

/** How long keeping, searching and composing take. */
export function Latency() {
  const t = useT();
  const written = useWritten();
  const asked = useQuery(figures);
  const told = asked.data?.latency_ms ?? {};
  const names: Record<string, string> = {
    capture: t("numbers.capture"),
    search: t("numbers.search"),
    context: t("numbers.contextVerb"),
  };
  const cell = (value: number | null | undefined) => (value == null ? "—" : written.number(value, 1));
  const rows = Object.entries(told);
  if (asked.isPending) return <Loading />;
  if (rows.length === 0) return <p className="dim">{t("app.nothing")}</p>;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{t("numbers.verb")}</th>
          <th scope="col" className="number">
            p50
          </th>
          <th scope="col" className="number">
            p95
          </th>
          <th scope="col" className="number">
            p99
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{names[name] ?? name}</th>
            <td className="number">{cell(value.p50)}</td>
            <td className="number">{cell(value.p95)}</td>
            <td className="number">{cell(value.p99)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
