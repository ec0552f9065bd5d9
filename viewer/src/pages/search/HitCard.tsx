import { memo } from "react";
import type { Hit } from "../../api/types";
import { href } from "../../app/route";
import { useT } from "../../i18n/i18n";
import { KindTag } from "../../parts/KindTag";
import { States } from "../../parts/States";
import { When } from "../../parts/When";
import { excerpt } from "../../text/highlight";
import { SafeText } from "../../text/SafeText";
import { oneLine } from "../../text/visible";
import { ScoreParts } from "./ScoreParts";

const MOST = 420;

/** A memory that answers: what it says, how well it answers and why. */
export const HitCard = memo(function HitCard({ hit, question }: { hit: Hit; question: string }) {
  const t = useT();
  const { memory } = hit;
  return (
    <li className="hit">
      <div className="hit-score" title={t("search.score")}>
        <meter min={0} max={1} value={hit.score} aria-label={t("search.score")} />
        <span>{hit.score.toFixed(2)}</span>
      </div>
      <div className="hit-body">
        <a href={href("memory", hit.id)} data-row="" className="hit-text">
          <SafeText text={excerpt(memory.content, hit.start, hit.end, MOST)} question={question} foldable={false} />
        </a>
        <p className="row-meta">
          <KindTag kind={memory.kind} />
          <States memory={memory} />
          {memory.speaker && <SafeText text={oneLine(memory.speaker, 40)} foldable={false} />}
          <span className="row-place">
            <SafeText text={oneLine(memory.project_id, 40)} foldable={false} />
          </span>
          <When at={memory.occurred_at} />
        </p>
        <details>
          <summary>{t("search.why")}</summary>
          <ScoreParts parts={hit.parts} />
        </details>
      </div>
    </li>
  );
});
