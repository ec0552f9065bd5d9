/** Short words about what was done, and what can still be undone: a delete waits some seconds before it is sent. */

import { useSyncExternalStore } from "react";

export interface Toast {
  id: number;
  text: string;
  undo: (() => void) | null;
}

interface Pending {
  memory: string;
  timer: number;
  send: (keepalive: boolean) => Promise<unknown>;
}

export const SECONDS = 8;
const SHOWN = 5_000;
const listeners = new Set<() => void>();
const pending = new Map<number, Pending>();
let toasts: readonly Toast[] = [];
let waiting: ReadonlySet<string> = new Set();
let last = 0;

function change(next: readonly Toast[]): void {
  toasts = next;
  waiting = new Set([...pending.values()].map((one) => one.memory));
  for (const listener of listeners) listener();
}

export function dismiss(id: number): void {
  change(toasts.filter((toast) => toast.id !== id));
}

/** Say what was done; with `undo`, offer for some seconds to take it back. */
export function say(text: string, undo: (() => void) | null = null): void {
  const id = ++last;
  const back = (): void => {
    dismiss(id);
    undo?.();
  };
  change([...toasts.slice(-3), { id, text, undo: undo && back }]);
  window.setTimeout(() => dismiss(id), undo ? SECONDS * 1000 : SHOWN);
}

/** Do something to a memory after some seconds, unless it is undone; at once should the page be left before. */
export function later(memory: string, text: string, send: (keepalive: boolean) => Promise<unknown>): void {
  const id = ++last;
  const done = (): void => {
    pending.delete(id);
    dismiss(id);
  };
  const run = async (): Promise<void> => {
    try {
      await send(false);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
    done();
  };
  const undo = (): void => {
    window.clearTimeout(pending.get(id)?.timer);
    done();
  };
  pending.set(id, { memory, send, timer: window.setTimeout(() => void run(), SECONDS * 1000) });
  change([...toasts.slice(-3), { id, text, undo }]);
}

window.addEventListener("pagehide", () => {
  for (const one of pending.values()) {
    window.clearTimeout(one.timer);
    void one.send(true).catch(() => undefined);
  }
  pending.clear();
});

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(subscribe, () => toasts);
}

/** The memories that are about to be deleted: lists show them no more. */
export function useWaiting(): ReadonlySet<string> {
  return useSyncExternalStore(subscribe, () => waiting);
}
