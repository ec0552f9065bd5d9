import { type Hit, KINDS } from "../../api/types";
import { adjust } from "../../app/route";
import { useT } from "../../i18n/i18n";
import { type Asked, SPANS } from "./asked";

/** Narrows a search by kind and time; the numbers count what is shown. */
export function Facets({ asked, hits }: { asked: Asked; hits: readonly Hit[] }) {
  const t = useT();
  const format = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "always" });
  const label: Record<string, string> = {
    "7": format.format(-7, "day"),
    "30": format.format(-30, "day"),
    "365": format.format(-1, "year"),
  };
  return (
    <div className="filters">
      <fieldset className="chips">
        <legend className="sr">{t("stream.kinds")}</legend>
        {KINDS.map((kind) => {
          const number = hits.filter((hit) => hit.memory.kind === kind).length;
          return (
            <button
              key={kind}
              type="button"
              className="chip"
              data-kind={kind}
              aria-pressed={asked.kind === kind}
              onClick={() => adjust({ kind: asked.kind === kind ? null : kind })}
            >
              {t(`kind.${kind}`)} {number > 0 && <span className="number">{number}</span>}
            </button>
          );
        })}
      </fieldset>
      <label className="field">
        <span>{t("search.time")}</span>
        <select value={asked.since ?? ""} onChange={(event) => adjust({ since: event.target.value })}>
          <option value="">{t("search.anyTime")}</option>
          {Object.keys(SPANS).map((span) => (
            <option key={span} value={span}>
              ≥ {label[span]}
            </option>
          ))}
        </select>
      </label>
      <label className="check">
        <input
          type="checkbox"
          checked={asked.stale}
          onChange={(event) => adjust({ stale: event.target.checked ? "1" : null })}
        />
        {t("search.stale")}
      </label>
    </div>
  );
}
