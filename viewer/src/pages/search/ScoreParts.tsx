import { en, type Key } from "../../i18n/en";
import { useT } from "../../i18n/i18n";

const isKnown = (key: string): key is Key => key in en;

/** The parts of a score as bars: to the right what speaks for a memory, to the left what speaks against it. */
export function ScoreParts({ parts }: { parts: Record<string, number> }) {
  const t = useT();
  const shown = Object.entries(parts)
    .filter(([, value]) => Math.abs(value) >= 0.005)
    .sort(([, left], [, right]) => Math.abs(right) - Math.abs(left));
  const most = Math.max(0.01, ...shown.map(([, value]) => Math.abs(value)));
  return (
    <dl className="parts">
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt>{isKnown(`part.${name}`) ? t(`part.${name}` as Key) : name}</dt>
          <dd>
            <span className="bar" data-sign={value < 0 ? "against" : "for"} aria-hidden="true">
              <span style={{ inlineSize: `${(Math.abs(value) / most) * 50}%` }} />
            </span>
            <span className="number">
              {value > 0 ? "+" : "−"}
              {Math.abs(value).toFixed(2)}
            </span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
