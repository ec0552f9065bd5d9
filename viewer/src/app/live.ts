import { createContext, useContext, useEffect, useRef, useSyncExternalStore } from "react";
import type { Live, LiveState } from "../api/live";
import type { LiveEvent } from "../api/types";

export const LiveContext = createContext<Live | null>(null);

function useLive(): Live {
  const live = useContext(LiveContext);
  if (live === null) throw new Error("There is no live stream around this component");
  return live;
}

export function useLiveState(): LiveState {
  const live = useLive();
  return useSyncExternalStore(
    (listener) => live.onState(listener),
    () => live.state,
  );
}

export function useLiveEvents(take: (event: LiveEvent) => void): void {
  const live = useLive();
  const latest = useRef(take);
  useEffect(() => {
    latest.current = take;
  });
  useEffect(() => live.onEvent((event) => latest.current(event)), [live]);
}
