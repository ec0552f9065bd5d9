/** The cache of what was asked, and the questions that several pages share. */

import { QueryClient, queryOptions } from "@tanstack/react-query";
import { ApiError, ask, askData, query } from "./client";
import type { Place } from "./place";
import type { Figures, Memory, MemoryPage, MemoryUsage, Origin, Places, Project, Session, Stats, Step } from "./types";

const TRIES = 3;

/** A server that restarts is asked again; what it has refused is not. */
function isPassing(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status === 503 || error.status === 429);
}

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      gcTime: 60_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => count < TRIES && isPassing(error),
      retryDelay: (count) => Math.min(500 * 2 ** count, 5_000),
    },
    mutations: { retry: false },
  },
});

export const session = queryOptions({
  queryKey: ["session"],
  queryFn: ({ signal }) => ask<Session>("/api/session", { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

export const places = queryOptions({
  queryKey: ["places"],
  queryFn: ({ signal }) => ask<Places>("/api/viewer/places", { signal }),
  staleTime: 60_000,
});

export const memory = (id: string) =>
  queryOptions({
    queryKey: ["memory", id],
    queryFn: ({ signal }) => askData<Memory>(`/api/memory/${encodeURIComponent(id)}`, { signal }),
  });

export const history = (id: string) =>
  queryOptions({
    queryKey: ["memory", id, "history"],
    queryFn: async ({ signal }) =>
      (await askData<{ history: Step[] }>(`/api/memory/${encodeURIComponent(id)}/history`, { signal })).history,
  });

export const origin = (id: string) =>
  queryOptions({
    queryKey: ["memory", id, "origin"],
    queryFn: ({ signal }) => askData<Origin>(`/api/memory/${encodeURIComponent(id)}/origin`, { signal }),
    staleTime: 300_000,
  });

export const usage = (id: string) =>
  queryOptions({
    queryKey: ["memory", id, "usage"],
    queryFn: ({ signal }) => askData<MemoryUsage>(`/api/memory/${encodeURIComponent(id)}/usage`, { signal }),
  });

export const around = (id: string) =>
  queryOptions({
    queryKey: ["memory", id, "around"],
    queryFn: ({ signal }) =>
      ask<{ memories: Memory[] }>(`/api/timeline${query({ memory_id: id, span: 4 })}`, { signal }),
  });

export const stats = (place: Place) =>
  queryOptions({
    queryKey: ["stats", place],
    queryFn: ({ signal }) => askData<Stats>("/api/memory/stats", { body: place, signal }),
    staleTime: 20_000,
  });

export const projects = queryOptions({
  queryKey: ["projects"],
  queryFn: ({ signal }) => ask<{ projects: Project[] }>("/api/projects", { signal }),
  staleTime: 60_000,
});

export const figures = queryOptions({
  queryKey: ["figures"],
  queryFn: ({ signal }) => ask<Figures>("/metrics", { signal }),
});

export interface Sieve {
  kinds: string[];
  client: string | null;
  filters: Record<string, unknown> | null;
}

export const PAGE = 100;

export function listed(place: Place, sieve: Sieve, cursor: string | null, signal: AbortSignal): Promise<MemoryPage> {
  const body: Record<string, unknown> = { ...place, limit: PAGE, cursor };
  if (sieve.kinds.length) body.kinds = sieve.kinds;
  if (sieve.filters) body.filters = sieve.filters;
  if (sieve.client === null) return askData<MemoryPage>("/api/memory/list", { body, signal });
  return ask<MemoryPage>("/api/viewer/stream", { body: { ...body, client: sieve.client }, signal });
}
