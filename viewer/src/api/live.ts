/** The live stream of one place: one connection for the page, resumed where it broke off. */

import { query } from "./client";
import type { Place } from "./place";
import type { LiveEvent } from "./types";

export type LiveState = "connecting" | "live" | "offline";
export type Jobs = Record<string, Record<string, number>>;

const NAMES = ["added", "revised", "retired", "deleted", "summary"] as const;
const FIRST = 500;
const LONGEST = 10_000;

export class Live {
  state: LiveState = "connecting";
  private source: EventSource | null = null;
  private pause = FIRST;
  private timer = 0;
  private readonly events = new Set<(event: LiveEvent) => void>();
  private readonly states = new Set<() => void>();

  constructor(
    private readonly place: Place,
    private after: number | null,
  ) {}

  start(): void {
    document.addEventListener("visibilitychange", this.seen);
    this.connect();
  }

  stop(): void {
    document.removeEventListener("visibilitychange", this.seen);
    this.close();
  }

  onEvent(listener: (event: LiveEvent) => void): () => void {
    this.events.add(listener);
    return () => this.events.delete(listener);
  }

  onState(listener: () => void): () => void {
    this.states.add(listener);
    return () => this.states.delete(listener);
  }

  /** A hidden page gives its connection back, for a browser has only six to a server; it catches up when it is seen. */
  private readonly seen = (): void => {
    if (document.visibilityState === "hidden") this.close();
    else if (this.source === null) this.connect();
  };

  private close(): void {
    window.clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  private connect(): void {
    this.close();
    const source = new EventSource(`/api/events${query({ ...this.place, after: this.after })}`);
    this.source = source;
    source.onopen = () => {
      this.pause = FIRST;
      this.become("live");
    };
    source.onerror = () => {
      this.become("offline");
      source.close();
      if (this.source !== source) return;
      this.source = null;
      this.timer = window.setTimeout(() => this.connect(), this.pause);
      this.pause = Math.min(this.pause * 2, LONGEST);
    };
    for (const name of NAMES) source.addEventListener(name, (message) => this.take(message as MessageEvent<string>));
  }

  private take(message: MessageEvent<string>): void {
    const event = JSON.parse(message.data) as LiveEvent;
    this.after = event.id;
    for (const listener of this.events) listener(event);
  }

  private become(state: LiveState): void {
    if (this.state === state) return;
    this.state = state;
    for (const listener of this.states) listener();
  }
}
