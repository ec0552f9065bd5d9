/** What assistants were told in a conversation, put where it happened. */

import { queryOptions } from "@tanstack/react-query";
import { ask, query } from "../../api/client";
import type { Conversation, Memory, Telling } from "../../api/types";

const PAGE = 500;
const MOST_PAGES = 4;

/** Milliseconds with their microseconds, which a Date leaves out: an assistant asks within one of being told. */
const time = (at: string): number => new Date(at).getTime() + Number(`0.${/\.\d{3}(\d+)/.exec(at)?.[1] ?? 0}`);

/** What was told in a conversation, in order. */
export const tellings = (talk: Conversation) =>
  queryOptions({
    queryKey: ["tellings", talk.user_id, talk.project_id, talk.id],
    queryFn: async ({ signal }): Promise<Telling[]> => {
      const whose = { user_id: talk.user_id, project_id: talk.project_id, limit: PAGE };
      const found: Telling[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < MOST_PAGES; page++) {
        const path: string = `/api/conversations/${encodeURIComponent(talk.id)}/tellings${query({ ...whose, cursor })}`;
        const told = await ask<{ tellings: Telling[]; next_cursor: string | null }>(path, { signal });
        found.push(...told.tellings);
        cursor = told.next_cursor;
        if (cursor === null) break;
      }
      return found;
    },
    staleTime: 10_000,
  });

/** Each telling by the turn that asked for it, else by the last turn before it; those before the first under "". */
export function placed(turns: readonly Memory[], told: readonly Telling[]): Map<string, Telling[]> {
  const there = new Set(turns.map((turn) => turn.id));
  const found = new Map<string, Telling[]>();
  for (const one of told) {
    const asked = one.turn !== null && there.has(one.turn) ? one.turn : null;
    const key = asked ?? turns.findLast((turn) => time(turn.occurred_at) <= time(one.at))?.id ?? "";
    found.set(key, [...(found.get(key) ?? []), one]);
  }
  return found;
}
