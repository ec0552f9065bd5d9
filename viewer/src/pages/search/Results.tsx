import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDeferredValue } from "react";
import type { Place } from "../../api/place";
import { useT } from "../../i18n/i18n";
import { Empty } from "../../parts/Empty";
import { Failure } from "../../parts/Failure";
import { oneLine } from "../../text/visible";
import { type Answer, type Asked, found, isWhole } from "./asked";
import { HitCard } from "./HitCard";

const LIMIT = 30;
const NONE: Answer = { hits: [], ms: 0, projects: [], left: [] };

/** What answers a question, the best first, and of which projects it is where several were asked. */
export function Results({ asked, place }: { asked: Asked; place: Place }) {
  const t = useT();
  const isAsked = isWhole(asked);
  const answer = useQuery({ ...found(place, asked, LIMIT), enabled: isAsked, placeholderData: keepPreviousData });
  const { hits, ms, projects, left } = useDeferredValue(isAsked ? (answer.data ?? NONE) : NONE);
  if (!isAsked) return <p className="dim">{t("search.choose")}</p>;
  return (
    <div className="answer" data-stale={answer.isPlaceholderData}>
      <p className="dim found" role="status">
        {answer.data &&
          t(hits.length < LIMIT ? "search.found" : "search.first", {
            count: hits.length,
            ms: Math.max(1, Math.round(ms)),
          })}
        {projects.map((one) => (
          <span key={one.id} className="tag">
            {oneLine(one.name || one.id, 40)} {t("search.ofProject", { count: one.count, total: one.total })}
          </span>
        ))}
        {left.length > 0 && <span>{t("search.left", { count: left.length })}</span>}
      </p>
      {answer.isError && <Failure error={answer.error} retry={() => void answer.refetch()} />}
      {answer.isSuccess && hits.length === 0 && !answer.isPlaceholderData && (
        <Empty title={t("search.nothing")}>{t("search.nothingHint")}</Empty>
      )}
      <ol className="plain hits" aria-label={t("search.results")}>
        {hits.map((hit) => (
          <HitCard key={hit.id} hit={hit} question={asked.query} />
        ))}
      </ol>
    </div>
  );
}
