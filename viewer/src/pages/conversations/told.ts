/** What assistants were told, put where it happened in a conversation. */

import { queryOptions } from "@tanstack/react-query";
import { ask, query } from "../../api/client";
import type { Conversation, Memory } from "../../api/types";

/** One text put before an assistant: its tokens, and those of the memories it was made of. */
export interface Telling {
  at: string;
  provider: string;
  tokens_in: number;
  tokens_out: number;
  cost: number;
}

interface Call extends Telling {
  purpose: string;
}

const PURPOSE = "inject";
const MOST = 1000;
/** What is told answers an event at once; so long before and after a conversation it still is its own. */
const NEAR = 5 * 60_000;

const time = (at: string): number => new Date(at).getTime();

/** What was told in a conversation's project while it went on. The log of costs names projects, not conversations. */
export const tellings = (talk: Conversation) =>
  queryOptions({
    queryKey: ["tellings", talk.project_id, talk.started_at, talk.ended_at],
    queryFn: async ({ signal }): Promise<Telling[]> => {
      const [first, last] = [time(talk.started_at) - NEAR, time(talk.ended_at) + NEAR];
      const since = new Date(first).toISOString();
      const path = `/api/usage${query({ since, project_id: talk.project_id, limit: MOST })}`;
      const { usage } = await ask<{ usage: Call[] }>(path, { signal });
      return usage.filter((one) => one.purpose === PURPOSE && time(one.at) <= last).toReversed();
    },
    staleTime: 60_000,
  });

/** The tellings after each turn and before the next, by the turn's id; those before the first turn under "". */
export function placed(turns: readonly Memory[], told: readonly Telling[]): Map<string, Telling[]> {
  const found = new Map<string, Telling[]>();
  for (const one of told) {
    const before = turns.findLast((turn) => time(turn.occurred_at) <= time(one.at));
    const key = before?.id ?? "";
    found.set(key, [...(found.get(key) ?? []), one]);
  }
  return found;
}
