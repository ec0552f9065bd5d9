import { describe, expect, it } from "vitest";
import { diff, type Part } from "../src/text/diff";

const before = (parts: Part[]): string =>
  parts
    .filter((part) => part.change !== "added")
    .map((part) => part.text)
    .join("");
const after = (parts: Part[]): string =>
  parts
    .filter((part) => part.change !== "removed")
    .map((part) => part.text)
    .join("");
const told = (parts: Part[]): string[] =>
  parts.filter((part) => part.change !== "same").map((part) => `${part.change} ${part.text}`);

describe("what changed between two texts", () => {
  it("is told word by word", () => {
    expect(told(diff("We use PostgreSQL 16 here", "We use PostgreSQL 17 here"))).toEqual(["removed 16", "added 17"]);
  });

  it("and sign by sign where words have no spaces", () => {
    expect(told(diff("每天备份", "每周备份"))).toEqual(["removed 天", "added 周"]);
  });

  it("is nothing for the same text", () => {
    expect(told(diff("same", "same"))).toEqual([]);
  });

  it("always gives both texts back", () => {
    const pairs: [string, string][] = [
      ["", "new"],
      ["old", ""],
      ["a b c d e", "e d c b a"],
      ["x ".repeat(3000), "y ".repeat(3000)],
    ];
    for (const [old, now] of pairs) {
      const parts = diff(old, now);
      expect(before(parts)).toBe(old);
      expect(after(parts)).toBe(now);
    }
  });
});
