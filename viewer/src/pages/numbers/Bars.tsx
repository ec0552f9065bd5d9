import { useT, useWritten } from "../../i18n/i18n";
import { SafeText } from "../../text/SafeText";
import { oneLine } from "../../text/visible";

const SHOWN = 10;

interface Props {
  rows: readonly (readonly [string, number])[];
  /** How a count is told, where it is not a plain number. */
  written?: (count: number) => string;
}

/** Counts by name, the largest first. */
export function Bars({ rows, written }: Props) {
  const t = useT();
  const usual = useWritten();
  const shown = [...rows].sort(([, left], [, right]) => right - left).slice(0, SHOWN);
  const most = Math.max(1, ...shown.map(([, count]) => count));
  if (shown.length === 0) return <p className="dim">{t("app.nothing")}</p>;
  return (
    <dl className="bars">
      {shown.map(([name, count]) => (
        <div key={name}>
          <dt>
            <SafeText text={oneLine(name, 48)} foldable={false} />
          </dt>
          <dd>
            <span className="bar" aria-hidden="true">
              <span style={{ inlineSize: `${(count / most) * 100}%` }} />
            </span>
            <span className="number">{written ? written(count) : usual.number(count)}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
