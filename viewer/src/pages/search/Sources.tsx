import { useState } from "react";
import { useT } from "../../i18n/i18n";
import { Recalled } from "../../parts/Recalled";

/** The memories a context was made from. */
export function Sources({ ids }: { ids: readonly string[] }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {t("search.sources")} <span className="number">{ids.length}</span>
      </summary>
      <Recalled ids={ids} open={open} />
    </details>
  );
}
