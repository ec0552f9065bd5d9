import type { Memory } from "../../api/types";
import { href } from "../../app/route";
import { useT, useWritten } from "../../i18n/i18n";
import { Fact } from "../../parts/Fact";
import { Section } from "../../parts/Section";
import { When } from "../../parts/When";
import { SafeText } from "../../text/SafeText";

const MOST = 120;

/** What is known about a memory besides its text. */
export function Facts({ item }: { item: Memory }) {
  const t = useT();
  const written = useWritten();
  const hasMetadata = Object.keys(item.metadata).length > 0;
  return (
    <Section title={t("memory.facts")}>
      <dl className="facts">
        <Fact name={t("memory.said")}>
          <When at={item.occurred_at} />
        </Fact>
        <Fact name={t("memory.kept")}>
          <When at={item.created_at} />
        </Fact>
        {item.speaker && (
          <Fact name={t("memory.speaker")}>
            <SafeText text={item.speaker} most={MOST} />
          </Fact>
        )}
        <Fact name={t("memory.user")}>
          <SafeText text={item.user_id} most={MOST} />
        </Fact>
        <Fact name={t("memory.project")}>
          <SafeText text={item.project_id} most={MOST} />
        </Fact>
        {item.agent_id && (
          <Fact name={t("memory.agent")}>
            <SafeText text={item.agent_id} most={MOST} />
          </Fact>
        )}
        <Fact name={t("memory.tier")}>{t(`tier.${item.tier}`)}</Fact>
        <Fact name={t("memory.importance")}>
          <meter min={0} max={1} value={item.importance} aria-label={t("memory.importance")} />{" "}
          {written.number(item.importance, 2)}
        </Fact>
        {item.repeats > 1 && <Fact name={t("memory.repeats")}>{t("memory.times", { count: item.repeats })}</Fact>}
        {(item.valid_from || item.valid_to) && (
          <Fact name={t("memory.valid")}>
            {item.valid_from && t("memory.since", { time: written.day(item.valid_from) })}{" "}
            {item.valid_to && t("memory.until", { time: written.day(item.valid_to) })}
          </Fact>
        )}
        {item.expires_at && (
          <Fact name={t("memory.expires")}>
            <When at={item.expires_at} />
          </Fact>
        )}
        {item.entities.length > 0 && (
          <Fact name={t("memory.entities")}>
            <span className="tags">
              {item.entities.slice(0, 40).map((name) => (
                <a key={name} className="tag" href={href("graph", "", { name })}>
                  <SafeText text={name} most={60} foldable={false} />
                </a>
              ))}
            </span>
          </Fact>
        )}
        {item.keywords.length > 0 && (
          <Fact name={t("memory.keywords")}>
            <span className="tags">
              {item.keywords.slice(0, 40).map((word) => (
                <a key={word} className="tag" href={href("search", "", { q: word })}>
                  <SafeText text={word} most={60} foldable={false} />
                </a>
              ))}
            </span>
          </Fact>
        )}
        {hasMetadata && (
          <Fact name={t("memory.metadata")}>
            <pre>
              <SafeText text={JSON.stringify(item.metadata, null, 2)} most={2000} />
            </pre>
          </Fact>
        )}
      </dl>
    </Section>
  );
}
