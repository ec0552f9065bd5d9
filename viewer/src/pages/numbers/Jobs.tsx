import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ask } from "../../api/client";
import type { Job } from "../../api/types";
import { say } from "../../app/toast";
import { useNamed, useT, useWritten } from "../../i18n/i18n";
import { Failure } from "../../parts/Failure";
import { Section } from "../../parts/Section";
import { Wide } from "../../parts/Wide";
import { SafeText } from "../../text/SafeText";

const EVERY = 4_000;
const FEW = 8;

/** Work that writes left behind, and what became stuck. */
export function Jobs() {
  const t = useT();
  const written = useWritten();
  const named = useNamed();
  const queries = useQueryClient();
  const asked = useQuery({
    queryKey: ["jobs"],
    queryFn: ({ signal }) => ask<{ jobs: Job[]; waiting: number }>("/api/jobs?limit=50", { signal }),
    refetchInterval: EVERY,
  });
  const retry = useMutation({
    mutationFn: () => ask<{ retried: number }>("/api/jobs/retry", { body: {} }),
    onSuccess: ({ retried }) => {
      say(t("numbers.retried", { count: retried }));
      void queries.invalidateQueries({ queryKey: ["jobs"] });
    },
    onError: (error) => say(error.message),
  });
  const [all, setAll] = useState(false);
  const rows = asked.data?.jobs ?? [];
  const isStuck = rows.some((job) => job.state === "parked");
  return (
    <Section
      title={t("numbers.jobs")}
      note={asked.data ? t("numbers.waiting", { count: asked.data.waiting }) : ""}
      aside={
        isStuck && (
          <button type="button" className="push" disabled={retry.isPending} onClick={() => retry.mutate()}>
            {t("numbers.retry")}
          </button>
        )
      }
    >
      {asked.isError && <Failure error={asked.error} retry={() => void asked.refetch()} />}
      {asked.isSuccess && rows.length === 0 && <p className="dim">{t("numbers.noJobs")}</p>}
      {rows.length > 0 && (
        <Wide name={t("numbers.jobs")}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t("numbers.jobs")}</th>
                <th scope="col">{t("numbers.state")}</th>
                <th scope="col" className="number">
                  {t("numbers.covers")}
                </th>
                <th scope="col" className="number">
                  {t("numbers.attempts")}
                </th>
                <th scope="col">{t("numbers.error")}</th>
              </tr>
            </thead>
            <tbody>
              {(all ? rows : rows.slice(0, FEW)).map((job) => (
                <tr key={job.id}>
                  <th scope="row">{named("work", job.name)}</th>
                  <td data-state={job.state}>{t(`job.${job.state}`)}</td>
                  <td className="number">{written.number(job.covers)}</td>
                  <td className="number">{written.number(job.attempts)}</td>
                  <td>{job.error && <SafeText text={job.error} most={160} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      )}
      {!all && rows.length > FEW && (
        <button type="button" onClick={() => setAll(true)}>
          {t("app.more")}
        </button>
      )}
    </Section>
  );
}
