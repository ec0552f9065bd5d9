import { useQuery } from "@tanstack/react-query";
import { ask } from "../../api/client";
import type { Token } from "../../api/types";
import { useMay } from "../../app/may";
import { useT } from "../../i18n/i18n";
import { Loading } from "../../parts/Loading";
import { Refused } from "../../parts/Refused";
import { Section } from "../../parts/Section";
import { When } from "../../parts/When";
import { Wide } from "../../parts/Wide";
import { SafeText } from "../../text/SafeText";
import { TokenForm } from "./TokenForm";
import { useDeed } from "./useDeed";

const KEY = ["tokens"];

/** What lets clients in: whose it is, when it was used, and its end. */
export function Tokens() {
  const t = useT();
  const asked = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => ask<{ tokens: Token[] }>("/api/tokens", { signal }),
  });
  const revoke = useDeed(KEY);
  const { user } = useMay();
  const owner = (token: Token): string => {
    if (token.system) return t("token.server");
    if (token.rights === null) return token.user_id ?? t("token.service");
    const told = Object.entries(token.rights).map(([name, right]) => `${name} ${t(`right.${right}`)}`);
    return `${t("token.service")}: ${told.join(", ")}`;
  };
  return (
    <Section title={t("settings.tokens")}>
      {asked.isPending && <Loading />}
      {asked.isError && <Refused error={asked.error} />}
      {asked.data && (
        <>
          <Wide name={t("settings.tokens")}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{t("token.name")}</th>
                  <th scope="col">{t("token.owner")}</th>
                  <th scope="col">{t("token.used")}</th>
                  <th scope="col">{t("people.until")}</th>
                  <th scope="col">
                    <span className="sr">{t("token.revoke", { name: "" })}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {asked.data.tokens.map((token) => (
                  <tr key={token.id}>
                    <th scope="row">
                      <SafeText text={token.name} most={80} foldable={false} />
                    </th>
                    <td>
                      <SafeText text={owner(token)} most={160} foldable={false} />
                    </td>
                    <td>{token.used_at ? <When at={token.used_at} /> : t("token.never")}</td>
                    <td>{token.expires_at ? <When at={token.expires_at} /> : "—"}</td>
                    <td>
                      {!token.system && (
                        <button
                          type="button"
                          className="quiet"
                          disabled={revoke.isPending}
                          onClick={() => revoke.mutate({ path: `/api/tokens/${token.id}`, method: "DELETE" })}
                        >
                          {t("token.revoke", { name: token.name })}
                        </button>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Wide>
          <TokenForm touched={KEY} user={user} />
        </>
      )}
    </Section>
  );
}
