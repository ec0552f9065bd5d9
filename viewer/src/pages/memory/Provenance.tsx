import { useQueries, useQuery } from "@tanstack/react-query";
import { memory, origin } from "../../api/queries";
import type { Memory } from "../../api/types";
import { href } from "../../app/route";
import { useT } from "../../i18n/i18n";
import { Fact } from "../../parts/Fact";
import { MemoryRow } from "../../parts/MemoryRow";
import { Section } from "../../parts/Section";
import { SafeText } from "../../text/SafeText";

const SHOWN = 12;

/** Where a memory comes from: its client, conversation, file and message, and what it was derived from. */
export function Provenance({ item }: { item: Memory }) {
  const t = useT();
  const { client, file, message_id: message } = item.source;
  const noted = typeof item.metadata.line === "number" ? item.metadata.line : null;
  const found = useQuery({ ...origin(item.id), enabled: file !== null && noted === null });
  const line = file === null ? null : (noted ?? found.data?.line ?? null);
  const ids = [...item.sources.slice(0, SHOWN), ...(item.superseded_by ? [item.superseded_by] : [])];
  const answers = useQueries({ queries: ids.map((id) => memory(id)) });
  const known = new Map(answers.flatMap((answer) => (answer.data ? [[answer.data.id, answer.data] as const] : [])));
  const rows = (wanted: readonly string[]) =>
    wanted
      .flatMap((id) => known.get(id) ?? [])
      .map((one) => (
        <li key={one.id}>
          <MemoryRow memory={one} />
        </li>
      ));
  if (!client && !file && !message && !item.conversation_id && ids.length === 0) return null;
  return (
    <Section title={t("memory.provenance")}>
      <dl className="facts">
        {item.conversation_id && (
          <Fact name={t("memory.conversation")}>
            <a href={href("conversations", item.conversation_id, { user: item.user_id, project: item.project_id })}>
              <SafeText text={item.conversation_id} most={120} foldable={false} />
            </a>
          </Fact>
        )}
        {client && (
          <Fact name={t("memory.client")}>
            <SafeText text={client} most={200} />
          </Fact>
        )}
        {file && (
          <Fact name={t("memory.file")}>
            <SafeText text={file} most={400} />
          </Fact>
        )}
        {line !== null && <Fact name={t("memory.line")}>{line}</Fact>}
        {message && (
          <Fact name={t("memory.message")}>
            <SafeText text={message} most={200} />
          </Fact>
        )}
      </dl>
      {item.sources.length > 0 && (
        <>
          <h3>{t("memory.derived")}</h3>
          <ul className="plain rows">{rows(item.sources.slice(0, SHOWN))}</ul>
        </>
      )}
      {item.superseded_by && (
        <>
          <h3>{t("memory.supersededBy")}</h3>
          <ul className="plain rows">{rows([item.superseded_by])}</ul>
        </>
      )}
    </Section>
  );
}
