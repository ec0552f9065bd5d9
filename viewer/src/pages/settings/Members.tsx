import { useQuery } from "@tanstack/react-query";
import { ask } from "../../api/client";
import type { Grant, Member, Project } from "../../api/types";
import { useT } from "../../i18n/i18n";
import { Loading } from "../../parts/Loading";
import { Refused } from "../../parts/Refused";
import { When } from "../../parts/When";
import { SafeText } from "../../text/SafeText";
import { ShareForm } from "./ShareForm";
import { useDeed } from "./useDeed";

/** Who is in a project, for good or for a while; who administers it can change that. */
export function Members({ project }: { project: Project }) {
  const t = useT();
  const path = `/api/projects/${encodeURIComponent(project.id)}`;
  const key = ["project", project.id];
  const asked = useQuery({
    queryKey: key,
    queryFn: async ({ signal }) => {
      const [members, grants] = await Promise.all([
        ask<{ members: Member[] }>(`${path}/members`, { signal }),
        ask<{ grants: Grant[] }>(`${path}/grants`, { signal }),
      ]);
      return { members: members.members, grants: grants.grants };
    },
  });
  const deed = useDeed(key);
  const mayChange = project.right === "ADMIN" || project.right === "OWNER";
  const remove = (what: string, name: string) =>
    mayChange && (
      <button
        type="button"
        className="quiet"
        disabled={deed.isPending}
        onClick={() => deed.mutate({ path: `${path}/${what}`, method: "DELETE" })}
      >
        {t("people.remove", { name })}
      </button>
    );
  if (asked.isPending) return <Loading />;
  if (asked.isError) return <Refused error={asked.error} />;
  const { members, grants } = asked.data;
  return (
    <div className="members">
      {members.length + grants.length === 0 && <p className="dim">{t("people.alone")}</p>}
      <ul className="plain">
        {members.map((one) => (
          <li key={one.user_id}>
            <SafeText text={one.user_id} most={80} foldable={false} />{" "}
            <span className="dim">{t(`right.${one.right}`)}</span>
            {remove(`members/${encodeURIComponent(one.user_id)}`, one.user_id)}
          </li>
        ))}
        {grants.map((one) => (
          <li key={one.id}>
            <SafeText text={one.user_id} most={80} foldable={false} />{" "}
            <span className="dim">
              {t(`right.${one.right}`)} · {t("people.until")} <When at={one.until} />
            </span>
            {remove(`grants/${encodeURIComponent(one.id)}`, one.user_id)}
          </li>
        ))}
      </ul>
      {mayChange && <ShareForm path={path} touched={key} />}
    </div>
  );
}
