import { describe, expect, it } from "vitest";
import { excerpt, marked, pattern, terms } from "../src/text/highlight";

const marks = (text: string, question: string): string[] =>
  marked(text, pattern(question))
    .filter((part) => part.marked)
    .map((part) => part.text);

describe("a question's words are marked", () => {
  it("from their beginning, in any case, and never inside others", () => {
    expect(marks("Deploys go to art, not to start", "deploy art")).toEqual(["Deploy", "art"]);
  });

  it("in Chinese by pairs, put together where they touch", () => {
    expect(marks("我们决定每天备份数据库", "备份数据")).toEqual(["备份数据"]);
  });

  it("and small words and signs of patterns are no words", () => {
    expect(terms("what is the (a+)+$ of it")).toEqual([]);
    expect(pattern("?!")).toBeNull();
  });

  it("and all of the text is still there", () => {
    const text = "alpha beta alpha";
    expect(
      marked(text, pattern("alpha"))
        .map((part) => part.text)
        .join(""),
    ).toBe(text);
  });
});

describe("an excerpt", () => {
  it("is the text itself while it is short", () => {
    expect(excerpt("short", 0, 5, 100)).toBe("short");
  });

  it("shows the place that matched", () => {
    const text = `${"a".repeat(500)}MATCH${"b".repeat(500)}`;
    const shown = excerpt(text, 500, 505, 100);
    expect(shown).toContain("MATCH");
    expect(shown.length).toBeLessThan(110);
  });
});
