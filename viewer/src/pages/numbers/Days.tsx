import { useT, useWritten } from "../../i18n/i18n";
import { columns } from "./days";

const WIDTH = 720;
const HEIGHT = 140;

/** Memories by day as columns; each says its day and number to who points at it, and the table says all to who listens. */
export function Days({ days }: { days: Record<string, number> }) {
  const t = useT();
  const written = useWritten();
  const shown = columns(days);
  const [first, last] = [shown[0], shown.at(-1)];
  if (!first || !last) return <p className="dim">{t("app.nothing")}</p>;
  const most = Math.max(...shown.map((one) => one.count));
  const width = WIDTH / shown.length;
  return (
    <figure className="days">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t("numbers.byDay")} preserveAspectRatio="none">
        {shown.map((one, index) => {
          const height = one.count === 0 ? 0 : Math.max(2, (one.count / most) * (HEIGHT - 4));
          return (
            <g key={one.start}>
              <title>{`${written.day(one.start)}: ${written.number(one.count)}`}</title>
              <rect className="hit-area" x={index * width} y={0} width={width} height={HEIGHT} />
              <rect
                className="column"
                x={index * width + width * 0.12}
                y={HEIGHT - height}
                width={Math.min(width * 0.76, 28)}
                height={height}
                rx={Math.min(2, width * 0.2)}
              />
            </g>
          );
        })}
      </svg>
      <figcaption>
        <span>{written.day(first.start)}</span>
        <span>{shown.length > 1 && written.day(last.start)}</span>
      </figcaption>
    </figure>
  );
}
