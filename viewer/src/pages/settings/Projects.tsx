import { useQuery } from "@tanstack/react-query";
import { projects } from "../../api/queries";
import { useT } from "../../i18n/i18n";
import { Loading } from "../../parts/Loading";
import { Refused } from "../../parts/Refused";
import { Section } from "../../parts/Section";
import { ProjectCard } from "./ProjectCard";

/** The projects one may read, each with who is in it. */
export function Projects() {
  const t = useT();
  const asked = useQuery(projects);
  return (
    <Section title={t("settings.people")}>
      {asked.isPending && <Loading />}
      {asked.isError && <Refused error={asked.error} />}
      {asked.data?.projects.length === 0 && <p className="dim">{t("app.nothing")}</p>}
      {asked.data?.projects.map((project) => (
        <ProjectCard key={project.id} project={project} />
      ))}
    </Section>
  );
}
