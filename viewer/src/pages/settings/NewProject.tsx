import type { Project } from "../../api/types";
import { say } from "../../app/toast";
import { useT } from "../../i18n/i18n";
import { ALL, useDeed } from "./useDeed";

/** Makes a project. */
export function NewProject() {
  const t = useT();
  const make = useDeed<Project>(ALL, (made) => say(t("project.made", { name: made.id })));
  return (
    <form
      className="filters"
      onSubmit={(event) => {
        event.preventDefault();
        const given = new FormData(event.currentTarget);
        const text = (name: string): string => String(given.get(name) ?? "").trim();
        const named = text("name") ? { name: text("name") } : {};
        make.mutate({ path: "/api/projects", method: "POST", body: { id: text("id"), ...named } });
        event.currentTarget.reset();
      }}
    >
      <label className="field">
        <span>{t("project.newId")}</span>
        <input name="id" required maxLength={256} autoComplete="off" />
      </label>
      <label className="field">
        <span>{t("project.name")}</span>
        <input name="name" maxLength={200} autoComplete="off" />
      </label>
      <button type="submit" disabled={make.isPending}>
        {t("project.create")}
      </button>
    </form>
  );
}
