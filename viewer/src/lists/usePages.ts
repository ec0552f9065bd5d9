/**
 * A list of any length that is only given a page at a time from the top. Pages that are out of sight are let go and
 * asked for again by their cursors, so a browser never holds more than some pages, however far one has scrolled.
 */

import { useQueries } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Memory, MemoryPage } from "../api/types";
import { type Known, pageAt } from "./known";

export interface Pages {
  /** Rows that are known to exist, and some more while there may be. */
  count: number;
  row: (index: number) => Memory | null;
  more: boolean;
  isPending: boolean;
  isEmpty: boolean;
  error: Error | null;
  retry: () => void;
}

type Fetch = (cursor: string | null, signal: AbortSignal) => Promise<MemoryPage>;

/** Rows held out while more may come, and rows before the end at which the next page is asked for. */
const AHEAD = 20;
const SOON = 50;

export function usePages(name: readonly unknown[], fetchPage: Fetch, first: number, last: number): Pages {
  const [known, setKnown] = useState<readonly Known[]>([{ cursor: null, start: 0 }]);
  const [length, setLength] = useState<number | null>(null);
  const tail = known.length - 1;
  const from = pageAt(known, first);
  const to = pageAt(known, last + SOON);
  const answers = useQueries({
    queries: known.slice(from, to + 1).map(({ cursor }) => ({
      queryKey: ["list", ...name, cursor],
      queryFn: ({ signal }: { signal: AbortSignal }) => fetchPage(cursor, signal),
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 30_000,
    })),
  });
  const end = to === tail ? answers[tail - from] : undefined;
  const final = end?.isSuccess ? end.data : undefined;
  const start = known[tail]?.start ?? 0;
  useEffect(() => {
    if (!final) return;
    const next = start + final.memories.length;
    if (final.next_cursor === null) setLength(next);
    else setKnown((now) => (now.length === tail + 1 ? [...now, { cursor: final.next_cursor, start: next }] : now));
  }, [final, tail, start]);
  const failed = answers.find((answer) => answer.isError);
  return {
    count: length ?? (tail > 0 ? start + AHEAD : 0),
    row: (index) => {
      const page = pageAt(known, index);
      return answers[page - from]?.data?.memories[index - (known[page]?.start ?? 0)] ?? null;
    },
    more: length === null,
    isPending: tail === 0 && length === null,
    isEmpty: length === 0,
    error: failed?.error ?? null,
    retry: () => void failed?.refetch(),
  };
}
