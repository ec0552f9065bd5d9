import { useT } from "../../i18n/i18n";
import { oneLine } from "../../text/visible";
import type { Grown } from "./grown";
import { HEIGHT, type Spot, WIDTH } from "./layout";

interface Props {
  graph: Grown;
  spots: ReadonlyMap<string, Spot>;
  chosen: string | null;
  pick: (name: string) => void;
}

/** The graph drawn: every name is a button. */
export function Drawing({ graph, spots, chosen, pick }: Props) {
  const t = useT();
  const at = new Map([...spots].map(([name, spot]) => [name.toLowerCase(), spot]));
  const focus = chosen?.toLowerCase();
  return (
    <div className="drawing card">
      {/* biome-ignore lint/a11y/useSemanticElements: a drawing has no other word for what belongs together */}
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="group" aria-label={t("graph.label")}>
        {graph.links.map((link) => {
          const [from, to] = [at.get(link.subject.toLowerCase()), at.get(link.object.toLowerCase())];
          if (!from || !to) return null;
          const isNear = focus === link.subject.toLowerCase() || focus === link.object.toLowerCase();
          return (
            <line
              key={`${link.subject}\n${link.predicate}\n${link.object}`}
              className={isNear ? "link near" : "link"}
              x1={from.x}
              y1={from.y}
              x2={to.x}
              y2={to.y}
              strokeWidth={Math.min(4, 1 + Math.log2(link.weight))}
            />
          );
        })}
        {graph.nodes.map((node) => {
          const spot = at.get(node.name.toLowerCase());
          if (!spot) return null;
          const name = node.name.toLowerCase() === focus ? "node chosen" : node.isOpen ? "node open" : "node";
          return (
            // biome-ignore lint/a11y/useSemanticElements: there are no buttons in a drawing
            <g
              key={node.name}
              className={name}
              role="button"
              tabIndex={0}
              aria-label={node.name}
              aria-pressed={node.isOpen}
              transform={`translate(${spot.x} ${spot.y})`}
              onClick={() => pick(node.name)}
              onKeyDown={(event) => {
                if (event.key === "Enter" || event.key === " ") {
                  event.preventDefault();
                  pick(node.name);
                }
              }}
            >
              <circle r={Math.min(13, 5 + Math.sqrt(node.weight))} />
              <text y={25}>{oneLine(node.name, 18)}</text>
            </g>
          );
        })}
      </svg>
    </div>
  );
}
