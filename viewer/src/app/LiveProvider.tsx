import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import { Live } from "../api/live";
import type { Place } from "../api/place";
import { LiveContext } from "./live";

interface Props {
  place: Place | null;
  /** The place in the log up to which the page was read. */
  head: number;
  children: ReactNode;
}

const REST = 1500;

/** Listens to the changes of a place, and has what was read of changed memories read again. */
export function LiveProvider({ place, head, children }: Props) {
  const queries = useQueryClient();
  const user = place?.user_id ?? null;
  const project = place?.project_id ?? null;
  const first = useRef(head);
  const nobody = place === null;
  const live = useMemo(() => new Live({ user_id: user, project_id: project }, first.current), [user, project]);
  useEffect(() => {
    let timer = 0;
    const forget = live.onEvent((event) => {
      if (event.event !== "added") void queries.invalidateQueries({ queryKey: ["memory", event.memory_id] });
      window.clearTimeout(timer);
      timer = window.setTimeout(
        () => {
          for (const name of ["stats", "conversations", "places"]) void queries.invalidateQueries({ queryKey: [name] });
        },
        nobody ? 0 : REST,
      );
    });
    live.start();
    return () => {
      window.clearTimeout(timer);
      forget();
      live.stop();
    };
  }, [live, queries, nobody]);
  return <LiveContext value={live}>{children}</LiveContext>;
}
