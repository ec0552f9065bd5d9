import { useState } from "react";
import type { Project } from "../../api/types";
import { useT } from "../../i18n/i18n";
import { SafeText } from "../../text/SafeText";
import { oneLine } from "../../text/visible";
import { Members } from "./Members";
import { ProjectEdit } from "./ProjectEdit";
import { ProjectMoves } from "./ProjectMoves";

/** A project: its name and what one may do there; opened, its members and what can be done with it. */
export function ProjectCard({ project, others }: { project: Project; others: readonly Project[] }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  const isArchived = project.status === "archived";
  const mayManage = project.right === "ADMIN" || project.right === "OWNER";
  return (
    <details className="project" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <strong>
          <SafeText text={oneLine(project.name || project.id, 80)} foldable={false} />
        </strong>
        {project.name !== project.id && (
          <code>
            <SafeText text={oneLine(project.id, 60)} foldable={false} />
          </code>
        )}
        <span className="dim">{t("people.mine", { right: t(`right.${project.right}`) })}</span>
        {isArchived && <span className="state">{t("project.archived")}</span>}
      </summary>
      {open && (
        <div className="project-body">
          {project.description && (
            <p>
              <SafeText text={project.description} most={400} />
            </p>
          )}
          {project.made && <Members project={project} />}
          {mayManage && project.made && !isArchived && <ProjectEdit project={project} />}
          {project.right === "OWNER" && <ProjectMoves project={project} others={others} />}
        </div>
      )}
    </details>
  );
}
