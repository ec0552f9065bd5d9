import { useQuery } from "@tanstack/react-query";
import { ask } from "../../api/client";
import { useT } from "../../i18n/i18n";
import { Failure } from "../../parts/Failure";
import { Loading } from "../../parts/Loading";
import { Section } from "../../parts/Section";

interface Check {
  name: string;
  status: "ok" | "warn" | "fail";
  detail: string;
  remedy: string;
}

/** What `recollect doctor` finds. */
export function Doctor() {
  const t = useT();
  const asked = useQuery({
    queryKey: ["doctor"],
    queryFn: ({ signal }) => ask<{ ok: boolean; checks: Check[] }>("/api/viewer/doctor", { signal }),
    staleTime: 60_000,
  });
  return (
    <Section
      title={t("settings.doctor")}
      aside={
        <button type="button" className="push" disabled={asked.isFetching} onClick={() => void asked.refetch()}>
          {t("settings.doctorRun")}
        </button>
      }
    >
      {asked.isPending && <Loading />}
      {asked.isError && <Failure error={asked.error} />}
      <ul className="plain checks">
        {asked.data?.checks.map((check) => (
          <li key={check.name} data-status={check.status}>
            <span className="check-status">{t(`check.${check.status}`)}</span>
            <span>
              <strong>{check.name}</strong> {check.detail}
              {check.remedy && <code>{check.remedy}</code>}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
