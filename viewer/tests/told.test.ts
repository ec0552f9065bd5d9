import { describe, expect, it } from "vitest";
import type { Memory } from "../src/api/types";
import { placed, type Telling } from "../src/pages/conversations/told";

const turn = (id: string, at: string) => ({ id, occurred_at: at }) as Memory;
const telling = (at: string): Telling => ({ at, provider: "claude-code", tokens_in: 90, tokens_out: 30, cost: 0 });

describe("what an assistant was told", () => {
  const turns = [turn("a", "2026-05-01T09:00:00Z"), turn("b", "2026-05-01T09:05:00Z")];

  it("stands after the turn before it", () => {
    const [early, middle, late] = ["08:59:59", "09:00:01", "10:00:00"].map((at) => telling(`2026-05-01T${at}Z`));
    const found = placed(
      turns,
      [early, middle, late].filter((one) => one !== undefined),
    );
    expect([found.get(""), found.get("a"), found.get("b")]).toEqual([[early], [middle], [late]]);
  });

  it("is nowhere where nothing was told", () => {
    expect(placed(turns, []).size).toBe(0);
  });
});
