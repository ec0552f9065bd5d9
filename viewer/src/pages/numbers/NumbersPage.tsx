import { useQuery } from "@tanstack/react-query";
import type { Place } from "../../api/place";
import { figures, stats } from "../../api/queries";
import type { Places } from "../../api/types";
import { useMay } from "../../app/may";
import { useNamed, useT, useWritten } from "../../i18n/i18n";
import { Failure } from "../../parts/Failure";
import { Loading } from "../../parts/Loading";
import { Section } from "../../parts/Section";
import { Bars } from "./Bars";
import { Days } from "./Days";
import { Figure } from "./Figure";
import { Jobs } from "./Jobs";
import { Latency } from "./Latency";
import { Spending } from "./Spending";
import { Upkeep } from "./Upkeep";

/** How much there is, how fast it is, what it costs and what is left to do. */
export default function NumbersPage({ place, places }: { place: Place; places: Places }) {
  const t = useT();
  const written = useWritten();
  const named = useNamed();
  const counted = useQuery(stats(place));
  const { watch, operate } = useMay();
  const measured = useQuery({ ...figures, enabled: watch });
  if (counted.isPending) return <Loading />;
  if (counted.isError) return <Failure error={counted.error} retry={() => void counted.refetch()} />;
  const told = counted.data;
  const size = measured.data?.db_size_mb;
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("numbers.title")}</h1>
      </div>
      <div className="figures">
        <Figure name={t("numbers.memories")} value={written.number(told.memories)} />
        <Figure name={t("numbers.conversations")} value={written.number(told.conversations)} />
        <Figure name={t("numbers.entities")} value={written.number(told.entities)} />
        {size !== undefined && <Figure name={t("numbers.size")} value={`${written.number(size, 1)} MB`} />}
      </div>
      <Section title={t("numbers.byDay")}>
        <Days days={told.by_day} />
      </Section>
      <div className="halves">
        <Section title={t("numbers.byKind")}>
          <Bars rows={Object.entries(told.by_kind).map(([name, count]) => [named("kind", name), count])} />
        </Section>
        <Section title={t("numbers.byCategory")}>
          <Bars rows={Object.entries(told.by_category).map(([name, count]) => [named("category", name), count])} />
        </Section>
        <Section title={t("numbers.byProject")}>
          <Bars rows={places.projects.map((one) => [one.name, one.memories])} />
        </Section>
        {watch && (
          <Section title={t("numbers.latency")} note={t("numbers.latencyNote")}>
            <Latency />
          </Section>
        )}
      </div>
      {watch && (
        <>
          <Spending />
          <Upkeep />
        </>
      )}
      {operate && <Jobs />}
    </div>
  );
}
