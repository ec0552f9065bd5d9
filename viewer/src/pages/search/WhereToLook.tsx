import { useQuery } from "@tanstack/react-query";
import { projects, session } from "../../api/queries";
import { useMay } from "../../app/may";
import { adjust } from "../../app/route";
import { useT } from "../../i18n/i18n";
import { Command } from "../../parts/Command";
import { oneLine } from "../../text/visible";
import { type Asked, MERGES, WHERE } from "./asked";

/** Chooses whether one place is asked or several projects at once, and how their answers are put together. */
export function WhereToLook({ asked }: { asked: Asked }) {
  const t = useT();
  const isAllowed = useQuery(session).data?.across ?? false;
  const { operate } = useMay();
  const isAcross = asked.where !== "here";
  const known = useQuery({ ...projects, enabled: asked.where === "some" }).data?.projects ?? [];
  const toggle = (id: string): void => {
    const next = asked.projects.includes(id) ? asked.projects.filter((one) => one !== id) : [...asked.projects, id];
    adjust({ projects: next.length > 0 ? JSON.stringify(next) : null });
  };
  return (
    <div className="where">
      <div className="filters">
        <label className="field">
          <span>{t("search.in")}</span>
          <select value={asked.where} onChange={(event) => adjust({ in: event.target.value })}>
            {WHERE.map((one) => (
              <option key={one} value={one}>
                {t(`where.${one}`)}
              </option>
            ))}
          </select>
        </label>
        {isAcross && isAllowed && (
          <label className="field">
            <span>{t("search.merge")}</span>
            <select value={asked.merge} onChange={(event) => adjust({ merge: event.target.value })}>
              {MERGES.map((one) => (
                <option key={one} value={one}>
                  {t(`merge.${one}`)}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      {isAcross && !isAllowed && (
        <div className="notice" role="status">
          <strong>{t("across.off")}</strong>
          <p className="dim">{t(operate ? "across.how" : "across.ask")}</p>
          {operate && <Command line="PROJECT__ENABLE_CROSS_PROJECT_SEARCH=true recollect serve" />}
        </div>
      )}
      {asked.where === "some" && isAllowed && (
        <fieldset className="chips">
          <legend className="sr">{t("place.projects")}</legend>
          {known.map((one) => (
            <button
              key={one.id}
              type="button"
              className="chip plain-chip"
              aria-pressed={asked.projects.includes(one.id)}
              onClick={() => toggle(one.id)}
            >
              {oneLine(one.name || one.id, 40)}
            </button>
          ))}
        </fieldset>
      )}
    </div>
  );
}
