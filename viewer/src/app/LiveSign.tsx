import { useT } from "../i18n/i18n";
import { useLiveState } from "./live";

/** Says whether what is shown follows what happens. */
export function LiveSign() {
  const t = useT();
  const state = useLiveState();
  return (
    <p className="live-sign" data-state={state} role="status">
      <span aria-hidden="true" className="dot" />
      {t(`live.${state}`)}
    </p>
  );
}
