import { observeElementOffset, useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { Place } from "../../api/place";
import { listed, type Sieve } from "../../api/queries";
import type { Memory } from "../../api/types";
import { useT } from "../../i18n/i18n";
import { glided, heightOf } from "../../lists/glide";
import { usePages } from "../../lists/usePages";
import { Empty } from "../../parts/Empty";
import { Failure } from "../../parts/Failure";
import { Loading } from "../../parts/Loading";
import { MemoryRow } from "../../parts/MemoryRow";
import { meets } from "./sieve";
import { useFresh } from "./useFresh";

interface Props {
  place: Place;
  sieve: Sieve;
  paused: boolean;
  seen: (memory: Memory) => void;
  again: () => void;
  clear: (() => void) | null;
}

const ROW = 72;
const OVER = 12;

/** The list itself: only the rows in sight are in the page. */
export function StreamList({ place, sieve, paused, seen, again, clear }: Props) {
  const t = useT();
  const box = useRef<HTMLDivElement>(null);
  const [isAtTop, setAtTop] = useState(true);
  const [range, setRange] = useState<readonly [number, number]>([0, 0]);
  const shift = useRef(0);
  const [laid, setLaid] = useState(0);
  const wants = useCallback((memory: Memory) => meets(memory, place, sieve), [place, sieve]);
  const fresh = useFresh(wants, paused || !isAtTop);
  const ahead = fresh.rows.length;
  const fetchPage = (cursor: string | null, signal: AbortSignal) => listed(place, sieve, cursor, signal);
  const pages = usePages([place, sieve], fetchPage, range[0] - OVER - ahead, range[1] - ahead);
  const virtual = useVirtualizer({
    count: ahead + pages.count,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: OVER,
    observeElementOffset: (list, told) =>
      observeElementOffset(list, (offset, isScrolling) => told(offset + shift.current, isScrolling)),
    onChange: (list) => setRange([list.range?.startIndex ?? 0, list.range?.endIndex ?? 0]),
  });
  const rowAt = (index: number): Memory | null => fresh.rows[index] ?? pages.row(index - ahead);
  useEffect(() => {
    if (fresh.isMany && isAtTop) again();
  }, [fresh.isMany, isAtTop, again]);
  const total = virtual.getTotalSize();
  const scrolled = (element: HTMLElement): void => {
    const next = glided({ top: element.scrollTop, shift: shift.current }, element.clientHeight, total);
    if (next) {
      shift.current = next.shift;
      flushSync(() => setLaid(next.shift));
      element.scrollTop = next.top;
    }
    setAtTop(shift.current === 0 && element.scrollTop < ROW / 2);
  };
  const release = (): void => {
    shift.current = 0;
    setLaid(0);
    box.current?.scrollTo({ top: 0 });
    if (fresh.isMany) again();
    else fresh.release();
  };
  const isThere = !pages.isPending;
  useEffect(() => {
    if (isThere) performance.mark("first-rows");
  }, [isThere]);
  if (pages.isPending && !pages.error) return <Loading />;
  return (
    <div className="stream-frame">
      {fresh.held.length > 0 && (
        <button type="button" className="held" onClick={release}>
          ↑ {t("live.new", { count: fresh.held.length })}
        </button>
      )}
      {pages.error && <Failure error={pages.error} retry={pages.retry} />}
      {pages.isEmpty && ahead === 0 && (
        <Empty title={clear ? t("stream.emptyFiltered") : t("app.nothing")}>
          {clear && (
            <button type="button" onClick={clear}>
              {t("stream.clear")}
            </button>
          )}
        </Empty>
      )}
      <section
        ref={box}
        className="stream-box"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        aria-label={t("stream.list")}
        onScroll={(event) => scrolled(event.currentTarget)}
      >
        <ol className="plain stream-rows" style={{ height: heightOf(total, laid) }}>
          {virtual.getVirtualItems().map((item) => {
            const memory = rowAt(item.index);
            if (memory) seen(memory);
            return (
              <li
                key={item.key}
                className="stream-row"
                style={{ transform: `translateY(${item.start - laid}px)` }}
                aria-setsize={pages.more ? -1 : ahead + pages.count}
                aria-posinset={item.index + 1}
              >
                {memory ? <MemoryRow memory={memory} isNew={item.index < ahead} /> : <div className="row ghost" />}
              </li>
            );
          })}
        </ol>
      </section>
    </div>
  );
}
