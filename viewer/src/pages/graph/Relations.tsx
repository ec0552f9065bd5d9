import { href } from "../../app/route";
import { useNamed, useT } from "../../i18n/i18n";
import { Loading } from "../../parts/Loading";
import { Section } from "../../parts/Section";
import { SafeText } from "../../text/SafeText";
import { oneLine } from "../../text/visible";
import type { Grown } from "./grown";

interface Props {
  name: string;
  graph: Grown;
  /** Whether answers are still on their way; before they are there, nothing is said of what there is not. */
  isGrowing: boolean;
  pick: (name: string) => void;
}

/** The relations of the chosen name in words. */
export function Relations({ name, graph, isGrowing, pick }: Props) {
  const t = useT();
  const named = useNamed();
  const is = (other: string): boolean => other.toLowerCase() === name.toLowerCase();
  const rows = graph.links.filter((link) => is(link.subject) || is(link.object));
  return (
    <Section title={oneLine(name, 60)}>
      <p>
        <a href={href("search", "", { q: name })}>{t("graph.searchFor", { name: oneLine(name, 60) })}</a>
      </p>
      {rows.length === 0 && isGrowing ? (
        <Loading />
      ) : rows.length === 0 ? (
        <p className="dim">{t("graph.unknown", { name: oneLine(name, 60) })}</p>
      ) : (
        <ul className="plain relations" aria-label={t("graph.relations")}>
          {rows.map((link) => {
            const other = is(link.subject) ? link.object : link.subject;
            return (
              <li key={`${link.subject}\n${link.predicate}\n${link.object}`}>
                <span className="dim">{named("relation", link.predicate)}</span>{" "}
                <button type="button" className="quiet" onClick={() => pick(other)}>
                  <SafeText text={oneLine(other, 60)} foldable={false} />
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </Section>
  );
}
