/** The graph as it grows: which names are open, what they are related to, and what was true on a day. */

import type { Relation } from "../../api/types";

export interface Node {
  name: string;
  isOpen: boolean;
  weight: number;
}

export interface Grown {
  nodes: Node[];
  links: Relation[];
}

const folded = (name: string): string => name.toLowerCase();

export function isTrueOn(relation: Relation, day: string | null): boolean {
  if (!day) return true;
  const [start, end] = [`${day}T00:00:00Z`, `${day}T23:59:59Z`];
  return (
    (relation.valid_from === null || relation.valid_from <= end) &&
    (relation.valid_to === null || relation.valid_to >= start)
  );
}

export function grown(open: readonly string[], found: readonly (readonly Relation[])[], day: string | null): Grown {
  const nodes = new Map<string, Node>();
  const links = new Map<string, Relation>();
  const put = (name: string, isOpen: boolean, weight: number): void => {
    const known = nodes.get(folded(name));
    if (known) nodes.set(folded(name), { ...known, isOpen: known.isOpen || isOpen, weight: known.weight + weight });
    else nodes.set(folded(name), { name, isOpen, weight });
  };
  for (const name of open) put(name, true, 1);
  for (const relation of found.flat().filter((one) => isTrueOn(one, day))) {
    const key = [folded(relation.subject), relation.predicate, folded(relation.object)].join("\n");
    if (links.has(key)) continue;
    links.set(key, relation);
    put(relation.subject, false, relation.weight);
    put(relation.object, false, relation.weight);
  }
  return { nodes: [...nodes.values()], links: [...links.values()] };
}
