import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Place } from "../../api/place";
import { stats } from "../../api/queries";
import type { Memory, Places } from "../../api/types";
import { useLiveState } from "../../app/live";
import { adjust } from "../../app/route";
import { useT } from "../../i18n/i18n";
import { Filters } from "./Filters";
import { StreamList } from "./StreamList";
import { placeOf, sieveOf } from "./sieve";

interface Props {
  place: Place;
  places: Places;
  params: URLSearchParams;
}

/** Memories as they are born, and all that were before them. */
export function StreamPage({ place, places, params }: Props) {
  const t = useT();
  const [paused, setPaused] = useState(false);
  const [round, setRound] = useState(0);
  const clients = useRef(new Set<string>());
  const search = params.toString();
  const looked = useMemo(() => placeOf(place, new URLSearchParams(search)), [place, search]);
  const sieve = useMemo(() => sieveOf(new URLSearchParams(search)), [search]);
  const counted = useQuery(stats(looked));
  const state = useLiveState();
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const writing = event.target instanceof HTMLElement && event.target.closest("input, textarea, select");
      if (event.key === "p" && !writing && !event.ctrlKey && !event.metaKey) setPaused((now) => !now);
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, []);
  const seen = (memory: Memory): void => {
    if (memory.source.client) clients.current.add(memory.source.client);
  };
  const isFiltered = search !== "";
  return (
    <div className="page stream-page">
      <div className="page-head">
        <h1>{t("nav.stream")}</h1>
        {counted.data && !isFiltered && (
          <span className="dim">{t("stream.count", { count: counted.data.memories })}</span>
        )}
        <button type="button" className="push" aria-pressed={paused} onClick={() => setPaused(!paused)}>
          {paused ? t("live.resume") : t("live.pause")}
        </button>
      </div>
      <Filters place={place} places={places} sieve={sieve} looked={looked} clients={clients.current} />
      <StreamList
        key={`${search} ${round}`}
        place={looked}
        sieve={sieve}
        paused={paused || state === "connecting"}
        seen={seen}
        again={() => setRound(round + 1)}
        clear={isFiltered ? () => adjust(Object.fromEntries([...params.keys()].map((name) => [name, null]))) : null}
      />
    </div>
  );
}
