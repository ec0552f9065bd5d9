import { choosePlace, type Place } from "../api/place";
import type { Owner, Places } from "../api/types";
import { useT, useWritten } from "../i18n/i18n";
import { oneLine } from "../text/visible";

/** Chooses whose memories the pages show. */
export function PlaceSwitch({ places, place }: { places: Places; place: Place }) {
  const t = useT();
  const written = useWritten();
  const value = place.project_id !== null ? `p${place.project_id}` : `u${place.user_id}`;
  const choose = (chosen: string) => {
    const name = chosen.slice(1);
    choosePlace(chosen.startsWith("u") ? { user_id: name, project_id: null } : { user_id: null, project_id: name });
  };
  const options = (owners: Owner[], sort: string) =>
    owners.map((one) => (
      <option key={one.name} value={sort + one.name}>
        {oneLine(one.name, 40)} · {written.number(one.memories)}
      </option>
    ));
  return (
    <label className="place">
      <span className="sr">{t("place.label")}</span>
      <select value={value} onChange={(event) => choose(event.target.value)}>
        <optgroup label={t("place.users")}>{options(places.users, "u")}</optgroup>
        <optgroup label={t("place.projects")}>{options(places.projects, "p")}</optgroup>
      </select>
    </label>
  );
}
