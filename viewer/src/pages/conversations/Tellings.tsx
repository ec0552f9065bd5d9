import { useState } from "react";
import type { Telling } from "../../api/types";
import { useT } from "../../i18n/i18n";
import { Recalled } from "../../parts/Recalled";
import { When } from "../../parts/When";
import { oneLine } from "../../text/visible";

/** What assistants were told at one place of a conversation, what it took, and which memories it was made of. */
export function Tellings({ told }: { told: readonly Telling[] | undefined }) {
  return told?.map((one) => <OneTelling key={one.id} told={one} />);
}

function OneTelling({ told }: { told: Telling }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  const whole = told.tokens_of_memories;
  return (
    <li className="telling">
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span>{t(`told.${told.way}`, { client: oneLine(told.agent_id ?? "", 40) || t("told.someone") })}</span>
          <span className="number">{t("told.memories", { count: told.memories.length })}</span>
          <span className="number">
            {told.budget === null
              ? t("told.tokens", { count: told.tokens })
              : t("told.budget", { count: told.tokens, budget: told.budget })}
          </span>
          {whole !== null && whole > told.tokens && (
            <span className="number">
              {t("told.saved", { count: whole, share: Math.round((told.tokens / whole) * 100) })}
            </span>
          )}
          <When at={told.at} />
        </summary>
        {told.memories.length > 0 ? (
          <Recalled ids={told.memories} open={open} />
        ) : (
          <p className="dim">{t("told.hidden")}</p>
        )}
      </details>
    </li>
  );
}
