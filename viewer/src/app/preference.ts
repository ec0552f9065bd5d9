/** What a visitor prefers, kept in the browser: the theme and the language. */

import { useSyncExternalStore } from "react";

export class Preference<T extends string> {
  private readonly listeners = new Set<() => void>();
  private value: T;

  constructor(
    private readonly key: string,
    private readonly values: readonly T[],
    fallback: T,
    private readonly apply: (value: T) => void,
  ) {
    this.value = this.stored() ?? fallback;
    apply(this.value);
  }

  set(value: T): void {
    this.value = value;
    this.apply(value);
    try {
      localStorage.setItem(this.key, value);
    } catch {
      // A browser that keeps nothing asks again next time.
    }
    for (const listener of this.listeners) listener();
  }

  get(): T {
    return this.value;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private stored(): T | null {
    try {
      const found = localStorage.getItem(this.key);
      return this.values.find((value) => value === found) ?? null;
    } catch {
      return null;
    }
  }
}

export const theme = new Preference("recollect.theme", ["system", "light", "dark"] as const, "system", (value) => {
  if (value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
});

const preferred = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";

export const language = new Preference("recollect.language", ["en", "zh"] as const, preferred, (value) => {
  document.documentElement.lang = value === "zh" ? "zh-Hans" : "en";
});

export function usePreference<T extends string>(preference: Preference<T>): T {
  return useSyncExternalStore(preference.subscribe, () => preference.get());
}
