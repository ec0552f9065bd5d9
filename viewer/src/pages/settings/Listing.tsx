import { useQuery } from "@tanstack/react-query";
import { ask } from "../../api/client";
import { useT } from "../../i18n/i18n";
import { Loading } from "../../parts/Loading";
import { Refused } from "../../parts/Refused";
import { Section } from "../../parts/Section";
import { Wide } from "../../parts/Wide";
import { SafeText } from "../../text/SafeText";

type Row = Record<string, unknown>;

interface Props {
  title: string;
  path: string;
  /** The field of the answer that holds the rows. */
  name: string;
  columns: readonly string[];
}

/** Rows of something the server may or may not have, and may or may not show to everybody. */
export function Listing({ title, path, name, columns }: Props) {
  const t = useT();
  const asked = useQuery({ queryKey: ["listing", path], queryFn: ({ signal }) => ask<unknown>(path, { signal }) });
  const rows = rowsOf(asked.data, name);
  return (
    <Section title={title}>
      {asked.isPending && <Loading />}
      {asked.isError && <Refused error={asked.error} />}
      {asked.isSuccess && rows.length === 0 && <p className="dim">{t("app.nothing")}</p>}
      {rows.length > 0 && (
        <Wide name={title}>
          <table>
            <thead>
              <tr>
                {columns.map((column) => (
                  <th key={column} scope="col">
                    {column.replaceAll("_", " ")}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, index) => (
                <tr key={String(row.id ?? row.name ?? index)}>
                  {columns.map((column) => (
                    <td key={column}>
                      <SafeText text={told(row[column])} most={120} foldable={false} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      )}
    </Section>
  );
}

const told = (value: unknown): string =>
  value === null || value === undefined ? "—" : typeof value === "object" ? JSON.stringify(value) : String(value);

function rowsOf(answer: unknown, name: string): Row[] {
  const told = answer as Record<string, unknown> | undefined;
  const data = (told?.data as Record<string, unknown> | undefined) ?? told;
  const found = Array.isArray(data) ? data : data?.[name];
  return Array.isArray(found) ? (found as Row[]).slice(0, 200) : [];
}
