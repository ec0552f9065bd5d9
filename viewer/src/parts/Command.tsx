import { useState } from "react";
import { useT } from "../i18n/i18n";

/** A command to run, with a button that copies it. */
export function Command({ line }: { line: string }) {
  const t = useT();
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(line);
    setCopied(true);
    window.setTimeout(() => setCopied(false), 2000);
  };
  return (
    <div className="command">
      <code>{line}</code>
      {"clipboard" in navigator && (
        <button type="button" className="quiet" onClick={() => void copy().catch(() => setCopied(false))}>
          {copied ? t("welcome.copied") : t("welcome.copy")}
        </button>
      )}
    </div>
  );
}
