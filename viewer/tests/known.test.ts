import { expect, it } from "vitest";
import { pageAt } from "../src/lists/known";

it("finds the page of a row among a million", () => {
  const known = [...Array(10_000).keys()].map((index) => ({ cursor: `${index}`, start: index * 100 }));
  expect([0, 99, 100, 555_555, 999_999, 5_000_000].map((row) => pageAt(known, row))).toEqual([
    0, 0, 1, 5555, 9999, 9999,
  ]);
  expect(pageAt(known, -3)).toBe(0);
});

it("finds it where pages differ in length, and passes over empty ones", () => {
  const known = [0, 3, 3, 10].map((start) => ({ cursor: null, start }));
  expect([0, 2, 3, 9, 10].map((row) => pageAt(known, row))).toEqual([0, 0, 2, 2, 3]);
});
