import { useQuery } from "@tanstack/react-query";
import { usage } from "../../api/queries";
import { href } from "../../app/route";
import { useT } from "../../i18n/i18n";
import { Failure } from "../../parts/Failure";
import { Section } from "../../parts/Section";
import { When } from "../../parts/When";
import { SafeText } from "../../text/SafeText";

const SHOWN = 8;

/** How often assistants were told a memory, when last, and in which conversations. */
export function Usage({ id }: { id: string }) {
  const t = useT();
  const asked = useQuery(usage(id));
  const told = asked.data;
  const shown = told?.conversations.slice(0, SHOWN) ?? [];
  const more = told ? told.conversations.length - shown.length + told.more_conversations : 0;
  return (
    <Section title={t("usage.title")}>
      {asked.isError && <Failure error={asked.error} retry={() => void asked.refetch()} />}
      {told?.told === 0 && <p className="dim">{t("usage.never")}</p>}
      {told && told.told > 0 && (
        <>
          <p>
            {t("usage.told", { count: told.told })}
            {told.last_told_at && (
              <span className="dim">
                {" "}
                {t("usage.last")} <When at={told.last_told_at} />
              </span>
            )}
          </p>
          <ul className="plain used">
            {shown.map((talk) => (
              <li key={`${talk.user_id} ${talk.project_id} ${talk.conversation_id}`}>
                <a href={href("conversations", talk.conversation_id, { user: talk.user_id, project: talk.project_id })}>
                  <SafeText text={talk.conversation_id} most={60} foldable={false} />
                </a>
                <span className="number dim">{t("memory.times", { count: talk.told })}</span>
              </li>
            ))}
          </ul>
          {more > 0 && <p className="dim">{t("usage.more", { count: more })}</p>}
        </>
      )}
      <p className="dim small">{t("usage.counted")}</p>
    </Section>
  );
}
