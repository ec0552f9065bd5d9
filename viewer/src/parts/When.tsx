import { useWritten } from "../i18n/i18n";

/** A time, as it is written in the visitor's language. */
export function When({ at, form = "moment" }: { at: string; form?: "moment" | "day" | "time" }) {
  const written = useWritten();
  return <time dateTime={at}>{written[form](at)}</time>;
}
