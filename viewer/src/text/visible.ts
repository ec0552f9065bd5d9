/**
 * Memory text may be hostile: it is only ever put into text nodes, and what an eye would miss is made visible here.
 * Control characters become their pictures, marks that turn the direction of writing and characters without any shape
 * become signs, so that what is read is what is there.
 */

const BIDI: Record<string, string> = {
  "\u202a": "LRE",
  "\u202b": "RLE",
  "\u202c": "PDF",
  "\u202d": "LRO",
  "\u202e": "RLO",
  "\u2066": "LRI",
  "\u2067": "RLI",
  "\u2068": "FSI",
  "\u2069": "PDI",
  "\u200e": "LRM",
  "\u200f": "RLM",
  "\u061c": "ALM",
};

// Joiners (200c, 200d) and variation selectors belong to emoji and to Persian or Indian writing: they stay.
const ODD =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]+/gu;

export interface Piece {
  text: string;
  /** A sign that stands for something unseen, not text that was written. */
  sign: boolean;
}

function signOf(odd: string): string {
  const code = odd.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  if (code >= 0xe0000) return `⟨${tagged(odd)}⟩`;
  return `⟨${BIDI[odd] ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`}⟩`;
}

/** What tag characters spell out: they have no shape, and assistants read them all the same. */
function tagged(odd: string): string {
  const letters = [...odd].map((sign) => (sign.codePointAt(0) ?? 0) - 0xe0000);
  return letters.map((code) => (code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : "·")).join("");
}

/** The parts of a text, in order: what can be shown as it is, and signs for what cannot. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let last = 0;
  for (const match of text.replace(/\r\n?/g, "\n").matchAll(ODD)) {
    const source = match.input;
    if (match.index > last) found.push({ text: source.slice(last, match.index), sign: false });
    if (!isFlag(source, match.index, match[0])) found.push({ text: signOf(match[0]), sign: true });
    else found.push({ text: match[0], sign: false });
    last = match.index + match[0].length;
  }
  const rest = text.replace(/\r\n?/g, "\n").slice(last);
  if (rest) found.push({ text: rest, sign: false });
  return found;
}

/** Flags of regions (Scotland) are a black flag followed by few tag letters and an end tag. */
function isFlag(source: string, index: number, odd: string): boolean {
  return source.slice(index - 2, index) === "\u{1f3f4}" && odd.length <= 14 && odd.endsWith("\u{e007f}");
}

/** The first characters of a text; never half of a pair. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const last = text.charCodeAt(most - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? most - 1 : most);
}

/** A text on one line, for rows: shortened before anything else looks at it. */
export function oneLine(text: string, most: number): string {
  return shortened(
    text
      .slice(0, most * 2)
      .replace(/\s+/g, " ")
      .trim(),
    most,
  );
}
