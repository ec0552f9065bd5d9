import { useEffect, useRef, useState } from "react";
import type { Memory } from "../../api/types";
import { say } from "../../app/toast";
import { useT } from "../../i18n/i18n";
import { useChange } from "./change";

/** Writes a memory's text anew, if it still is what was opened; who was told that it is not may write over it. */
export function Edit({ item, close }: { item: Memory; close: () => void }) {
  const t = useT();
  const [opened] = useState(item);
  const [text, setText] = useState(item.content);
  const field = useRef<HTMLTextAreaElement>(null);
  const change = useChange(() => {
    say(t("memory.saved"));
    close();
  });
  useEffect(() => field.current?.focus(), []);
  const isSame = text.trim() === "" || text === item.content;
  return (
    <form
      className="edit"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isSame) change.mutate({ changes: { content: text }, of: change.isError ? item : opened });
      }}
    >
      <textarea
        ref={field}
        dir="auto"
        aria-label={t("memory.text")}
        value={text}
        rows={Math.min(24, Math.max(4, text.slice(0, 4000).split("\n").length + Math.ceil(text.length / 90)))}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") close();
        }}
      />
      <div className="actions">
        <button type="submit" className="main" disabled={isSame || change.isPending}>
          {t("memory.save")}
        </button>
        <button type="button" onClick={close}>
          {t("memory.cancel")}
        </button>
      </div>
    </form>
  );
}
