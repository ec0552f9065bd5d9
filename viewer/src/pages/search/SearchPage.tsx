import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useRef, useState } from "react";
import type { Place } from "../../api/place";
import { adjust } from "../../app/route";
import { useT } from "../../i18n/i18n";
import { Empty } from "../../parts/Empty";
import { Failure } from "../../parts/Failure";
import { type Asked, found } from "./asked";
import { ContextPanel } from "./ContextPanel";
import { Facets } from "./Facets";
import { HitCard } from "./HitCard";
import { useSettled } from "./useSettled";

const LIMIT = 30;

/** Asks the memories, and shows why each answers and what an assistant would be given. */
export function SearchPage({ place, params }: { place: Place; params: URLSearchParams }) {
  const t = useT();
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(params.get("q") ?? "");
  const settled = useSettled(text.trim(), 160);
  const given = params.get("q") ?? "";
  const last = useRef(given);
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    last.current = settled;
    adjust({ q: settled });
  }, [settled]);
  useEffect(() => {
    if (given !== last.current) setText(given);
  }, [given]);
  const asked: Asked = {
    query: settled,
    kind: params.get("kind"),
    since: params.get("since"),
    stale: params.get("stale") === "1",
  };
  const answer = useQuery({
    ...found(place, asked, LIMIT),
    enabled: settled !== "",
    placeholderData: keepPreviousData,
  });
  const hits = useDeferredValue(settled === "" ? [] : (answer.data?.memories ?? []));
  return (
    <div className="page search-page">
      <h1 className="sr">{t("nav.search")}</h1>
      <search>
        {" "}
        <form className="search-box" onSubmit={(event) => event.preventDefault()}>
          <input
            ref={field}
            data-search=""
            type="search"
            aria-label={t("search.label")}
            placeholder={t("search.placeholder")}
            value={text}
            maxLength={2000}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Escape") event.currentTarget.blur();
            }}
          />
        </form>
      </search>
      {settled === "" ? (
        <Empty title={t("search.start")} />
      ) : (
        <div className="search-columns">
          <div className="search-hits">
            <Facets asked={asked} hits={hits} />
            <p className="dim" role="status">
              {answer.data &&
                t(hits.length < LIMIT ? "search.found" : "search.first", count(hits.length, answer.data.took_ms))}
            </p>
            {answer.isError && <Failure error={answer.error} retry={() => void answer.refetch()} />}
            {answer.isSuccess && hits.length === 0 && !answer.isPlaceholderData && (
              <Empty title={t("search.nothing")}>{t("search.nothingHint")}</Empty>
            )}
            <ol className="plain hits" aria-label={t("search.results")}>
              {hits.map((hit) => (
                <HitCard key={hit.id} hit={hit} question={settled} />
              ))}
            </ol>
          </div>
          <ContextPanel place={place} question={settled} />
        </div>
      )}
    </div>
  );
}

const count = (number: number, ms: number) => ({ count: number, ms: Math.max(1, Math.round(ms)) });
