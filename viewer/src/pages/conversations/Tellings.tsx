import { useT, useWritten } from "../../i18n/i18n";
import { When } from "../../parts/When";
import type { Telling } from "./told";

/** What assistants were told at one place of a conversation, and what it took. */
export function Tellings({ told }: { told: readonly Telling[] | undefined }) {
  const t = useT();
  const written = useWritten();
  return (
    <>
      {told?.map((one) => (
        <li key={one.at} className="telling" title={t("told.note")}>
          <span>{t("told.this", { client: one.provider })}</span>
          <span className="number">{t("told.tokens", { count: one.tokens_out, of: one.tokens_in })}</span>
          {one.cost > 0 && <span className="number">${written.number(one.cost, 4)}</span>}
          <When at={one.at} form="time" />
        </li>
      ))}
    </>
  );
}
