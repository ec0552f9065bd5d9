import { useQueryClient } from "@tanstack/react-query";
import { ask } from "../api/client";
import type { Session } from "../api/types";
import { useT } from "../i18n/i18n";
import { language, theme, usePreference } from "./preference";

interface Props {
  session: Session;
  openHelp: () => void;
}

/** Theme, language, help, and the way out. */
export function Preferences({ session, openHelp }: Props) {
  const t = useT();
  const queries = useQueryClient();
  const leave = async () => {
    await ask("/api/session", { method: "DELETE" });
    queries.clear();
    window.location.reload();
  };
  return (
    <div className="preferences">
      <label>
        <span className="sr">{t("nav.theme")}</span>
        <select
          value={usePreference(theme)}
          onChange={(event) => theme.set(event.target.value as "system" | "light" | "dark")}
        >
          <option value="system">{t("theme.system")}</option>
          <option value="light">{t("theme.light")}</option>
          <option value="dark">{t("theme.dark")}</option>
        </select>
      </label>
      <label>
        <span className="sr">{t("nav.language")}</span>
        <select value={usePreference(language)} onChange={(event) => language.set(event.target.value as "en" | "zh")}>
          <option value="en">English</option>
          <option value="zh">中文</option>
        </select>
      </label>
      <button type="button" className="quiet" onClick={openHelp}>
        {t("nav.help")} <kbd>?</kbd>
      </button>
      {session.auth && (
        <button type="button" className="quiet" onClick={() => void leave()}>
          {t("nav.signOut")}
        </button>
      )}
    </div>
  );
}
