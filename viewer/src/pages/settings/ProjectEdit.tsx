import { useState } from "react";
import type { Project } from "../../api/types";
import { say } from "../../app/toast";
import { useT } from "../../i18n/i18n";
import { ALL, useDeed } from "./useDeed";

const MODES = ["strict", "relaxed", "shared"] as const;

/**
 * What a project is called, what it is about, and who finds it without naming it. Sent is only what was written here:
 * what another changed meanwhile stays.
 */
export function ProjectEdit({ project }: { project: Project }) {
  const t = useT();
  const [known, setKnown] = useState<Project>(project);
  const deed = useDeed<Project>(ALL, () => say(t("memory.saved")));
  const save = (form: HTMLFormElement): void => {
    const given = Object.fromEntries(new FormData(form)) as Record<string, string>;
    const before: Record<string, unknown> = { ...known };
    const body = Object.fromEntries(Object.entries(given).filter(([name, value]) => value !== before[name]));
    if (Object.keys(body).length > 0)
      deed.mutate(
        { path: `/api/projects/${encodeURIComponent(project.id)}`, method: "PATCH", body },
        { onSuccess: () => setKnown({ ...known, ...body }) },
      );
  };
  return (
    <form
      className="filters"
      onSubmit={(event) => {
        event.preventDefault();
        save(event.currentTarget);
      }}
    >
      <label className="field">
        <span>{t("project.name")}</span>
        <input name="name" defaultValue={project.name} required maxLength={200} autoComplete="off" />
      </label>
      <label className="field">
        <span>{t("project.description")}</span>
        <input name="description" defaultValue={project.description} maxLength={4000} autoComplete="off" />
      </label>
      {project.right === "OWNER" && (
        <label className="field">
          <span>{t("project.isolation")}</span>
          <select name="isolation_mode" defaultValue={project.isolation_mode}>
            {MODES.map((mode) => (
              <option key={mode} value={mode}>
                {t(`isolation.${mode}`)}
              </option>
            ))}
          </select>
        </label>
      )}
      <button type="submit" disabled={deed.isPending}>
        {t("memory.save")}
      </button>
    </form>
  );
}
