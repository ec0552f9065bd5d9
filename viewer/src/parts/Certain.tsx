import { useState } from "react";
import { useT } from "../i18n/i18n";

interface Props {
  /** What has to be written before it is done. */
  word: string;
  label: string;
  text: string;
  isPending: boolean;
  act: () => void;
}

/** Something that cannot be taken back: it is done once its name was written. */
export function Certain({ word, label, text, isPending, act }: Props) {
  const t = useT();
  const [written, setWritten] = useState("");
  return (
    <form
      className="certain"
      onSubmit={(event) => {
        event.preventDefault();
        if (written === word) act();
      }}
    >
      <p className="dim">{text}</p>
      <label className="field">
        <span>{t("certain.write", { word })}</span>
        <input
          value={written}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setWritten(event.target.value)}
        />
      </label>
      <button type="submit" className="danger" disabled={written !== word || isPending}>
        {label}
      </button>
    </form>
  );
}
