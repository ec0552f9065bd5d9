import { useMay } from "../../app/may";
import { useT } from "../../i18n/i18n";
import { Command } from "../../parts/Command";
import { Demo } from "../../parts/Demo";

/** The first visit: nothing is here, and this is what to do. */
export function Welcome() {
  const t = useT();
  const { operate } = useMay();
  return (
    <div className="page welcome">
      <span className="seal large" aria-hidden="true" />
      <h1>{t("welcome.title")}</h1>
      <p className="lead">{t("welcome.lead")}</p>
      <ol className="plain ways">
        <li>
          <h2>{t("welcome.connect")}</h2>
          <p className="dim">{t("welcome.connectText")}</p>
          <Command line="recollect install claude-code" />
        </li>
        <li>
          <h2>{t("welcome.import")}</h2>
          <p className="dim">{t("welcome.importText")}</p>
          <Command line="recollect import ~/.claude/projects" />
        </li>
        <li>
          <h2>{t("welcome.note")}</h2>
          <Command line='recollect add "I prefer tabs"' />
        </li>
        {operate && (
          <li>
            <h2>{t("welcome.sample")}</h2>
            <p className="dim">{t("settings.demoText")}</p>
            <Demo />
          </li>
        )}
      </ol>
    </div>
  );
}
