import { describe, expect, it } from "vitest";
import { glided, heightOf, MOST } from "../src/lists/glide";

const VIEW = 800;

describe("a list longer than a browser can lay out", () => {
  it("is laid out as it is while it is short", () => {
    expect(heightOf(5_000, 0)).toBe(5_000);
    expect(glided({ top: 4_200, shift: 0 }, VIEW, 5_000)).toBeNull();
  });

  it("glides on near the end of its stretch, and the same rows stay in sight", () => {
    const total = 72_000_000;
    let [at, turns] = [{ top: 0, shift: 0 }, 0];
    while (at.top + at.shift + VIEW < total) {
      const before = at.top + at.shift;
      const next = glided(at, VIEW, total);
      if (next) {
        expect(next.top + next.shift).toBe(before);
        turns += 1;
        at = next;
      }
      const end = heightOf(total, at.shift) - VIEW;
      expect(heightOf(total, at.shift)).toBeLessThanOrEqual(MOST);
      if (!next) expect(end).toBeGreaterThan(at.top);
      at = { ...at, top: Math.min(at.top + 50_000, end) };
    }
    expect(turns).toBeGreaterThan(50);
    expect(at.top + at.shift + VIEW).toBe(total);
  });

  it("comes back to its first row", () => {
    let at = { top: 100_000, shift: 3_000_000 };
    for (let step = 0; step < 200 && at.top + at.shift > 0; step++) {
      at = { ...at, top: Math.max(0, at.top - 60_000) };
      at = glided(at, VIEW, 72_000_000) ?? at;
    }
    expect(at).toEqual({ top: 0, shift: 0 });
  });
});
