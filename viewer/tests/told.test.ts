import { describe, expect, it } from "vitest";
import type { Memory, Telling } from "../src/api/types";
import { placed } from "../src/pages/conversations/told";

const turn = (id: string, at: string) => ({ id, occurred_at: at }) as Memory;
const telling = (id: number, at: string, asked: string | null = null): Telling => ({
  id,
  at,
  way: "prompt",
  agent_id: "claude-code",
  turn: asked,
  memories: ["m"],
  tokens: 30,
  tokens_of_memories: 90,
  budget: null,
});

describe("what an assistant was told", () => {
  const turns = [turn("a", "2026-05-01T09:00:00Z"), turn("b", "2026-05-01T09:05:00Z")];

  it("stands after the turn before it", () => {
    const early = telling(1, "2026-05-01T08:59:59Z");
    const middle = telling(2, "2026-05-01T09:00:01Z");
    const late = telling(3, "2026-05-01T10:00:00Z");
    const found = placed(turns, [early, middle, late]);
    expect([found.get(""), found.get("a"), found.get("b")]).toEqual([[early], [middle], [late]]);
  });

  it("stands before a turn that was said in the same millisecond, after it", () => {
    const said = [turn("a", "2026-05-01T09:00:00.841520Z")];
    const before = telling(1, "2026-05-01T09:00:00.841519Z");
    const after = telling(2, "2026-05-01T09:00:00.841521Z");
    expect(placed(said, [before, after])).toEqual(
      new Map([
        ["", [before]],
        ["a", [after]],
      ]),
    );
  });

  it("stands at the turn that asked for it, whatever the clocks say", () => {
    const asked = telling(1, "2026-05-01T12:00:00Z", "a");
    const unknown = telling(2, "2026-05-01T12:00:00Z", "elsewhere");
    expect(placed(turns, [asked, unknown])).toEqual(
      new Map([
        ["a", [asked]],
        ["b", [unknown]],
      ]),
    );
  });

  it("is nowhere where nothing was told", () => {
    expect(placed(turns, []).size).toBe(0);
  });
});
