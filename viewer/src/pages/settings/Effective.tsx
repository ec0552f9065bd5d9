import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ask } from "../../api/client";
import { useNamed, useT } from "../../i18n/i18n";
import { Failure } from "../../parts/Failure";
import { Loading } from "../../parts/Loading";
import { Section } from "../../parts/Section";
import { Wide } from "../../parts/Wide";

interface Setting {
  name: string;
  value: unknown;
  origin: string;
}

/** Every setting in force and where its value came from; those that were set stand first. */
export function Effective() {
  const t = useT();
  const named = useNamed();
  const [filter, setFilter] = useState("");
  const asked = useQuery({
    queryKey: ["settings"],
    queryFn: ({ signal }) => ask<{ settings: Setting[] }>("/api/viewer/settings", { signal }),
    staleTime: 60_000,
  });
  const [all, setAll] = useState(false);
  const wanted = filter.trim().toLowerCase();
  const known = asked.data?.settings ?? [];
  const rows = known
    .filter((one) => (wanted ? one.name.includes(wanted) : all || one.origin !== "default"))
    .sort((left, right) => Number(left.origin === "default") - Number(right.origin === "default"));
  return (
    <Section title={t("settings.effective")}>
      {asked.isPending && <Loading />}
      {asked.isError && <Failure error={asked.error} />}
      <input
        type="search"
        aria-label={t("settings.filter")}
        placeholder={t("settings.filter")}
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
      />
      <Wide name={t("settings.effective")}>
        <table className="effective">
          <thead>
            <tr>
              <th scope="col">{t("settings.name")}</th>
              <th scope="col">{t("settings.value")}</th>
              <th scope="col">{t("settings.origin")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((one) => (
              <tr key={one.name}>
                <th scope="row">
                  <code>{one.name}</code>
                </th>
                <td className="value">{String(one.value)}</td>
                <td className={one.origin === "default" ? "dim" : undefined}>{named("origin", one.origin)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      {!wanted && known.length > 0 && (
        <button type="button" onClick={() => setAll(!all)}>
          {all ? t("settings.fewer") : t("settings.all", { count: known.length })}
        </button>
      )}
    </Section>
  );
}
