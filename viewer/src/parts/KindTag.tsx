import type { Kind } from "../api/types";
import { useT } from "../i18n/i18n";

/** What a memory is, by word and colour. */
export function KindTag({ kind }: { kind: Kind }) {
  const t = useT();
  return (
    <span className="kind" data-kind={kind}>
      {t(`kind.${kind}`)}
    </span>
  );
}
