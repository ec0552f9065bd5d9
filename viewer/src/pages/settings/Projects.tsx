import { useQuery } from "@tanstack/react-query";
import { projects } from "../../api/queries";
import { useT } from "../../i18n/i18n";
import { Loading } from "../../parts/Loading";
import { Refused } from "../../parts/Refused";
import { Section } from "../../parts/Section";
import { NewProject } from "./NewProject";
import { ProjectCard } from "./ProjectCard";

/** The projects one may read, each with who is in it. */
export function Projects() {
  const t = useT();
  const asked = useQuery(projects);
  const found = asked.data?.projects ?? [];
  return (
    <Section title={t("settings.people")}>
      {asked.isPending && <Loading />}
      {asked.isError && <Refused error={asked.error} />}
      {asked.isSuccess && found.length === 0 && <p className="dim">{t("app.nothing")}</p>}
      {found.map((project) => (
        <ProjectCard key={project.id} project={project} others={found.filter((one) => one.id !== project.id)} />
      ))}
      {asked.isSuccess && <NewProject />}
    </Section>
  );
}
