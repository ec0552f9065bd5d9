import { useState } from "react";
import { useT } from "../../i18n/i18n";
import { Command } from "../../parts/Command";
import { TokenRights } from "./TokenRights";
import { useDeed } from "./useDeed";

interface Props {
  touched: readonly unknown[];
  /** The user who looks; null for whoever may make tokens for others. */
  user: string | null;
}

/** Makes a token, a user's or a service's, and shows it, this once. */
export function TokenForm({ touched, user }: Props) {
  const t = useT();
  const [isService, setService] = useState(false);
  const [round, setRound] = useState(0);
  const [secret, setSecret] = useState<string | null>(null);
  const make = useDeed<{ token: string }>(touched, (made) => {
    setSecret(made.token);
    setRound((now) => now + 1);
  });
  const send = (given: FormData): void => {
    const text = (name: string): string => String(given.get(name) ?? "").trim();
    const names = given.getAll("project").map(String);
    const rights = Object.fromEntries(given.getAll("right").map((right, index) => [names[index] ?? "", String(right)]));
    const body: Record<string, unknown> = {
      name: text("name"),
      ...(isService ? { rights } : { user_id: text("user") }),
    };
    if (text("ends")) body.expires_at = new Date(`${text("ends")}T23:59:59`).toISOString();
    make.mutate({ path: "/api/tokens", method: "POST", body });
  };
  return (
    <>
      <form
        key={round}
        className="filters"
        onSubmit={(event) => {
          event.preventDefault();
          send(new FormData(event.currentTarget));
        }}
      >
        <label className="field">
          <span>{t("token.name")}</span>
          <input name="name" required maxLength={256} autoComplete="off" />
        </label>
        <label className="field">
          <span>{t("token.for")}</span>
          <select
            value={isService ? "service" : "user"}
            onChange={(event) => setService(event.target.value === "service")}
          >
            <option value="user">{t("token.aUser")}</option>
            <option value="service">{t("token.service")}</option>
          </select>
        </label>
        {isService ? (
          <TokenRights everywhere={user === null} />
        ) : (
          <label className="field">
            <span>{t("people.user")}</span>
            <input
              name="user"
              required
              maxLength={256}
              autoComplete="off"
              defaultValue={user ?? ""}
              readOnly={user !== null}
            />
          </label>
        )}
        <label className="field">
          <span>{t("people.until")}</span>
          <input name="ends" type="date" />
        </label>
        <button type="submit" disabled={make.isPending}>
          {t("token.make")}
        </button>
      </form>
      {secret && (
        <div className="secret" role="status">
          <p className="dim">{t("token.once")}</p>
          <Command line={secret} />
          <button type="button" className="quiet" onClick={() => setSecret(null)}>
            {t("token.kept")}
          </button>
        </div>
      )}
    </>
  );
}
