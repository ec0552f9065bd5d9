import { useQuery } from "@tanstack/react-query";
import { ask } from "../../api/client";
import type { RetentionPreview, RetentionRun } from "../../api/types";
import { say } from "../../app/toast";
import { useT, useWritten } from "../../i18n/i18n";
import { Loading } from "../../parts/Loading";
import { Refused } from "../../parts/Refused";
import { Section } from "../../parts/Section";
import { When } from "../../parts/When";
import { RetentionPolicy } from "./RetentionPolicy";
import { RetentionRuns } from "./RetentionRuns";
import { ALL, useDeed } from "./useDeed";

/** What each policy would let go of now, before it does; runs of it, and taking them back. */
export function Retention() {
  const t = useT();
  const written = useWritten();
  const asked = useQuery({
    queryKey: ["retention"],
    queryFn: ({ signal }) => ask<RetentionPreview>("/api/retention/preview", { signal }),
    staleTime: 30_000,
  });
  const run = useDeed<{ runs: RetentionRun[] }>(ALL, ({ runs }) =>
    say(t("retention.ran", { count: runs.reduce((sum, one) => sum + one.memories, 0) })),
  );
  const told = asked.data;
  const act = (policy: string) => run.mutate({ path: "/api/retention/run", method: "POST", body: { policy } });
  return (
    <Section
      title={t("retention.title")}
      note={told && told.every > 0 ? t("backup.every", { hours: told.every }) : t("retention.byHand")}
    >
      {asked.isPending && <Loading />}
      {asked.isError && <Refused error={asked.error} />}
      {told?.policies.length === 0 && <p className="dim">{t("retention.none")}</p>}
      {told && told.policies.length > 0 && (
        <>
          <p>
            {t("retention.total", { count: told.total.memories, size: written.size(told.total.bytes) })}
            {told.next_at && (
              <span className="dim">
                {" "}
                {t("retention.next")} <When at={told.next_at} />
              </span>
            )}
          </p>
          {told.policies.map((one) => (
            <RetentionPolicy key={one.name} policy={one} isPending={run.isPending} run={() => act(one.name)} />
          ))}
          <p className="dim">{t("retention.undoable", { days: told.undo_days })}</p>
        </>
      )}
      {asked.isSuccess && <RetentionRuns />}
    </Section>
  );
}
