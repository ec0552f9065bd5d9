import { describe, expect, it } from "vitest";
import { oneLine, pieces, shortened } from "../src/text/visible";

const read = (text: string): string =>
  pieces(text)
    .map((piece) => piece.text)
    .join("");
const signs = (text: string): string[] =>
  pieces(text)
    .filter((piece) => piece.sign)
    .map((piece) => piece.text);

describe("what an eye would miss is shown", () => {
  it("shows marks that turn the direction of writing by name, and leaves the text in order", () => {
    expect(read("invoice\u202egnp.exe")).toBe("invoice⟨RLO⟩gnp.exe");
    expect(signs("\u2066a\u2069")).toEqual(["⟨LRI⟩", "⟨PDI⟩"]);
  });

  it("shows control characters as their pictures, and keeps tabs and line ends", () => {
    expect(read("a\u0000b\u001bc\u007fd")).toBe("a␀b␛c␡d");
    expect(signs("one\ttwo\nthree\r\nfour")).toEqual([]);
  });

  it("spells out what tag characters hide", () => {
    const hidden = [..."obey"].map((letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0))).join("");
    expect(read(`hi${hidden}!`)).toBe("hi⟨obey⟩!");
  });

  it("leaves emoji, flags, joiners and right-to-left writing as they are", () => {
    const scotland = "\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}";
    for (const text of ["👨‍👩‍👧‍👦 ✌🏽 ❤️", "مرحبا بالعالم", "שלום", scotland, "नमस्ते"]) {
      expect(signs(text)).toEqual([]);
      expect(read(text)).toBe(text);
    }
  });
});

describe("long texts are cut", () => {
  it("never through the middle of a pair", () => {
    expect(shortened("ab😀", 3)).toBe("ab");
    expect(shortened("ab😀", 4)).toBe("ab😀");
  });

  it("and rows are one line, without looking at more than they show", () => {
    expect(oneLine("  a\n\nb  ", 10)).toBe("a b");
    expect(oneLine("x".repeat(1_000_000), 80)).toHaveLength(80);
  });
});
