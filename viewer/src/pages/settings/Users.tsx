import { useQuery } from "@tanstack/react-query";
import { ask } from "../../api/client";
import { useT } from "../../i18n/i18n";
import { Loading } from "../../parts/Loading";
import { Refused } from "../../parts/Refused";
import { Section } from "../../parts/Section";
import { SafeText } from "../../text/SafeText";
import { useDeed } from "./useDeed";

const KEY = ["users"];

/** Who can be given rights and tokens. */
export function Users() {
  const t = useT();
  const asked = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => ask<{ users: { id: string; name: string | null }[] }>("/api/users", { signal }),
  });
  const deed = useDeed(KEY);
  return (
    <Section title={t("people.users")}>
      {asked.isPending && <Loading />}
      {asked.isError && <Refused error={asked.error} />}
      <ul className="plain users">
        {asked.data?.users.map((user) => (
          <li key={user.id}>
            <SafeText text={user.id} most={80} foldable={false} />
            <button
              type="button"
              className="quiet"
              disabled={deed.isPending}
              onClick={() => deed.mutate({ path: `/api/users/${encodeURIComponent(user.id)}`, method: "DELETE" })}
            >
              {t("people.remove", { name: user.id })}
            </button>
          </li>
        ))}
      </ul>
      {asked.data && (
        <form
          className="filters"
          onSubmit={(event) => {
            event.preventDefault();
            const id = String(new FormData(event.currentTarget).get("id") ?? "").trim();
            deed.mutate({ path: "/api/users", method: "POST", body: { id } });
            event.currentTarget.reset();
          }}
        >
          <label className="field">
            <span>{t("people.newUser")}</span>
            <input name="id" required maxLength={256} autoComplete="off" />
          </label>
          <button type="submit" disabled={deed.isPending}>
            {t("people.addUser")}
          </button>
        </form>
      )}
    </Section>
  );
}
