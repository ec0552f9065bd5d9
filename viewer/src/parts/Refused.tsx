import { ApiError } from "../api/client";
import { useT } from "../i18n/i18n";
import { Failure } from "./Failure";

/** What is not there, or not for whoever looks, said without alarm; every other failure as a failure. */
export function Refused({ error }: { error: unknown }) {
  const t = useT();
  const status = error instanceof ApiError ? error.status : null;
  if (status === 404 || status === 405) return <p className="dim">{t("settings.absent")}</p>;
  if (status === 403) return <p className="dim">{t("settings.denied")}</p>;
  return <Failure error={error} />;
}
