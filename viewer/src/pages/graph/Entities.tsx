import type { Entity } from "../../api/types";
import { useT } from "../../i18n/i18n";
import { Section } from "../../parts/Section";
import { SafeText } from "../../text/SafeText";
import { oneLine } from "../../text/visible";

/** What is mentioned most, to begin with. */
export function Entities({ entities, pick }: { entities: readonly Entity[]; pick: (name: string) => void }) {
  const t = useT();
  return (
    <Section title={t("graph.entities")}>
      <ul className="plain entities">
        {entities.map((entity) => (
          <li key={`${entity.type} ${entity.name}`}>
            <button
              type="button"
              className="quiet"
              data-row=""
              title={t("graph.mentions", { count: entity.mentions })}
              onClick={() => pick(entity.name)}
            >
              <SafeText text={oneLine(entity.name, 48)} foldable={false} />{" "}
              <span className="number">{entity.mentions}</span>
            </button>
          </li>
        ))}
      </ul>
    </Section>
  );
}
