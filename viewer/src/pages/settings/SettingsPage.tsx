import { useT } from "../../i18n/i18n";
import { Demo } from "../../parts/Demo";
import { Section } from "../../parts/Section";
import { Doctor } from "./Doctor";
import { Effective } from "./Effective";
import { Listing } from "./Listing";
import { Projects } from "./Projects";
import { Tokens } from "./Tokens";
import { Users } from "./Users";

const AUDIT = ["at", "actor", "action", "decision", "projects", "target", "origin"];

/** Who may do what, how the server is set, and whether all is well. */
export default function SettingsPage() {
  const t = useT();
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("settings.title")}</h1>
      </div>
      <Doctor />
      <Section title={t("settings.demo")}>
        <p className="dim">{t("settings.demoText")}</p>
        <Demo />
      </Section>
      <Users />
      <Projects />
      <Tokens />
      <Listing title={t("settings.audit")} path="/api/audit" name="entries" columns={AUDIT} />
      <Effective />
    </div>
  );
}
