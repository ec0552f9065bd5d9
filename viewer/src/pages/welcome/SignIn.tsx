import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { ApiError, ask } from "../../api/client";
import { useT } from "../../i18n/i18n";
import { Command } from "../../parts/Command";

/** Asks for the token once; the browser then holds a session, never the token. */
export function SignIn() {
  const t = useT();
  const queries = useQueryClient();
  const field = useRef<HTMLInputElement>(null);
  const enter = useMutation({
    mutationFn: (token: string) => ask("/api/session", { body: { token } }),
    onSuccess: () => queries.resetQueries(),
  });
  useEffect(() => field.current?.focus(), []);
  const isWrong = enter.error instanceof ApiError && enter.error.status === 401;
  return (
    <main className="alone">
      <form
        className="sign-in"
        onSubmit={(event) => {
          event.preventDefault();
          const token = String(new FormData(event.currentTarget).get("token") ?? "").trim();
          if (token) enter.mutate(token);
        }}
      >
        <span className="seal large" aria-hidden="true" />
        <h1>{t("signin.title")}</h1>
        <label>
          <span>{t("signin.token")}</span>
          <input
            ref={field}
            name="token"
            type="password"
            autoComplete="current-password"
            required
            aria-invalid={isWrong || undefined}
            aria-describedby="sign-in-said"
          />
        </label>
        <p id="sign-in-said" className="said" role="alert">
          {isWrong ? t("signin.wrong") : enter.error?.message}
        </p>
        <button type="submit" className="main" disabled={enter.isPending}>
          {t("signin.submit")}
        </button>
        <p className="dim">{t("signin.where")}</p>
        <Command line="recollect token" />
      </form>
    </main>
  );
}
