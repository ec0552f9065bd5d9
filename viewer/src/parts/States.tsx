import type { Seen } from "../api/types";
import { useT } from "../i18n/i18n";

const past = (at: string | null): boolean => at !== null && new Date(at).getTime() <= Date.now();

/** What is special about a memory: pinned, or no longer true. */
export function States({ memory }: { memory: Omit<Seen, "content" | "speaker"> }) {
  const t = useT();
  return (
    <>
      {Array.isArray(memory.metadata.injection) && <span className="state flag">{t("state.flagged")}</span>}
      {memory.tier === "global" && <span className="state pinned">{t("state.pinned")}</span>}
      {memory.superseded_by !== null && <span className="state">{t("state.superseded")}</span>}
      {memory.superseded_by === null && past(memory.valid_to) && <span className="state">{t("state.retired")}</span>}
      {past(memory.expires_at) && <span className="state">{t("state.expired")}</span>}
    </>
  );
}
