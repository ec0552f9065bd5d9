/** The memories that were born since the list was read: shown at once, or held back while one reads or has paused. */

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import type { LiveEvent, Memory, MemoryPage } from "../../api/types";
import { useLiveEvents } from "../../app/live";

/** Most that are kept beside the list; when more have come, the list is read anew. */
const MOST = 500;

interface Fresh {
  rows: readonly Memory[];
  held: readonly Memory[];
}

const NONE: Fresh = { rows: [], held: [] };

export function useFresh(wants: (memory: Memory) => boolean, hold: boolean) {
  const queries = useQueryClient();
  const [fresh, setFresh] = useState<Fresh>(NONE);
  const take = (event: LiveEvent): void => {
    const { memory } = event;
    if (event.event === "added" || (event.event === "summary" && memory?.version === 1)) {
      if (memory && wants(memory)) setFresh((now) => born(now, memory, hold));
      return;
    }
    const patch = (rows: readonly Memory[]): Memory[] => patched(rows, event);
    setFresh((now) => ({ rows: patch(now.rows), held: patch(now.held) }));
    queries.setQueriesData<MemoryPage>({ queryKey: ["list"] }, (page) => {
      if (!page?.memories.some((one) => one.id === event.memory_id)) return page;
      return {
        ...page,
        memories: page.memories.map((one) => (one.id === event.memory_id ? changed(one, event) : one)),
      };
    });
  };
  useLiveEvents(take);
  const release = useCallback(() => {
    setFresh((now) => ({ rows: [...now.held, ...now.rows], held: [] }));
  }, []);
  const isMany = fresh.rows.length + fresh.held.length > MOST;
  return { ...fresh, release, isMany };
}

function born(now: Fresh, memory: Memory, hold: boolean): Fresh {
  const known = [...now.rows, ...now.held].some((one) => one.id === memory.id);
  if (known) return now;
  return hold ? { ...now, held: [memory, ...now.held] } : { rows: [memory, ...now.held, ...now.rows], held: [] };
}

function patched(rows: readonly Memory[], event: LiveEvent): Memory[] {
  if (event.event === "deleted") return rows.filter((one) => one.id !== event.memory_id);
  return rows.map((one) => (one.id === event.memory_id ? changed(one, event) : one));
}

/** A row keeps its place when its memory is gone: the rows below must not jump under the eyes of who reads them. */
function changed(row: Memory, event: LiveEvent): Memory {
  return event.memory ?? { ...row, content: "", version: 0 };
}
