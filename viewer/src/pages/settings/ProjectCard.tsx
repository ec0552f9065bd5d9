import { useState } from "react";
import type { Project } from "../../api/types";
import { useT } from "../../i18n/i18n";
import { SafeText } from "../../text/SafeText";
import { oneLine } from "../../text/visible";
import { Members } from "./Members";

/** A project: its name and what one may do there; opened, its members. */
export function ProjectCard({ project }: { project: Project }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  return (
    <details className="project" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <strong>
          <SafeText text={oneLine(project.name || project.id, 80)} foldable={false} />
        </strong>{" "}
        {t("people.mine", { right: t(`right.${project.right}`) })}
        {project.status !== "active" && ` · ${project.status}`}
      </summary>
      {project.description && <SafeText text={project.description} most={400} />}
      {open && <Members project={project} />}
    </details>
  );
}
