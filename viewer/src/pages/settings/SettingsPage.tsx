import { useQuery } from "@tanstack/react-query";
import { projects } from "../../api/queries";
import { useMay } from "../../app/may";
import { useT } from "../../i18n/i18n";
import { Demo } from "../../parts/Demo";
import { Section } from "../../parts/Section";
import { Audit } from "./Audit";
import { BackupList } from "./BackupList";
import { Doctor } from "./Doctor";
import { Effective } from "./Effective";
import { Projects } from "./Projects";
import { Retention } from "./Retention";
import { Tokens } from "./Tokens";
import { Users } from "./Users";

/** Who may do what, how the server is set, and whether all is well; of it what whoever looks may see. */
export default function SettingsPage() {
  const t = useT();
  const { operate } = useMay();
  const managed = useQuery(projects).data?.projects.some((one) => one.right === "ADMIN" || one.right === "OWNER");
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("settings.title")}</h1>
      </div>
      {operate && <Doctor />}
      <Projects />
      {operate && <Users />}
      <Tokens />
      {(operate || managed) && <Audit />}
      {operate && (
        <>
          <Retention />
          <BackupList />
          <Section title={t("settings.demo")}>
            <p className="dim">{t("settings.demoText")}</p>
            <Demo />
          </Section>
          <Effective />
        </>
      )}
    </div>
  );
}
