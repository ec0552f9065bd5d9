/** How many of the best answers are of each kind and each span of time. */

import { KINDS } from "../../api/types";
import { type Asked, SPANS } from "./asked";

/** So many of the best are counted; more is a guess nobody needs. */
export const COUNTED = 200;

export interface Counts {
  kinds: Record<string, number>;
  spans: Record<string, number>;
}

/** As much as is told of an answer when nothing but its kind and time is asked for. */
interface Counted {
  kind: string;
  occurred_at: string;
}

/** Each facet counts what the other one lets through, so that a number says what choosing it would show. */
export function counted(hits: readonly Counted[], asked: Pick<Asked, "kind" | "since">, now: number): Counts {
  const age = (hit: Counted): number => (now - new Date(hit.occurred_at).getTime()) / 86_400_000;
  const within = (hit: Counted, span: string | null): boolean => {
    const days = span === null ? undefined : SPANS[span];
    return days === undefined || age(hit) <= days;
  };
  const kinds = KINDS.map((kind) => [kind, hits.filter((hit) => hit.kind === kind && within(hit, asked.since)).length]);
  const ofKind = hits.filter((hit) => asked.kind === null || hit.kind === asked.kind);
  const spans = ["", ...Object.keys(SPANS)].map((span) => [
    span,
    ofKind.filter((hit) => within(hit, span || null)).length,
  ]);
  return { kinds: Object.fromEntries(kinds), spans: Object.fromEntries(spans) };
}
