import type { Conversation } from "../../api/types";
import { href } from "../../app/route";
import { useT } from "../../i18n/i18n";
import { When } from "../../parts/When";
import { SafeText } from "../../text/SafeText";
import { oneLine } from "../../text/visible";

/** A conversation as a row: its title, how long it is, and what it came to. */
export function ConversationRow({ conversation }: { conversation: Conversation }) {
  const t = useT();
  const { id, user_id: user, project_id: project, title, summary } = conversation;
  return (
    <a className="row conversation" href={href("conversations", id, { user, project })} data-row="">
      <span className="row-title">
        <SafeText text={oneLine(title ?? id, 140)} foldable={false} />
      </span>
      {summary && (
        <span className="row-text dim">
          <SafeText text={oneLine(summary, 320)} foldable={false} />
        </span>
      )}
      <span className="row-meta">
        <span>{t("conversations.turns", { count: conversation.turns })}</span>
        <span className="row-place">
          <SafeText text={oneLine(project, 40)} foldable={false} />
        </span>
        <When at={conversation.ended_at} />
      </span>
    </a>
  );
}
