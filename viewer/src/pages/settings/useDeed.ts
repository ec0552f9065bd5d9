import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ask } from "../../api/client";
import { say } from "../../app/toast";

export interface Deed {
  path: string;
  method: "POST" | "PATCH" | "DELETE";
  body?: unknown;
}

/** Everything that was read: for deeds after which much is different. */
export const ALL: readonly unknown[] = [];

/** Does something on the server, says when it is refused, and has what it touched read again. */
export function useDeed<T>(touched: readonly unknown[], done?: (answer: T) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ path, ...asking }: Deed) => ask<T>(path, asking),
    onSuccess: (answer) => done?.(answer),
    onError: (error) => say(error.message),
    onSettled: () => queries.invalidateQueries({ queryKey: touched }),
  });
}
