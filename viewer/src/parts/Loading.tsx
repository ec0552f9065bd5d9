import { useT } from "../i18n/i18n";

/** Shown only once it has taken a while, so that nothing flickers. */
export function Loading() {
  const t = useT();
  return (
    <p className="loading" role="status">
      {t("app.loading")}…
    </p>
  );
}
