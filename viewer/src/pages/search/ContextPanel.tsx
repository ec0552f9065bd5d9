import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ask } from "../../api/client";
import type { Place } from "../../api/place";
import type { Context } from "../../api/types";
import { useT, useWritten } from "../../i18n/i18n";
import { Failure } from "../../parts/Failure";
import { SafeText } from "../../text/SafeText";
import { oneLine } from "../../text/visible";
import { type Asked, inProjects } from "./asked";
import { Sources } from "./Sources";
import { useSettled } from "./useSettled";

const LEAST = 100;
const MOST = 4000;
const FIRST = 800;

/** The text an assistant would be given for this question, for a budget one can try. */
export function ContextPanel({ place, asked }: { place: Place; asked: Asked }) {
  const t = useT();
  const written = useWritten();
  const question = asked.query;
  const where = asked.where === "here" ? null : inProjects(asked);
  const [budget, setBudget] = useState(FIRST);
  const settled = useSettled(budget, 120);
  const made = useQuery({
    queryKey: ["context", place, question, where, settled],
    queryFn: ({ signal }) =>
      where === null
        ? ask<Context>("/api/context", { body: { ...place, query: question, budget: settled }, signal })
        : ask<Context>("/api/context/projects", { body: { ...where, query: question, budget: settled }, signal }),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
  return (
    <aside className="context" aria-label={t("search.context")}>
      <h2>{t("search.context")}</h2>
      <label className="budget">
        <span>{t("search.budget")}</span>
        <output>{written.number(budget)}</output>
        <input
          type="range"
          min={LEAST}
          max={MOST}
          step={50}
          value={budget}
          onChange={(event) => setBudget(event.target.valueAsNumber)}
        />
      </label>
      {made.isError && <Failure error={made.error} retry={() => void made.refetch()} />}
      {made.data && (
        <div className="answer" data-stale={made.isPlaceholderData}>
          <p className="dim">
            {t("search.used", { tokens: made.data.tokens, budget: settled })}
            {Object.entries(made.data.projects ?? {}).map(([id, count]) => (
              <span key={id} className="tag">
                {oneLine(id, 40)} {written.number(count)}
              </span>
            ))}
            {made.data.dropped > 0 && ` · ${t("search.dropped", { count: made.data.dropped })}`}
          </p>
          <section
            className="context-text"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
            tabIndex={0}
            aria-label={t("memory.text")}
          >
            <SafeText text={made.data.text || t("search.nothing")} question={question} most={20_000} />
          </section>
          {made.data.memories.length > 0 && <Sources ids={made.data.memories} />}
        </div>
      )}
    </aside>
  );
}
