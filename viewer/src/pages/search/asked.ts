/** A question with its facets, and how it is put to the server. */

import { queryOptions } from "@tanstack/react-query";
import { askData } from "../../api/client";
import type { Place } from "../../api/place";
import type { Found } from "../../api/types";

export interface Asked {
  query: string;
  kind: string | null;
  since: string | null;
  stale: boolean;
}

/** Spans of time by name, in days. */
export const SPANS: Readonly<Record<string, number>> = { "7": 7, "30": 30, "365": 365 };

export function since(span: string | null, now: number): string | null {
  const days = span === null ? undefined : SPANS[span];
  return days === undefined ? null : new Date(now - days * 86_400_000).toISOString();
}

export function found(place: Place, asked: Asked, limit: number) {
  return queryOptions({
    queryKey: ["search", place, asked, limit],
    queryFn: ({ signal }) => {
      const start = since(asked.since, Date.now());
      const body: Record<string, unknown> = { ...place, query: asked.query, limit, explain: true, stale: asked.stale };
      if (asked.kind) body.kinds = [asked.kind];
      if (start) body.filters = { occurred_at: { gte: start } };
      return askData<Found>("/api/memory/search", { body, headers: { Prefer: "return=representation" }, signal });
    },
    staleTime: 30_000,
  });
}
