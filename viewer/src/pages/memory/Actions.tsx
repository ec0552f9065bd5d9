import { useQuery } from "@tanstack/react-query";
import { ask } from "../../api/client";
import { projects, queries } from "../../api/queries";
import { type Memory, TIERS, type Tier } from "../../api/types";
import { later, SECONDS, say } from "../../app/toast";
import { useT } from "../../i18n/i18n";
import { useChange } from "./change";

/** What can be done to a memory. */
export function Actions({ item, edit }: { item: Memory; edit: () => void }) {
  const t = useT();
  const change = useChange(item, () => say(t("memory.saved")));
  const isRetired = item.valid_to !== null || item.superseded_by !== null;
  const isPinned = item.tier === "global";
  const known = useQuery(projects).data?.projects.find((one) => one.id === item.project_id);
  const remove = (): void =>
    later(item.id, t("memory.deleted", { seconds: SECONDS }), async (keepalive) => {
      await ask(`/api/memory/${item.id}`, { method: "DELETE", keepalive });
      queries.removeQueries({ queryKey: ["memory", item.id] });
    });
  if (known && (known.right === "READ" || known.right === "NONE"))
    return <p className="dim push">{t("memory.readOnly")}</p>;
  return (
    <div className="actions">
      <button type="button" onClick={edit}>
        {t("memory.edit")}
      </button>
      <button
        type="button"
        disabled={change.isPending}
        onClick={() => change.mutate({ tier: isPinned ? "archive" : "global" })}
      >
        {isPinned ? t("memory.unpin") : t("memory.pin")}
      </button>
      <label className="field">
        <span className="sr">{t("memory.tier")}</span>
        <select
          value={item.tier}
          disabled={change.isPending}
          onChange={(event) => change.mutate({ tier: event.target.value as Tier })}
        >
          {TIERS.map((tier) => (
            <option key={tier} value={tier}>
              {t(`tier.${tier}`)}
            </option>
          ))}
        </select>
      </label>
      {!isRetired && (
        <button
          type="button"
          disabled={change.isPending}
          title={t("memory.retired")}
          onClick={() => change.mutate({ valid_to: new Date().toISOString() })}
        >
          {t("memory.retire")}
        </button>
      )}
      <button type="button" className="danger" onClick={remove}>
        {t("memory.delete")}
      </button>
    </div>
  );
}
