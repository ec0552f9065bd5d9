import { marked } from "./highlight";

/** A text with the places marked that meet a pattern. */
export function Marks({ text, wanted }: { text: string; wanted: RegExp }) {
  return marked(text, wanted).map((part, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text have no other name and never move
    part.marked ? <mark key={index}>{part.text}</mark> : part.text,
  );
}
