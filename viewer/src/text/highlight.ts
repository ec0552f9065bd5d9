/** Which places of a text to mark for a question: its words, and for Chinese its pairs of characters. */

const WORD = /[\p{L}\p{N}_]+/gu;
const HAN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
const SMALL = new Set(
  "a an and are at be by did do does for from has have how i in is it me my of on or our that the their there they this to was we were what when where which who why will with you your".split(
    " ",
  ),
);
const MOST = 40;

export function terms(question: string): string[] {
  const found = new Set<string>();
  for (const [word] of question.toLowerCase().slice(0, 500).matchAll(WORD)) {
    for (const term of HAN.test(word) ? pairs(word) : [word]) if (!SMALL.has(term) && term.length > 1) found.add(term);
  }
  return [...found].sort((left, right) => right.length - left.length).slice(0, MOST);
}

function pairs(word: string): string[] {
  const signs = [...word];
  return signs.length < 2 ? [] : signs.slice(1).map((sign, index) => `${signs[index] ?? ""}${sign}`);
}

export interface Marked {
  text: string;
  marked: boolean;
}

const escaped = (term: string): string => term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Latin words are marked from their beginning on, so that "deploy" marks "deploys" but "art" not "start". */
export function pattern(question: string): RegExp | null {
  const found = terms(question);
  if (found.length === 0) return null;
  const parts = found.map((term) => (HAN.test(term) ? escaped(term) : `(?<![\\p{L}\\p{N}_])${escaped(term)}`));
  return new RegExp(parts.join("|"), "giu");
}

export function marked(text: string, wanted: RegExp | null): Marked[] {
  if (wanted === null) return [{ text, marked: false }];
  const found: Marked[] = [];
  let last = 0;
  for (const match of text.matchAll(wanted)) {
    if (match.index > last) found.push({ text: text.slice(last, match.index), marked: false });
    const before = found.at(-1);
    if (before?.marked && match.index === last) before.text += match[0];
    else found.push({ text: match[0], marked: true });
    last = match.index + match[0].length;
  }
  if (last < text.length) found.push({ text: text.slice(last), marked: false });
  return found;
}

/** The stretch of a long text to show first: around the chunk that matched. */
export function excerpt(text: string, start: number, end: number, most: number): string {
  if (text.length <= most) return text;
  const room = Math.max(0, most - (end - start));
  const from = Math.max(0, Math.min(start - Math.floor(room / 4), text.length - most));
  return `${from > 0 ? "… " : ""}${text.slice(from, from + most)}${from + most < text.length ? " …" : ""}`;
}
