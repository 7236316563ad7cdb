// Coverage and lineage as they are painted.
import { describe, expect, it } from "vitest";
import type { FeedEvent, TradeReported } from "../src/api/events";
import { alertOf } from "../src/store/alerts";
import type { Coverage, DayQuality, LineageNode } from "../src/api/types";
import { axisOf, linesOf, stretches, ticksOf, wholeness } from "../src/values/coverage";
import { layout } from "../src/values/lineage";
import { scaled, withTrades } from "../src/values/tape";

const DAY_NS = 86_400e9;
const at = (text: string): number => Date.parse(`${text}T00:00:00Z`) * 1e6;

function coverage(parts: readonly (readonly [number, number, number])[], from = "2024-01-01"): Coverage {
  return {
    dataset: "d",
    hash: "h",
    from_ts_ns: at(from),
    days_each: 1,
    expected: parts.map(([expected]) => expected),
    present: parts.map(([, present]) => present),
    missing: parts.map(([, , missing]) => missing),
    faults: parts.map(() => 0),
    note: "",
  };
}

describe("coverage", () => {
  const set = { first_ts_ns: at("2024-01-01") + 5, last_ts_ns: at("2024-01-10") + 7, rows: 3 };

  it("spans whole days of all sets that hold something", () => {
    expect(axisOf([set, { first_ts_ns: 0, last_ts_ns: 0, rows: 0 }])).toEqual({ fromNs: at("2024-01-01"), toNs: at("2024-01-11") });
    expect(axisOf([])).toEqual({ fromNs: 0, toNs: DAY_NS });
  });

  it("joins neighbours that look alike and leaves closed days out", () => {
    const found = stretches(coverage([[2, 2, 0], [4, 4, 0], [0, 0, 0], [2, 1, 1], [2, 0, 2], [0, 3, 0]]), axisOf([set]));
    const seen = found.map(({ left, width, state, fill }) => [Math.round(left * 10), Math.round(width * 10), state, fill]);
    expect(seen).toEqual([[0, 2, "full", 1], [3, 1, "part", 0.5], [4, 1, "hole", 0], [5, 1, "there", 1]]);
  });

  it("tells how whole something is, where a calendar knows", () => {
    expect(wholeness(coverage([[2, 2, 0], [2, 1, 1]]))).toBe(0.75);
    expect(wholeness(coverage([[0, 9, 0]]))).toBeNull();
  });

  it.each([
    [20 * 365, 8],
    [200, 8],
    [9, 8],
    [1, 8],
  ])("has few round dates on an axis of %i days", (days, most) => {
    const fromNs = at("2001-02-03");
    const found = ticksOf({ fromNs, toNs: fromNs + days * DAY_NS }, most);
    expect(found.length).toBeLessThanOrEqual(most + 1);
    expect(found.every((tick, k) => tick.at >= 0 && tick.at < 1 && tick.at > (found[k - 1]?.at ?? -1))).toBe(true);
    expect(new Set(found.map(({ label }) => label)).size).toBe(found.length);
  });
});

describe("days", () => {
  const day = (text: string, missing = 0): DayQuality => ({ day: text, expected: 10, present: 10 - missing, missing, faults: 0, volume: 1, findings: {} });

  it("are lines of months with every date in its place", () => {
    const lines = linesOf([day("2023-12-31", 4), day("2024-02-29")]);
    expect(lines.map(({ name, cells }) => [name, cells.length])).toEqual([["2023-12", 31], ["2024-01", 31], ["2024-02", 29]]);
    expect(lines[0]?.cells[30]).toMatchObject({ key: "2023-12-31", missing: 4, present: 6 });
    expect(lines[1]?.cells.every(({ expected }) => expected === 0)).toBe(true);
    expect(lines[2]?.cells[28]?.present).toBe(10);
  });

  it("are lines of years by weeks where there are many, and none is lost", () => {
    const days = Array.from({ length: 1500 }, (_, k) => day(new Date(Date.UTC(2000, 0, 1) + k * 864e5).toISOString().slice(0, 10), k % 3));
    const lines = linesOf(days);
    expect(lines.map(({ name }) => name)).toEqual(["2000", "2001", "2002", "2003", "2004"]);
    const cells = lines.flatMap((line) => line.cells);
    expect(cells.reduce((sum, { expected }) => sum + expected, 0)).toBe(15_000);
    expect(cells.reduce((sum, { missing }) => sum + missing, 0)).toBe(1_500);
  });

  it("are none where there is nothing", () => expect(linesOf([])).toEqual([]));
});

describe("lineage", () => {
  const made = (over: Partial<LineageNode["made_by"][number]>): LineageNode["made_by"][number] => ({ kind: "derived", command: "", code_version: "", parents: [], payloads: [], sources: [], ...over });
  const node = (hash: string, parents: string[], sources: string[] = []): LineageNode => ({
    hash, name: hash, instrument: "X", timeframe: "1m", rows: 1, created_at_ns: 0, stored: true, files: [],
    made_by: [made({ parents, sources: sources.map((name) => ({ name, bytes: 1, sha256: "00" })) })],
  });

  it("stands left of what came from it, files first", () => {
    const graph = layout({ root: "c", nodes: [node("c", ["a", "b"]), node("b", ["a"]), node("a", [], ["x.csv"])] });
    const columns = Object.fromEntries(graph.boxes.map((box) => [box.title, box.column]));
    expect(columns).toEqual({ "x.csv": 0, a: 1, b: 2, c: 3 });
    expect(graph.edges).toHaveLength(4);
    expect([graph.columns, graph.rows]).toEqual([4, 1]);
  });

  it("ends even where an answer has a ring or names what is not there", () => {
    const graph = layout({ root: "a", nodes: [node("a", ["b", "gone"]), node("b", ["a"])] });
    expect(graph.boxes).toHaveLength(2);
    expect(graph.edges).toHaveLength(2);
  });
});

describe("alerts", () => {
  it("are of quality and of a rewritten past, and of nothing else", () => {
    const event = (topic: string, data: object): FeedEvent => ({ seq: 1, at_ns: 0, topic, data }) as unknown as FeedEvent;
    const rewritten = event("data.history_rewritten.v1", { dataset: "btc", dataset_hash: "h", provider: "binance", rows: 3 });
    expect(alertOf(rewritten)).toMatchObject({ name: "btc", severity: "warning", score: null });
    expect(alertOf(event("data.quality_alerted.v1", { name: "x", score: 4 }))).toMatchObject({ name: "x", score: 4 });
    expect(alertOf(event("data.bar_closed.v1", {}))).toBeNull();
  });
});

describe("the tape", () => {
  const trade = (id: string, price = 1): TradeReported => ({ stream: "s", symbol: "X", price_decimals: 2, quantity_decimals: 0, price, quantity: 1, side: 1, id, ts_ns: 0, received_ns: 5 });

  it("has the newest first, each once, and no more than fit", () => {
    const first = withTrades([], [trade("1"), trade("2")]);
    expect(first.map(({ id }) => id)).toEqual(["2", "1"]);
    expect(withTrades(first, [trade("2"), trade("3")]).map(({ id }) => id)).toEqual(["3", "2", "1"]);
    expect(withTrades(first, [])).toBe(first);
    const many = Array.from({ length: 90 }, (_, k) => trade(`n${k}`));
    expect(withTrades(first, many)).toHaveLength(40);
  });

  it.each([
    [123_456, 2, "1,234.56"],
    [5, 3, "0.005"],
    [-70, 1, "−7.0"],
    [1_234_567, 0, "1,234,567"],
    [0, 2, "0.00"],
  ])("writes %i of %i decimals as %s", (units, decimals, text) => expect(scaled(units, decimals)).toBe(text));
});
