import { useQuery } from "@tanstack/react-query";
import type { Place } from "../../api/place";
import { KINDS } from "../../api/types";
import { adjust } from "../../app/route";
import type { Key } from "../../i18n/en";
import { useT } from "../../i18n/i18n";
import { type Asked, found, isWhole, SPANS } from "./asked";
import { COUNTED, counted } from "./counted";

/** Narrows a search by kind and time; each choice says how many of the best answers it holds. */
export function Facets({ asked, place }: { asked: Asked; place: Place }) {
  const t = useT();
  const open = { ...asked, kind: null, since: null };
  const best = useQuery({
    ...found(place, open, COUNTED, false),
    enabled: isWhole(asked),
    select: (answer) => answer.hits.map((hit) => ({ ...hit, ...hit.memory })),
  });
  const counts = best.data ? counted(best.data, asked, Date.now()) : null;
  const number = (count: number | undefined) => (!count ? null : <span className="number">{count}</span>);
  const isPart = (best.data?.length ?? 0) >= COUNTED;
  return (
    <div className="filters">
      <fieldset className="chips">
        <legend className="sr">{t("stream.kinds")}</legend>
        {KINDS.map((kind) => (
          <button
            key={kind}
            type="button"
            className="chip"
            data-kind={kind}
            aria-pressed={asked.kind === kind}
            onClick={() => adjust({ kind: asked.kind === kind ? null : kind })}
          >
            {t(`kind.${kind}`)} {number(counts?.kinds[kind])}
          </button>
        ))}
      </fieldset>
      <fieldset className="chips">
        <legend className="sr">{t("search.time")}</legend>
        {["", ...Object.keys(SPANS)].map((span) => (
          <button
            key={span}
            type="button"
            className="chip plain-chip"
            aria-pressed={(asked.since ?? "") === span}
            onClick={() => adjust({ since: span || null })}
          >
            {span ? t(`span.${span}` as Key) : t("search.anyTime")} {number(counts?.spans[span])}
          </button>
        ))}
      </fieldset>
      <label className="check">
        <input
          type="checkbox"
          checked={asked.stale}
          onChange={(event) => adjust({ stale: event.target.checked ? "1" : null })}
        />
        {t("search.stale")}
      </label>
      {isPart && <p className="dim counted">{t("search.counted", { count: COUNTED })}</p>}
    </div>
  );
}
