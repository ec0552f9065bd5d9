import { useMemo } from "react";
import { diff } from "../../text/diff";
import { SafeText } from "../../text/SafeText";

/** Two texts as one, with what went and what came marked. */
export function Difference({ before, after }: { before: string; after: string }) {
  const parts = useMemo(() => diff(before, after), [before, after]);
  return (
    <p className="difference">
      {parts.map((part, index) => {
        const key = `${index}`;
        const text = <SafeText text={part.text} most={4000} foldable={false} />;
        if (part.change === "added") return <ins key={key}>{text}</ins>;
        if (part.change === "removed") return <del key={key}>{text}</del>;
        return <span key={key}>{text}</span>;
      })}
    </p>
  );
}
