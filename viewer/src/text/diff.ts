/** What changed between two texts, word by word. */

export interface Part {
  text: string;
  change: "same" | "added" | "removed";
}

/** Words on each side up to which a difference is looked for. */
const MOST = 1500;

/** Words, spaces, and single signs of writing without spaces. */
function words(text: string): string[] {
  return text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{N}_]+|\s+|[^\s]/gu) ?? [];
}

/** The longest common run of words decides; texts that are too long for it are told as a whole. */
export function diff(before: string, after: string): Part[] {
  const old = words(before);
  const now = words(after);
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  const middle = between(old.slice(head, old.length - tail), now.slice(head, now.length - tail));
  const same = (list: string[]): Part[] => (list.length ? [{ text: list.join(""), change: "same" }] : []);
  return [...same(old.slice(0, head)), ...middle, ...same(tail ? old.slice(-tail) : [])];
}

function between(old: string[], now: string[]): Part[] {
  if (old.length * now.length > MOST * MOST) return whole(old, now);
  const table = lengths(old, now);
  const found: Part[] = [];
  const put = (text: string, change: Part["change"]): void => {
    const last = found.at(-1);
    if (last?.change === change) last.text += text;
    else found.push({ text, change });
  };
  const width = now.length + 1;
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    const [was = "", is = ""] = [old[i], now[j]];
    if (i < old.length && j < now.length && was === is) {
      put(was, "same");
      i++;
      j++;
    } else if (j >= now.length || (i < old.length && at(table, (i + 1) * width + j) >= at(table, i * width + j + 1))) {
      put(was, "removed");
      i++;
    } else {
      put(is, "added");
      j++;
    }
  }
  return found;
}

function whole(old: string[], now: string[]): Part[] {
  return [
    { text: old.join(""), change: "removed" },
    { text: now.join(""), change: "added" },
  ];
}

const at = (table: Uint16Array, place: number): number => table[place] ?? 0;

function lengths(old: string[], now: string[]): Uint16Array {
  const width = now.length + 1;
  const table = new Uint16Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      const next = old[i] === now[j] ? at(table, (i + 1) * width + j + 1) + 1 : 0;
      table[i * width + j] = next || Math.max(at(table, (i + 1) * width + j), at(table, i * width + j + 1));
    }
  }
  return table;
}
