import type { RetentionPolicy as Policy } from "../../api/types";
import { href } from "../../app/route";
import { en, type Key } from "../../i18n/en";
import { useT, useWritten } from "../../i18n/i18n";
import { Fact } from "../../parts/Fact";
import { KindTag } from "../../parts/KindTag";
import { When } from "../../parts/When";
import { SafeText } from "../../text/SafeText";
import { oneLine } from "../../text/visible";

const PROJECTS = 6;

/** One policy: what would go if it ran now, what it passes over and why, and a few of those it would take. */
export function RetentionPolicy({ policy, isPending, run }: { policy: Policy; isPending: boolean; run: () => void }) {
  const t = useT();
  const written = useWritten();
  const word = (key: string, usual: string) => (key in en ? t(key as Key) : usual);
  const counts = (values: Record<string, number>) =>
    Object.entries(values)
      .slice(0, PROJECTS)
      .map(([name, count]) => `${oneLine(name, 40)} ${written.number(count)}`)
      .join(" · ");
  const kept = Object.entries(policy.kept).filter(([, count]) => count > 0);
  return (
    <details className="project policy">
      <summary>
        <strong>
          <SafeText text={oneLine(policy.name, 60)} foldable={false} />
        </strong>
        <span>{word(`retention.${policy.action}`, policy.action)}</span>
        <span className="dim number">
          {policy.memories === 0
            ? t("retention.nothing")
            : `${t("stream.count", { count: policy.memories })}, ${written.size(policy.bytes)}`}
        </span>
      </summary>
      <div className="project-body">
        <dl className="facts">
          {policy.memories > 0 && (
            <>
              <Fact name={t("numbers.byKind")}>
                {counts(
                  Object.fromEntries(Object.entries(policy.kinds).map(([kind, n]) => [word(`kind.${kind}`, kind), n])),
                )}
              </Fact>
              <Fact name={t("numbers.byProject")}>{counts(policy.projects)}</Fact>
            </>
          )}
          {policy.oldest_at && policy.newest_at && (
            <Fact name={t("memory.said")}>
              <When at={policy.oldest_at} form="day" /> – <When at={policy.newest_at} form="day" />
            </Fact>
          )}
          {kept.length > 0 && (
            <Fact name={t("retention.kept")}>
              {kept.map(([why, count]) => `${word(`kept.${why}`, why)} ${written.number(count)}`).join(" · ")}
            </Fact>
          )}
        </dl>
        {policy.sample.length > 0 && (
          <ul className="plain rows" aria-label={t("retention.sample")}>
            {policy.sample.map((one) => (
              <li key={one.id}>
                <a className="row" href={href("memory", one.id)}>
                  <span className="row-text">
                    <SafeText text={oneLine(one.text, 120)} foldable={false} />
                  </span>
                  <span className="row-meta">
                    <KindTag kind={one.kind} />
                    <span className="row-place">
                      <SafeText text={oneLine(one.project_id, 40)} foldable={false} />
                    </span>
                    <When at={one.occurred_at} />
                  </span>
                </a>
              </li>
            ))}
          </ul>
        )}
        <div>
          <button type="button" disabled={isPending || policy.memories === 0} onClick={run}>
            {t("retention.run")}
          </button>
        </div>
      </div>
    </details>
  );
}
