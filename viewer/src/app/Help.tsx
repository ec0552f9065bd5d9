import { useEffect, useRef } from "react";
import { useT } from "../i18n/i18n";
import { PAGES } from "./pages";

/** What the keys do. */
export function Help({ open, close }: { open: boolean; close: () => void }) {
  const t = useT();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open) dialog.current?.close();
  }, [open]);
  const rows: [string, string][] = [
    ["/", t("help.search")],
    ["j", t("help.next")],
    ["k", t("help.previous")],
    ["↵", t("help.open")],
    ...PAGES.map((one): [string, string] => [`g ${one.key}`, t("help.go", { page: t(one.name) })]),
    ["p", t("help.pause")],
    ["?", t("help.help")],
    ["Esc", t("help.escape")],
  ];
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="help-title" className="help">
      <h2 id="help-title">{t("help.title")}</h2>
      <dl>
        {rows.map(([keys, does]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={close}>
        {t("app.close")}
      </button>
    </dialog>
  );
}
