import type { Memory } from "../../api/types";
import { en, type Key } from "../../i18n/en";
import { useT } from "../../i18n/i18n";

const isKnown = (key: string): key is Key => key in en;

/** The rules by which a memory is suspected of being written to steer an assistant; none for nearly all of them. */
export function flagsOf(item: Memory): string[] {
  const found = item.metadata.injection;
  return Array.isArray(found) ? found.filter((one): one is string => typeof one === "string").slice(0, 20) : [];
}

/** Why a memory is flagged, and what that means. */
export function Flagged({ item }: { item: Memory }) {
  const t = useT();
  const flags = flagsOf(item);
  if (flags.length === 0) return null;
  return (
    <aside className="flagged" aria-label={t("flag.title")}>
      <strong>{t("flag.title")}</strong>
      <ul>
        {flags.map((flag) => {
          const key = `flag.${flag}`;
          return (
            <li key={flag}>
              <code>{flag}</code> {isKnown(key) ? t(key) : t("flag.other")}
            </li>
          );
        })}
      </ul>
      <p className="dim">{t("flag.meaning")}</p>
    </aside>
  );
}
