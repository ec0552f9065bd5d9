import { describe, expect, it } from "vitest";
import { en, type Key } from "../src/i18n/en";
import { translator } from "../src/i18n/i18n";
import { zh } from "../src/i18n/zh";

const KEYS = Object.keys(en) as Key[];
const places = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

describe("every word has both languages", () => {
  it.each(KEYS)("%s takes the same values in both", (key) => {
    expect(places(zh[key])).toEqual(places(en[key]));
    expect(zh[key].trim()).not.toBe("");
  });

  it("and values are written as they are in the language", () => {
    expect(translator("en")("stream.count", { count: 12345 })).toBe("12,345 memories");
    expect(translator("en")("stream.count", { count: 1 })).toBe("1 memory");
    expect(translator("zh")("stream.count", { count: 1 })).toContain("1");
    expect(translator("zh")("place.user", { name: "{name}" })).toBe("用户 {name}");
  });
});
