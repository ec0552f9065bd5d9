import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { memory } from "../../api/queries";
import { href } from "../../app/route";
import { useT } from "../../i18n/i18n";
import { When } from "../../parts/When";
import { SafeText } from "../../text/SafeText";
import { oneLine } from "../../text/visible";

const STEP = 10;

/** The memories a context was made from, each leading to itself; their texts are read once somebody looks. */
export function Sources({ ids }: { ids: readonly string[] }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  const [count, setCount] = useState(STEP);
  const shown = ids.slice(0, count);
  const answers = useQueries({ queries: open ? shown.map((id) => memory(id)) : [] });
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {t("search.sources")} <span className="number">{ids.length}</span>
      </summary>
      <ol className="plain sources">
        {shown.map((id, index) => {
          const item = answers[index]?.data;
          return (
            <li key={id}>
              <a href={href("memory", id)}>
                <SafeText text={item ? oneLine(item.content, 90) : `…${id.slice(-12)}`} foldable={false} />
              </a>{" "}
              {item && (
                <span className="dim">
                  <When at={item.occurred_at} form="day" />
                </span>
              )}
            </li>
          );
        })}
      </ol>
      {count < ids.length && (
        <button type="button" className="quiet" onClick={() => setCount(count + STEP)}>
          {t("app.more")}
        </button>
      )}
    </details>
  );
}
