import { type ReactNode, useEffect, useRef, useState } from "react";
import type { Place } from "../api/place";
import type { Places, Session } from "../api/types";
import { useT } from "../i18n/i18n";
import { Busy } from "./Busy";
import { Help } from "./Help";
import { LiveSign } from "./LiveSign";
import { Nav } from "./Nav";
import { PlaceSwitch } from "./PlaceSwitch";
import { Preferences } from "./Preferences";
import { useRoute } from "./route";
import { useKeys } from "./useKeys";

interface Props {
  session: Session;
  places: Places;
  place: Place | null;
  children: ReactNode;
}

/** The frame around every page: where one is, whose memories these are, and how to get elsewhere. */
export function Shell({ session, places, place, children }: Props) {
  const t = useT();
  const [help, setHelp] = useState(false);
  const main = useRef<HTMLElement>(null);
  const { page, id } = useRoute();
  useKeys(() => setHelp(true));
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page begins at its top
  useEffect(() => {
    if (main.current) main.current.scrollTop = 0;
  }, [page, id]);
  return (
    <div className="shell">
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        {t("app.skip")}
      </button>
      <header className="side">
        <a className="wordmark" href="#/stream">
          <span className="seal" aria-hidden="true" />
          recollect
        </a>
        {place && <PlaceSwitch places={places} place={place} />}
        <Nav />
        <div className="side-foot">
          <LiveSign />
          <Preferences session={session} openHelp={() => setHelp(true)} />
        </div>
      </header>
      <Busy />
      <main id="content" ref={main} tabIndex={-1}>
        {children}
      </main>
      <Help open={help} close={() => setHelp(false)} />
    </div>
  );
}
