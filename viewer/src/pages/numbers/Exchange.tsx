import type { Upkeep } from "../../api/types";
import { useT, useWritten } from "../../i18n/i18n";
import { Fact } from "../../parts/Fact";
import { When } from "../../parts/When";
import { SafeText } from "../../text/SafeText";

/** How far a node is with its center, or which nodes a center has heard of. */
export function Exchange({ sync }: { sync: Upkeep["sync"] }) {
  const t = useT();
  const written = useWritten();
  if (sync.role === "center")
    return (
      <ul className="plain">
        {sync.nodes?.length === 0 && <li className="dim">{t("sync.noNodes")}</li>}
        {sync.nodes?.map((node) => (
          <li key={node.name}>
            <SafeText text={node.name} most={80} foldable={false} />{" "}
            <span className="dim">
              {t("sync.seen")} {node.last_seen ? <When at={node.last_seen} /> : t("token.never")}
            </span>
          </li>
        ))}
      </ul>
    );
  if (sync.role !== "agent") return <p className="dim">{t("sync.alone")}</p>;
  const lag = sync.lag_seconds;
  return (
    <dl className="facts">
      <Fact name={t("sync.center")}>
        <SafeText text={sync.center || "—"} most={120} foldable={false} />
      </Fact>
      <Fact name={t("sync.lag")}>
        {sync.paused
          ? t("live.paused")
          : lag === undefined
            ? t("token.never")
            : t("sync.seconds", { count: Math.round(lag) })}
      </Fact>
      <Fact name={t("sync.toSend")}>{written.number(sync.to_send ?? 0)}</Fact>
      <Fact name={t("sync.toFetch")}>{written.number(sync.to_fetch ?? 0)}</Fact>
      {(sync.refused ?? 0) > 0 && <Fact name={t("sync.refused")}>{written.number(sync.refused ?? 0)}</Fact>}
      {sync.error && (
        <Fact name={t("numbers.error")}>
          <SafeText text={sync.error} most={200} />
        </Fact>
      )}
    </dl>
  );
}
