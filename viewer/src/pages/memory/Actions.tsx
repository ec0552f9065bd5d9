import { ask } from "../../api/client";
import { queries } from "../../api/queries";
import { type Memory, TIERS, type Tier } from "../../api/types";
import { useMayChange } from "../../app/may";
import { later, SECONDS, say } from "../../app/toast";
import { useT } from "../../i18n/i18n";
import { type Changes, useChange } from "./change";

/** What can be done to a memory by whoever looks. */
export function Actions({ item, edit }: { item: Memory; edit: () => void }) {
  const t = useT();
  const mayChange = useMayChange(item);
  const change = useChange((changed, before) => {
    const back: Changes = { tier: before.tier, valid_to: before.valid_to };
    const isRetired = before.valid_to === null && changed.valid_to !== null;
    say(t(isRetired ? "memory.retired" : "memory.saved"), () => restore.mutate({ changes: back, of: changed }));
  });
  const restore = useChange(() => say(t("memory.undone")));
  const isRetired = item.valid_to !== null || item.superseded_by !== null;
  const isPinned = item.tier === "global";
  const isPending = change.isPending || restore.isPending;
  const set = (changes: Changes): void => change.mutate({ changes, of: item });
  const remove = (): void =>
    later(item.id, t("memory.deleted", { seconds: SECONDS }), async (keepalive) => {
      await ask(`/api/memory/${item.id}`, { method: "DELETE", keepalive });
      queries.removeQueries({ queryKey: ["memory", item.id] });
    });
  if (mayChange === null) return null;
  if (!mayChange) return <p className="dim push">{t("memory.readOnly")}</p>;
  return (
    <div className="actions">
      <button type="button" onClick={edit}>
        {t("memory.edit")}
      </button>
      <button type="button" disabled={isPending} onClick={() => set({ tier: isPinned ? "archive" : "global" })}>
        {isPinned ? t("memory.unpin") : t("memory.pin")}
      </button>
      <label className="field">
        <span className="sr">{t("memory.tier")}</span>
        <select value={item.tier} disabled={isPending} onChange={(event) => set({ tier: event.target.value as Tier })}>
          {TIERS.map((tier) => (
            <option key={tier} value={tier}>
              {t(`tier.${tier}`)}
            </option>
          ))}
        </select>
      </label>
      {isRetired ? (
        item.superseded_by === null && (
          <button type="button" disabled={isPending} onClick={() => set({ valid_to: null })}>
            {t("memory.revive")}
          </button>
        )
      ) : (
        <button
          type="button"
          disabled={isPending}
          title={t("memory.retired")}
          onClick={() => set({ valid_to: new Date().toISOString() })}
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
