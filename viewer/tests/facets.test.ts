import { describe, expect, it } from "vitest";
import { askedOf, isWhole } from "../src/pages/search/asked";
import { counted } from "../src/pages/search/counted";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const hit = (kind: string, days: number) => ({
  kind,
  occurred_at: new Date(NOW - days * 86_400_000).toISOString(),
});
const HITS = [hit("fact", 1), hit("fact", 20), hit("turn", 3), hit("turn", 400)];

describe("facets", () => {
  it("count what the other facet lets through", () => {
    const open = counted(HITS, { kind: null, since: null }, NOW);
    expect([open.kinds.fact, open.kinds.turn, open.kinds.note]).toEqual([2, 2, 0]);
    expect(open.spans).toEqual({ "": 4, "7": 2, "30": 3, "365": 3 });
    expect(counted(HITS, { kind: null, since: "7" }, NOW).kinds.fact).toBe(1);
    expect(counted(HITS, { kind: "turn", since: null }, NOW).spans["365"]).toBe(1);
  });
});

describe("a question in an address", () => {
  it("is read with what is known, and nothing else", () => {
    const asked = askedOf("q", new URLSearchParams({ in: "some", merge: "odd", projects: '["a,b","\\u540e"]' }));
    expect([asked.where, asked.merge, asked.projects]).toEqual(["some", "score", ["a,b", "后"]]);
    expect(askedOf("q", new URLSearchParams({ in: "x", projects: "{" })).projects).toEqual([]);
  });

  it("asks nothing of no project", () => {
    expect(isWhole(askedOf("q", new URLSearchParams({ in: "some" })))).toBe(false);
    expect(isWhole(askedOf("q", new URLSearchParams({ in: "all" })))).toBe(true);
  });
});
