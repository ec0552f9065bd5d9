import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { ask, query } from "../../api/client";
import type { Place } from "../../api/place";
import type { Entity, Relation } from "../../api/types";
import { adjust } from "../../app/route";
import { useT } from "../../i18n/i18n";
import { Empty } from "../../parts/Empty";
import { Failure } from "../../parts/Failure";
import { Drawing } from "./Drawing";
import { Entities } from "./Entities";
import { grown } from "./grown";
import { layout, type Spot } from "./layout";
import { Relations } from "./Relations";

const NEAR = 14;
const OPEN = 12;

/** What memories speak of, and how it hangs together; it grows from the names one chooses. */
export default function GraphPage({ place, params }: { place: Place; params: URLSearchParams }) {
  const t = useT();
  const [day, setDay] = useState("");
  const [chosen, setChosen] = useState<string | null>(null);
  const before = useRef<ReadonlyMap<string, Spot>>(new Map());
  const open = useMemo(() => (params.get("name") ?? "").split("\n").filter(Boolean).slice(-OPEN), [params]);
  const known = useQuery({
    queryKey: ["entities", place],
    queryFn: ({ signal }) =>
      ask<{ entities: Entity[] }>(`/api/graph/entities${query({ ...place, limit: 40 })}`, { signal }),
  });
  const near = useQueries({
    queries: open.map((name) => ({
      queryKey: ["neighbours", place, name, day],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        ask<{ neighbours: Relation[] }>(
          `/api/graph/neighbours${query({ ...place, name, limit: NEAR, at: day ? `${day}T12:00:00Z` : null })}`,
          { signal },
        ),
    })),
  });
  const relations = near.map((answer) => answer.data?.neighbours ?? []);
  const state = JSON.stringify([open, relations, day]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the state says all that the graph is made of
  const graph = useMemo(() => grown(open, relations, day || null), [state]);
  const spots = useMemo(() => {
    const found = layout(graph, before.current);
    before.current = found;
    return found;
  }, [graph]);
  const pick = (name: string): void => {
    setChosen(name);
    if (!open.includes(name)) adjust({ name: [...open, name].slice(-OPEN).join("\n") });
  };
  const reset = (): void => {
    before.current = new Map();
    setChosen(null);
    adjust({ name: null });
  };
  const failed = known.error ?? near.find((answer) => answer.isError)?.error;
  const isGrowing = near.some((answer) => answer.isPending);
  const focus = chosen ?? open.at(-1) ?? null;
  const isEmpty = known.data?.entities.length === 0;
  return (
    <div className="page graph-page">
      <div className="page-head">
        <h1>{t("graph.title")}</h1>
        <form
          className="push"
          onSubmit={(event) => {
            event.preventDefault();
            const name = String(new FormData(event.currentTarget).get("name") ?? "").trim();
            if (name) pick(name);
            event.currentTarget.reset();
          }}
        >
          <input
            name="name"
            data-search=""
            type="search"
            aria-label={t("graph.find")}
            placeholder={t("graph.find")}
            maxLength={200}
          />
        </form>
        <label className="field">
          <span>{t("graph.asOf")}</span>
          <input type="date" value={day} onChange={(event) => setDay(event.target.value)} />
        </label>
        {open.length > 0 && (
          <button type="button" onClick={reset}>
            {t("graph.reset")}
          </button>
        )}
      </div>
      {failed && <Failure error={failed} retry={() => void known.refetch()} />}
      {isEmpty && open.length === 0 ? (
        <Empty title={t("graph.empty")} />
      ) : (
        <div className="graph-columns">
          {open.length === 0 ? (
            <Empty title={t("graph.pick")} />
          ) : (
            <Drawing graph={graph} spots={spots} chosen={focus} pick={pick} />
          )}
          <div>
            {focus && <Relations name={focus} graph={graph} isGrowing={isGrowing} pick={pick} />}
            {known.data && <Entities entities={known.data.entities} pick={pick} />}
          </div>
        </div>
      )}
    </div>
  );
}
