import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Place } from "../../api/place";
import { session } from "../../api/queries";
import { adjust } from "../../app/route";
import { useT } from "../../i18n/i18n";
import { Empty } from "../../parts/Empty";
import { askedOf, isWhole } from "./asked";
import { ContextPanel } from "./ContextPanel";
import { Facets } from "./Facets";
import { Results } from "./Results";
import { useSettled } from "./useSettled";
import { WhereToLook } from "./WhereToLook";

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
  const asked = askedOf(settled, params);
  const isAcross = asked.where !== "here";
  const isAllowed = useQuery(session).data?.across ?? false;
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
        <div className="search-columns" data-across={isAcross && !isAllowed}>
          <div className="search-hits">
            <WhereToLook asked={asked} />
            {(!isAcross || isAllowed) && (
              <>
                <Facets asked={asked} place={place} />
                <Results asked={asked} place={place} />
              </>
            )}
          </div>
          {(!isAcross || (isAllowed && isWhole(asked))) && <ContextPanel place={place} asked={asked} />}
        </div>
      )}
    </div>
  );
}
