// Splits as they are wished for and painted.
import { describe, expect, it } from "vitest";
import { EMPTY, FIELDS, KINDS, faults, stripsOf, wishOf } from "../src/values/splits";

const fold = (parts: Record<string, [number, number][]>) => ({
  parts: Object.entries(parts).map(([name, ranges]) => ({ name, ranges, rows: ranges.reduce((sum, [a, b]) => sum + b - a, 0) })),
  purged: 0,
  embargoed: 0,
  groups: [],
});

describe("wishes", () => {
  it("hold the options of their kind, which others would be refused for", () => {
    for (const kind of KINDS) {
      const wish = wishOf({ ...EMPTY, kind, train: "10", test: "5", name: " mine " });
      expect(Object.keys(wish).toSorted()).toEqual(["kind", "name", ...FIELDS[kind]].toSorted());
      expect(wish.name).toBe("mine");
    }
    expect(wishOf({ ...EMPTY, kind: "walk-forward", train: " 10", test: "5" })).toMatchObject({ train: 10, test: 5, step: 0, gap: 0, anchored: false });
    expect(wishOf({ ...EMPTY, kind: "purged-kfold", embargo: " 1% " })).toMatchObject({ folds: 5, embargo: "1%" });
  });

  it("are not sent where a number is none", () => {
    expect(faults(EMPTY)).toEqual({});
    expect(faults({ ...EMPTY, parts: " " })).toEqual({ parts: "this is needed" });
    expect(faults({ ...EMPTY, kind: "walk-forward", gap: "-1" })).toEqual({ train: "a whole number", test: "a whole number", gap: "a whole number" });
    expect(faults({ ...EMPTY, kind: "combinatorial", folds: "1e3", test_groups: "2.5" })).toEqual({ folds: "a whole number", test_groups: "a whole number" });
  });
});

describe("strips", () => {
  it("are the ranges, and what is purged lies between them", () => {
    const found = stripsOf(fold({ train: [[0, 40], [60, 100]], test: [[45, 55]] }), 100);
    expect(found.map(({ part, look, tested, begin, end }) => [part, look, tested, begin, end])).toEqual([
      ["train", 0, false, 0, 40],
      ["train", 0, false, 60, 100],
      ["test", 2, true, 45, 55],
    ]);
    expect(stripsOf(fold({ part1: [[0, 5]], part2: [[5, 9]] }), 9).map(({ look }) => look)).toEqual([0, 1]);
  });

  it("of very many ranges are few enough to be painted", () => {
    const ranges = Array.from({ length: 50_000 }, (_, at): [number, number] => [at * 10, at * 10 + 9]);
    const found = stripsOf(fold({ train: ranges }), 500_000);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ begin: 0, end: 499_999 });
  });
});
