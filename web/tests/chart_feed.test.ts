// Only what is new reaches the chart, and what changed in the middle is never left stale.
import { describe, expect, it } from "vitest";
import { type Dated, feed } from "../src/views/parts/chart_feed";

function record(): { calls: string[]; setData(data: Dated[]): void; update(datum: Dated): void } {
  const calls: string[] = [];
  return {
    calls,
    setData: (data) => calls.push(`set ${data.length}`),
    update: ({ time, value }) => calls.push(`update ${time}=${value}`),
  };
}

const line = (...values: (number | undefined)[]): Dated[] =>
  values.map((value, time) => (value === undefined ? { time } : { time, value }));

function fed(before: Dated[], after: Dated[]): string[] {
  const series = record();
  feed(series, before, after);
  return series.calls;
}

describe("feeding a series", () => {
  it("appends, and revises the last bar", () => {
    expect(fed(line(1, 2), line(1, 3, 4))).toEqual(["update 1=3", "update 2=4"]);
  });
  it("sets everything when older bars came in front, or there were none", () => {
    expect(fed([], line(1))).toEqual(["set 1"]);
    expect(fed([{ time: 5, value: 1 }], [{ time: 4, value: 1 }, { time: 5, value: 1 }])).toEqual(["set 2"]);
  });
  it("sets everything when values arrived where there were holes", () => {
    expect(fed(line(undefined, undefined, 3), line(1, 2, 3))).toEqual(["set 3"]);
  });
});
