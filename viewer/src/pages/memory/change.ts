/** Changes a memory, if it is still as it was seen. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError, askData } from "../../api/client";
import { memory } from "../../api/queries";
import type { Memory } from "../../api/types";
import { say } from "../../app/toast";
import { useT } from "../../i18n/i18n";

/** What is to be set; null takes a time away. */
export type Changes = Partial<Pick<Memory, "content" | "title" | "importance" | "tier" | "valid_to">>;

export interface Change {
  changes: Changes;
  of: Memory;
}

/** `done` is told the memory as it is now, and `of`: as it was seen when the change was asked for. */
export function useChange(done: (changed: Memory, of: Memory) => void) {
  const queries = useQueryClient();
  const t = useT();
  return useMutation({
    mutationFn: ({ changes, of }: Change) =>
      askData<Memory>(`/api/memory/${of.id}`, {
        method: "PATCH",
        body: changes,
        headers: { "If-Match": `"${of.version}"` },
      }),
    onSuccess: (changed, { of }) => {
      queries.setQueryData(memory(of.id).queryKey, changed);
      void queries.invalidateQueries({ queryKey: ["memory", of.id, "history"] });
      done(changed, of);
    },
    onError: (error, { of }) => {
      const isStale = error instanceof ApiError && (error.status === 412 || error.status === 409);
      if (isStale) void queries.invalidateQueries({ queryKey: ["memory", of.id] });
      say(isStale ? t("memory.changed") : error.message);
    },
  });
}
