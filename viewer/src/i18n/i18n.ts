/** The page in the visitor's language: words by key, and times and numbers as they are written there. */

import { useMemo } from "react";
import { language, usePreference } from "../app/preference";
import { en, type Key } from "./en";
import { zh } from "./zh";

export type Translate = (key: Key, values?: Record<string, string | number>) => string;

const LOCALES = { en: "en", zh: "zh-CN" } as const;
const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;
type Language = keyof typeof LOCALES;
/** A value by its name, or with `{name|one|many}` the word that goes with so many. */
const PLACE = /\{(\w+)(?:\|([^|{}]*)\|([^|{}]*))?\}/g;

export function translator(chosen: Language): Translate {
  const words: Record<Key, string> = chosen === "zh" ? zh : en;
  const number = new Intl.NumberFormat(LOCALES[chosen]);
  return (key, values = {}) =>
    words[key].replace(PLACE, (whole, name: string, one?: string, many?: string) => {
      const value = values[name];
      if (value === undefined) return whole;
      if (one !== undefined) return (value === 1 ? one : many) ?? "";
      return typeof value === "number" ? number.format(value) : value;
    });
}

export function useT(): Translate {
  const chosen = usePreference(language);
  return useMemo(() => translator(chosen), [chosen]);
}

const isKey = (name: string): name is Key => Object.hasOwn(en, name);

/** Words for what the server names; a name that has none here is shown as it is. */
export function useNamed(): (sort: string, name: string) => string {
  const t = useT();
  return (sort, name) => {
    const key = `${sort}.${name}`;
    return isKey(key) ? t(key) : name.replaceAll("_", " ");
  };
}

export interface Written {
  number: (value: number, digits?: number) => string;
  moment: (iso: string) => string;
  day: (iso: string) => string;
  time: (iso: string) => string;
  /** A size of so many bytes. */
  size: (bytes: number) => string;
}

export function useWritten(): Written {
  const chosen = LOCALES[usePreference(language)];
  return useMemo(() => {
    const moment = new Intl.DateTimeFormat(chosen, { dateStyle: "medium", timeStyle: "short" });
    const day = new Intl.DateTimeFormat(chosen, { dateStyle: "medium" });
    const time = new Intl.DateTimeFormat(chosen, { timeStyle: "short" });
    const safely = (format: Intl.DateTimeFormat) => (iso: string) => {
      const date = new Date(iso);
      return Number.isNaN(date.getTime()) ? iso : format.format(date);
    };
    return {
      number: (value, digits = 0) => value.toLocaleString(chosen, { maximumFractionDigits: digits }),
      moment: safely(moment),
      day: safely(day),
      time: safely(time),
      size: (bytes) => {
        const step = bytes < 1e3 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
        const value = bytes / 1000 ** step;
        return `${value.toLocaleString(chosen, { maximumFractionDigits: value < 10 && step > 0 ? 1 : 0 })} ${UNITS[step]}`;
      },
    };
  }, [chosen]);
}
