/** A question with its facets, and how it is put to the server: to one place, or to several projects at once. */

import { queryOptions } from "@tanstack/react-query";
import { ask, askData } from "../../api/client";
import type { Place } from "../../api/place";
import type { Across, AcrossHit, Found, Hit } from "../../api/types";

/** Where it is looked: in the chosen place, in all projects, or in some. */
export const WHERE = ["here", "all", "some"] as const;
export type Where = (typeof WHERE)[number];
export const MERGES = ["score", "time", "project"] as const;
export type Merge = (typeof MERGES)[number];

export interface Asked {
  query: string;
  kind: string | null;
  since: string | null;
  stale: boolean;
  where: Where;
  merge: Merge;
  projects: readonly string[];
}

export interface Answer {
  hits: readonly Hit[];
  ms: number;
  /** How much of each project is shown and was found; none for a place. */
  projects: readonly { id: string; name: string; count: number; total: number }[];
  left: readonly string[];
}

/** Spans of time by name, in days. */
export const SPANS: Readonly<Record<string, number>> = { "7": 7, "30": 30, "365": 365 };

const known = <T extends string>(given: string | null, values: readonly T[], usual: T): T =>
  values.find((one) => one === given) ?? usual;

export function askedOf(query: string, params: URLSearchParams): Asked {
  return {
    query,
    kind: params.get("kind"),
    since: params.get("since"),
    stale: params.get("stale") === "1",
    where: known(params.get("in"), WHERE, "here"),
    merge: known(params.get("merge"), MERGES, "score"),
    projects: namesOf(params.get("projects")),
  };
}

/** The names of projects in an address; they may hold any sign, so they stand there as JSON. */
function namesOf(given: string | null): string[] {
  try {
    const found: unknown = JSON.parse(given ?? "[]");
    return Array.isArray(found) ? found.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}

/** Whether there is anything to ask: of no project there is not. */
export const isWhole = (asked: Asked): boolean =>
  asked.query !== "" && (asked.where !== "some" || asked.projects.length > 0);

export function since(span: string | null, now: number): string | null {
  const days = span === null ? undefined : SPANS[span];
  return days === undefined ? null : new Date(now - days * 86_400_000).toISOString();
}

export function found(place: Place, asked: Asked, limit: number, explain = true) {
  return queryOptions({
    queryKey: ["search", place, asked, limit],
    queryFn: async ({ signal }): Promise<Answer> => {
      const start = since(asked.since, Date.now());
      const body: Record<string, unknown> = { query: asked.query, limit, explain, stale: asked.stale };
      if (asked.kind) body.kinds = [asked.kind];
      if (start) body.filters = { occurred_at: { gte: start } };
      return asked.where === "here" ? here(place, body, explain, signal) : across(asked, body, limit, signal);
    },
    staleTime: 30_000,
  });
}

/** Which projects are asked, and how their answers are put together, as the server takes it. */
export function inProjects(asked: Asked) {
  const projects = asked.where === "all" ? { include_all_projects: true } : { project_ids: asked.projects };
  return { ...projects, merge_strategy: asked.merge };
}

async function here(place: Place, body: object, explain: boolean, signal: AbortSignal): Promise<Answer> {
  const headers = explain ? { Prefer: "return=representation" } : {};
  const answer = await askData<Found>("/api/memory/search", { body: { ...place, ...body }, headers, signal });
  return { hits: answer.memories, ms: answer.took_ms, projects: [], left: [] };
}

async function across(asked: Asked, body: object, limit: number, signal: AbortSignal): Promise<Answer> {
  const more = { ...inProjects(asked), max_results_per_project: limit };
  const answer = await ask<Across>("/api/search/projects", { body: { ...body, ...more }, signal });
  return {
    hits: answer.results.map(hitOf),
    ms: answer.search_time_ms,
    projects: Object.entries(answer.project_stats).map(([id, stats]) => ({ id, ...stats })),
    left: [...answer.projects_left, ...answer.projects_denied],
  };
}

const hitOf = (one: AcrossHit): Hit => ({
  id: one.id,
  score: one.score,
  parts: one.parts ?? {},
  start: 0,
  end: 0,
  memory: { ...one, speaker: null, tier: "archive", superseded_by: null, valid_to: null, expires_at: null },
});
