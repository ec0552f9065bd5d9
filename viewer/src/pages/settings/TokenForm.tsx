import { useState } from "react";
import { useT } from "../../i18n/i18n";
import { Command } from "../../parts/Command";
import { useDeed } from "./useDeed";

/** Makes a token for a user and shows it, this once. */
export function TokenForm({ touched }: { touched: readonly unknown[] }) {
  const t = useT();
  const [secret, setSecret] = useState<string | null>(null);
  const make = useDeed<{ token: string }>(touched, (made) => setSecret(made.token));
  return (
    <>
      <form
        className="filters"
        onSubmit={(event) => {
          event.preventDefault();
          const given = new FormData(event.currentTarget);
          const text = (name: string): string => String(given.get(name) ?? "").trim();
          make.mutate({ path: "/api/tokens", method: "POST", body: { name: text("name"), user_id: text("user") } });
          event.currentTarget.reset();
        }}
      >
        <label className="field">
          <span>{t("token.name")}</span>
          <input name="name" required maxLength={256} autoComplete="off" />
        </label>
        <label className="field">
          <span>{t("people.user")}</span>
          <input name="user" required maxLength={256} autoComplete="off" />
        </label>
        <button type="submit" disabled={make.isPending}>
          {t("token.make")}
        </button>
      </form>
      {secret && (
        <div role="status">
          <p className="dim">{t("token.once")}</p>
          <Command line={secret} />
        </div>
      )}
    </>
  );
}
