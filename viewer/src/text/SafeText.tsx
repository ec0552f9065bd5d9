import { useMemo, useState } from "react";
import { useT } from "../i18n/i18n";
import { pattern } from "./highlight";
import { Marks } from "./Marks";
import { pieces, shortened } from "./visible";

interface Props {
  text: string;
  /** A question whose words are marked. */
  question?: string;
  /** Characters shown at first; the rest on demand. */
  most?: number;
  /** Whether there is a button for the rest. */
  foldable?: boolean;
}

/** Text of a memory, whatever it is: as text nodes only, its direction kept to itself, its unseen signs shown. */
export function SafeText({ text, question = "", most = 4000, foldable = true }: Props) {
  const t = useT();
  const [whole, setWhole] = useState(false);
  const shown = whole ? text : shortened(text, most);
  const wanted = useMemo(() => pattern(question), [question]);
  const parts = useMemo(() => pieces(shown), [shown]);
  return (
    <>
      <bdi className="safe" dir="auto">
        {parts.map((piece, index) => {
          const key = `${index}`;
          if (piece.sign)
            return (
              <span key={key} className="sign">
                {piece.text}
              </span>
            );
          return wanted === null ? piece.text : <Marks key={key} text={piece.text} wanted={wanted} />;
        })}
        {shown.length < text.length && "…"}
      </bdi>
      {foldable && shown.length < text.length && (
        <button type="button" className="quiet show-all" onClick={() => setWhole(true)}>
          {t("app.showAll", { count: text.length })}
        </button>
      )}
    </>
  );
}
