import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { memory } from "../api/queries";
import { href } from "../app/route";
import { useT } from "../i18n/i18n";
import { SafeText } from "../text/SafeText";
import { oneLine } from "../text/visible";
import { When } from "./When";

const STEP = 10;

/** Memories by id, each leading to itself; their texts are read once somebody looks. */
export function Recalled({ ids, open }: { ids: readonly string[]; open: boolean }) {
  const t = useT();
  const [count, setCount] = useState(STEP);
  const shown = ids.slice(0, count);
  const answers = useQueries({ queries: open ? shown.map((id) => memory(id)) : [] });
  return (
    <>
      <ol className="plain sources">
        {shown.map((id, index) => {
          const item = answers[index]?.data;
          return (
            <li key={id} className="recalled">
              <a href={href("memory", id)}>
                <SafeText text={item ? oneLine(item.content, 120) : `…${id.slice(-12)}`} foldable={false} />
              </a>
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
    </>
  );
}
