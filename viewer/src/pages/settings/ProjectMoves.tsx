import type { Project } from "../../api/types";
import { say } from "../../app/toast";
import { useT } from "../../i18n/i18n";
import { Certain } from "../../parts/Certain";
import { oneLine } from "../../text/visible";
import { ALL, useDeed } from "./useDeed";

interface Props {
  project: Project;
  others: readonly Project[];
}

interface Moved {
  project_id: string;
  memories: number;
}

/** What only owners do with a project: rename, merge, archive, delete. */
export function ProjectMoves({ project, others }: Props) {
  const t = useT();
  const path = `/api/projects/${encodeURIComponent(project.id)}`;
  const isArchived = project.status === "archived";
  const deed = useDeed<Project>(ALL, () => say(t("memory.saved")));
  const move = useDeed<Moved>(ALL, ({ project_id: name, memories }) =>
    say(t("project.moved", { count: memories, name })),
  );
  const erase = useDeed<{ deleted: number }>(ALL, ({ deleted }) => say(t("project.deleted", { count: deleted })));
  const isPending = deed.isPending || move.isPending || erase.isPending;
  const archive = () =>
    deed.mutate(
      isArchived
        ? { path, method: "PATCH", body: { status: "active" } }
        : { path: `${path}/archive`, method: "POST", body: {} },
    );
  const into = others.filter((one) => one.status === "active" && (one.right === "ADMIN" || one.right === "OWNER"));
  return (
    <div className="moves">
      <div className="actions">
        <button type="button" disabled={isPending} onClick={archive}>
          {isArchived ? t("project.restore") : t("project.archive")}
        </button>
      </div>
      {!isArchived && (
        <details>
          <summary>{t("project.rename")}</summary>
          <form
            className="filters"
            onSubmit={(event) => {
              event.preventDefault();
              const name = String(new FormData(event.currentTarget).get("id") ?? "").trim();
              move.mutate({ path: `${path}/rename`, method: "POST", body: { new_id: name } });
            }}
          >
            <label className="field">
              <span>{t("project.newId")}</span>
              <input name="id" required maxLength={256} defaultValue={project.id} autoComplete="off" />
            </label>
            <button type="submit" disabled={isPending}>
              {t("project.rename")}
            </button>
          </form>
        </details>
      )}
      {!isArchived && into.length > 0 && (
        <details>
          <summary>{t("project.merge")}</summary>
          <form
            className="filters"
            onSubmit={(event) => {
              event.preventDefault();
              const name = String(new FormData(event.currentTarget).get("into") ?? "");
              move.mutate({ path: `${path}/merge`, method: "POST", body: { into: name } });
            }}
          >
            <label className="field">
              <span>{t("project.into")}</span>
              <select name="into">
                {into.map((one) => (
                  <option key={one.id} value={one.id}>
                    {oneLine(one.name || one.id, 40)}
                  </option>
                ))}
              </select>
            </label>
            <button type="submit" disabled={isPending}>
              {t("project.merge")}
            </button>
            <p className="dim">{t("project.mergeText")}</p>
          </form>
        </details>
      )}
      <details>
        <summary>{t("project.delete")}</summary>
        <Certain
          word={project.id}
          label={t("project.delete")}
          text={t("project.deleteText")}
          isPending={isPending}
          act={() => erase.mutate({ path, method: "DELETE" })}
        />
      </details>
    </div>
  );
}
