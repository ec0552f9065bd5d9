import { useQuery } from "@tanstack/react-query";
import { around } from "../../api/queries";
import type { Memory } from "../../api/types";
import { useT } from "../../i18n/i18n";
import { MemoryRow } from "../../parts/MemoryRow";
import { Section } from "../../parts/Section";

/** What was said before and after. */
export function Around({ item }: { item: Memory }) {
  const t = useT();
  const asked = useQuery({ ...around(item.id), enabled: item.conversation_id !== null || item.sources.length > 0 });
  const rows = asked.data?.memories ?? [];
  if (rows.length < 2 && rows[0]?.id === (rows[0] ? item.id : undefined)) return null;
  return (
    <Section title={t("memory.neighbours")}>
      <ol className="plain rows around">
        {rows.map((one) => (
          <li key={one.id} aria-current={one.id === item.id ? "true" : undefined}>
            <MemoryRow memory={one} />
          </li>
        ))}
      </ol>
    </Section>
  );
}
