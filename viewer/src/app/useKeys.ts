/** The keys that work everywhere: `/`, `?`, j and k, and g with the letter of a page. */

import { useEffect } from "react";
import { PAGES } from "./pages";
import { go, href } from "./route";

const WAIT = 1500;

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null;
}

function isOtherwiseMeant(event: KeyboardEvent): boolean {
  const combined = event.ctrlKey || event.metaKey || event.altKey;
  return combined || isWriting(event.target) || document.querySelector("dialog[open]") !== null;
}

/** Move to the next or previous row of the page's list. */
function step(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("main [data-row]")];
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[here === -1 ? (by === 1 ? 0 : rows.length - 1) : here + by];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function find(): void {
  const field = document.querySelector<HTMLInputElement>("[data-search]");
  if (field) field.select();
  else go(href("search"));
}

export function useKeys(openHelp: () => void): void {
  useEffect(() => {
    let waiting = 0;
    const pressed = (event: KeyboardEvent): void => {
      if (isOtherwiseMeant(event)) return;
      const going = Date.now() - waiting < WAIT;
      waiting = 0;
      const page = going ? PAGES.find((one) => one.key === event.key) : undefined;
      const acts: Record<string, () => void> = {
        "/": find,
        "?": openHelp,
        j: () => step(1),
        k: () => step(-1),
        g: () => {
          waiting = Date.now();
        },
      };
      const act = page ? () => go(href(page.page)) : acts[event.key];
      if (act) {
        event.preventDefault();
        act();
      }
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [openHelp]);
}
