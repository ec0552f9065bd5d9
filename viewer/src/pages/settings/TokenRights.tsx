import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { projects } from "../../api/queries";
import { RIGHTS } from "../../api/types";
import { useT } from "../../i18n/i18n";
import { oneLine } from "../../text/visible";

/** What a service may, project by project. */
export function TokenRights({ everywhere }: { everywhere: boolean }) {
  const t = useT();
  const [rows, setRows] = useState<readonly number[]>([0]);
  const known = useQuery(projects).data?.projects ?? [];
  return (
    <>
      {rows.map((row) => (
        <span key={row} className="pair">
          <label className="field">
            <span>{t("stream.project")}</span>
            <select name="project">
              {everywhere && <option value="*">{t("token.everywhere")}</option>}
              {known.map((one) => (
                <option key={one.id} value={one.id}>
                  {oneLine(one.name || one.id, 40)}
                </option>
              ))}
            </select>
          </label>
          <label className="field">
            <span>{t("people.right")}</span>
            <select name="right">
              {RIGHTS.map((right) => (
                <option key={right} value={right}>
                  {t(`right.${right}`)}
                </option>
              ))}
            </select>
          </label>
        </span>
      ))}
      <button type="button" className="quiet" onClick={() => setRows([...rows, rows.length])}>
        {t("token.more")}
      </button>
    </>
  );
}
