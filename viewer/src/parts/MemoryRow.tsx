import { memo } from "react";
import type { Memory } from "../api/types";
import { href } from "../app/route";
import { useWaiting } from "../app/toast";
import { useT } from "../i18n/i18n";
import { SafeText } from "../text/SafeText";
import { oneLine } from "../text/visible";
import { KindTag } from "./KindTag";
import { States } from "./States";
import { When } from "./When";

const MOST = 320;

/** A memory as one row of a list, leading to it. */
export const MemoryRow = memo(function MemoryRow({ memory, isNew = false }: { memory: Memory; isNew?: boolean }) {
  const t = useT();
  const isGone = useWaiting().has(memory.id) || memory.version === 0;
  if (isGone)
    return (
      <div className="row gone">
        <span className="dim">{t("event.delete")}</span>
      </div>
    );
  const text = memory.title ? `${memory.title} — ${memory.content.slice(0, MOST)}` : memory.content;
  return (
    <a className={isNew ? "row new" : "row"} href={href("memory", memory.id)} data-row="">
      <span className="row-text">
        <SafeText text={oneLine(text, MOST)} foldable={false} />
      </span>
      <span className="row-meta">
        <KindTag kind={memory.kind} />
        <States memory={memory} />
        {memory.speaker && (
          <span>
            <SafeText text={oneLine(memory.speaker, 40)} foldable={false} />
          </span>
        )}
        <span className="row-place">
          <SafeText text={oneLine(memory.project_id, 40)} foldable={false} />
        </span>
        <When at={memory.occurred_at} />
      </span>
    </a>
  );
});
