import type { Memory } from "../../api/types";
import { href } from "../../app/route";
import { useWaiting } from "../../app/toast";
import { useT } from "../../i18n/i18n";
import { States } from "../../parts/States";
import { When } from "../../parts/When";
import { SafeText } from "../../text/SafeText";

/** A turn of a conversation, as it was said. */
export function Turn({ turn }: { turn: Memory }) {
  const t = useT();
  if (useWaiting().has(turn.id)) return null;
  return (
    <li className="turn" data-role={turn.role ?? "other"}>
      <p className="row-meta">
        <strong>
          <SafeText text={turn.speaker ?? turn.role ?? t(`kind.${turn.kind}`)} most={60} foldable={false} />
        </strong>
        <States memory={turn} />
        <a href={href("memory", turn.id)} data-row="">
          <When at={turn.occurred_at} />
        </a>
      </p>
      <div className="turn-text">
        <SafeText text={turn.content} most={2500} />
      </div>
    </li>
  );
}
