import { ApiError } from "../api/client";
import { useT } from "../i18n/i18n";

/** What went wrong and what to do about it. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const t = useT();
  const away = error instanceof ApiError && error.status === 0;
  const message = away ? t("app.unreachable") : error instanceof Error ? error.message : t("app.failed");
  return (
    <div className="failure" role="alert">
      <p>{message}</p>
      {error instanceof ApiError && error.hint && <p className="dim">{error.hint}</p>}
      {retry && (
        <button type="button" onClick={retry}>
          {t("app.retry")}
        </button>
      )}
    </div>
  );
}
