import { describe, expect, it } from "vitest";
import { href, parse } from "../src/app/route";

describe("addresses", () => {
  it("lead to the stream where they say nothing", () => {
    expect(parse("")).toMatchObject({ page: "stream", id: "" });
    expect(parse("#/")).toMatchObject({ page: "stream", id: "" });
  });

  it("carry ids and values of any characters", () => {
    const id = "a/b c?d#e 会话";
    const route = parse(href("conversations", id, { q: "x & y?=%" }));
    expect(route.id).toBe(id);
    expect(route.params.get("q")).toBe("x & y?=%");
  });

  it("survive what nobody can decode", () => {
    expect(parse("#/memory/%E0%A4%A").id).toBe("%E0%A4%A");
  });
});
