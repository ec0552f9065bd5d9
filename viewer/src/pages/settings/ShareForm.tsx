import { RIGHTS } from "../../api/types";
import { useT } from "../../i18n/i18n";
import { useDeed } from "./useDeed";

/** Gives somebody a right in a project: for good, or until a day. */
export function ShareForm({ path, touched }: { path: string; touched: readonly unknown[] }) {
  const t = useT();
  const deed = useDeed(touched);
  const share = (form: HTMLFormElement): void => {
    const given = new FormData(form);
    const until = String(given.get("until") ?? "");
    const body = { user_id: String(given.get("user") ?? "").trim(), right: String(given.get("right")) };
    if (until) {
      const end = new Date(`${until}T23:59:59`).toISOString();
      deed.mutate({ path: `${path}/grants`, method: "POST", body: { ...body, until: end } });
    } else deed.mutate({ path: `${path}/members`, method: "POST", body });
    form.reset();
  };
  return (
    <form
      className="filters"
      onSubmit={(event) => {
        event.preventDefault();
        share(event.currentTarget);
      }}
    >
      <label className="field">
        <span>{t("people.user")}</span>
        <input name="user" required maxLength={256} autoComplete="off" />
      </label>
      <label className="field">
        <span>{t("people.right")}</span>
        <select name="right">
          {RIGHTS.map((right) => (
            <option key={right} value={right}>
              {t(`right.${right}`)}
            </option>
          ))}
        </select>
      </label>
      <label className="field">
        <span>{t("people.until")}</span>
        <input name="until" type="date" />
      </label>
      <button type="submit" disabled={deed.isPending}>
        {t("people.add")}
      </button>
    </form>
  );
}
