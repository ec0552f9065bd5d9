/** Whose memories are looked at: a user, a project, or a user's part of a project. Kept for the next visit. */

import { useSyncExternalStore } from "react";

export interface Place {
  user_id: string | null;
  project_id: string | null;
}

const KEY = "recollect.place";
const listeners = new Set<() => void>();
let present: Place | null = stored();

function stored(): Place | null {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "null") as Partial<Place> | null;
    const user_id = typeof found?.user_id === "string" ? found.user_id : null;
    const project_id = typeof found?.project_id === "string" ? found.project_id : null;
    return user_id === null && project_id === null ? null : { user_id, project_id };
  } catch {
    return null;
  }
}

/** The place that was chosen, null while none was. */
export function chosenPlace(): Place | null {
  return present;
}

export function choosePlace(place: Place): void {
  if (place.user_id === null && place.project_id === null) return;
  present = place;
  try {
    localStorage.setItem(KEY, JSON.stringify(place));
  } catch {
    // A browser that keeps nothing still shows everything.
  }
  for (const listener of listeners) listener();
}

export function useChosenPlace(): Place | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => present,
  );
}
