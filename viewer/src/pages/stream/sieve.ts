/** The filters of the stream, as they stand in the address, and whether a memory that comes in live meets them. */

import type { Place } from "../../api/place";
import type { Sieve } from "../../api/queries";
import { KINDS, type Memory } from "../../api/types";

export function placeOf(place: Place, params: URLSearchParams): Place {
  return {
    user_id: place.user_id ?? params.get("user"),
    project_id: place.project_id ?? params.get("project"),
  };
}

export function sieveOf(params: URLSearchParams): Sieve {
  const kinds = (params.get("kinds") ?? "").split(",").filter((kind) => (KINDS as readonly string[]).includes(kind));
  const before = params.get("before");
  return { kinds, client: params.get("client"), filters: before ? { created_at: { lt: dayAfter(before) } } : null };
}

function dayAfter(day: string): string {
  const date = new Date(`${day}T00:00:00`);
  date.setDate(date.getDate() + 1);
  return date.toISOString();
}

export function meets(memory: Memory, place: Place, sieve: Sieve): boolean {
  return (
    (place.user_id === null || memory.user_id === place.user_id) &&
    (place.project_id === null || memory.project_id === place.project_id) &&
    (sieve.kinds.length === 0 || sieve.kinds.includes(memory.kind)) &&
    (sieve.client === null || memory.source.client === sieve.client) &&
    sieve.filters === null
  );
}
