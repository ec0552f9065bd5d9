import { useT } from "../i18n/i18n";
import { dismiss, useToasts } from "./toast";

/** What was just done, with the way back while there is one. */
export function Toasts() {
  const t = useT();
  return (
    <div className="toasts" role="status" aria-live="polite">
      {useToasts().map((toast) => (
        <div key={toast.id} className="toast">
          <span>{toast.text}</span>
          <button type="button" className="quiet" onClick={toast.undo ?? (() => dismiss(toast.id))}>
            {toast.undo ? t("memory.undo") : t("app.close")}
          </button>
        </div>
      ))}
    </div>
  );
}
