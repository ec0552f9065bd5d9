import { describe, expect, it } from "vitest";
import type { Relation } from "../src/api/types";
import { grown, isTrueOn } from "../src/pages/graph/grown";
import { HEIGHT, layout, WIDTH } from "../src/pages/graph/layout";
import { columns } from "../src/pages/numbers/days";

const tie = (subject: string, object: string, from: string | null = null, to: string | null = null): Relation => ({
  subject,
  predicate: "with",
  object,
  weight: 1,
  valid_from: from,
  valid_to: to,
});

describe("days as columns", () => {
  it("fill the gaps and lose nothing", () => {
    expect(columns({ "2026-03-01": 2, "2026-03-04": 1 }).map((one) => one.count)).toEqual([2, 0, 0, 1]);
    expect(columns({})).toEqual([]);
  });

  it("are put together by week or month where they are many", () => {
    const days = Object.fromEntries(
      [...Array(400).keys()].map((index) => [new Date(Date.UTC(2025, 0, 1 + index)).toISOString().slice(0, 10), 1]),
    );
    const weeks = columns(days);
    expect(weeks.length).toBeLessThan(70);
    expect(weeks.reduce((sum, one) => sum + one.count, 0)).toBe(400);
  });
});

describe("the graph", () => {
  it("knows a name once, whatever its case, and a relation once", () => {
    const graph = grown(["bo"], [[tie("Bo", "Vim")], [tie("bo", "vim"), tie("Vim", "Emacs")]], null);
    expect(graph.nodes.map((node) => node.name.toLowerCase()).sort()).toEqual(["bo", "emacs", "vim"]);
    expect(graph.links).toHaveLength(2);
  });

  it("leaves out what was not true on a day", () => {
    const relation = tie("a", "b", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");
    expect([null, "2026-02-01", "2026-03-15", "2026-05-01"].map((day) => isTrueOn(relation, day))).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it("lies within its picture, every name at a place of its own", () => {
    const graph = grown(["hub"], [[...Array(14).keys()].map((index) => tie("hub", `name ${index}`))], null);
    const spots = [...layout(graph, new Map()).values()];
    for (const spot of spots) {
      expect(spot.x).toBeGreaterThan(0);
      expect(spot.x).toBeLessThan(WIDTH);
      expect(spot.y).toBeGreaterThan(0);
      expect(spot.y).toBeLessThan(HEIGHT);
    }
    const apart = spots.flatMap((one, i) =>
      spots.slice(i + 1).map((other) => Math.hypot(one.x - other.x, one.y - other.y)),
    );
    expect(Math.min(...apart)).toBeGreaterThan(20);
  });
});
