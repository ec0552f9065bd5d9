/** What whoever looks may do: nothing else is offered, and the server refuses it all the same. */

import { useQuery } from "@tanstack/react-query";
import { projects, session } from "../api/queries";
import type { Memory, Project, Session } from "../api/types";

/** The project whose memories nobody made and where every user keeps his own. */
const COMMON = "default";

/** What one may do with the store as a whole. */
export function useMay(): { watch: boolean; operate: boolean; user: string | null } {
  const known = useQuery(session).data;
  return {
    watch: known?.may?.watch ?? false,
    operate: known?.may?.operate ?? false,
    user: known?.user_id ?? null,
  };
}

/** Whether a memory may be changed; null while that is not known yet. */
export function useMayChange(item: Memory): boolean | null {
  const known = useQuery(session).data;
  const asked = useQuery(projects);
  if (!known || asked.isPending) return null;
  return mayChange(item, asked.data?.projects ?? [], known);
}

export function mayChange(
  item: Pick<Memory, "user_id" | "project_id">,
  among: readonly Project[],
  who: Pick<Session, "user_id" | "may">,
): boolean {
  const project = among.find((one) => one.id === item.project_id);
  if (project?.status === "archived") return false;
  if (who.may?.operate) return true;
  const isOwn = who.user_id === null || who.user_id === item.user_id;
  if (item.project_id === COMMON) return isOwn;
  if (project === undefined || project.right === "NONE" || project.right === "READ") return false;
  return project.right === "WRITE" ? isOwn : true;
}
