import type { Place } from "../api/place";
import type { Owner, Places } from "../api/types";

const has = (owners: Owner[], name: string | null): boolean => name === null || owners.some((one) => one.name === name);

/** The chosen place while it has memories, else whoever was written for last; null where nothing is remembered. */
export function present(chosen: Place | null, places: Places): Place | null {
  if (chosen && has(places.users, chosen.user_id) && has(places.projects, chosen.project_id)) return chosen;
  const latest = places.users[0];
  if (latest) return { user_id: latest.name, project_id: null };
  const project = places.projects[0];
  return project ? { user_id: null, project_id: project.name } : null;
}
