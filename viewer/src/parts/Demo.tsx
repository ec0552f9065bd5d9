import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ask } from "../api/client";
import { say } from "../app/toast";
import { useT } from "../i18n/i18n";

interface Present {
  project_id: string;
  memories: number;
}

/** Brings a sample into a project of its own, and takes it away again. */
export function Demo() {
  const t = useT();
  const queries = useQueryClient();
  const there = useQuery({
    queryKey: ["demo"],
    queryFn: ({ signal }) => ask<Present>("/api/viewer/demo", { signal }),
  });
  const settle = () => queries.invalidateQueries();
  const load = useMutation({
    mutationFn: () => ask<{ project_id: string; new: number }>("/api/viewer/demo", { method: "POST" }),
    onSuccess: (done) => say(t("demo.loaded", { count: done.new, project: done.project_id })),
    onError: (error) => say(error.message),
    onSettled: settle,
  });
  const remove = useMutation({
    mutationFn: () => ask<{ deleted: number }>("/api/viewer/demo", { method: "DELETE" }),
    onSuccess: (done) => say(t("demo.removed", { count: done.deleted })),
    onError: (error) => say(error.message),
    onSettled: settle,
  });
  const isBusy = load.isPending || remove.isPending;
  if ((there.data?.memories ?? 0) > 0)
    return (
      <button type="button" disabled={isBusy} onClick={() => remove.mutate()}>
        {t("demo.remove")}
      </button>
    );
  return (
    <button type="button" disabled={isBusy || there.isPending} onClick={() => load.mutate()}>
      {load.isPending ? `${t("demo.loading")}…` : t("demo.load")}
    </button>
  );
}
