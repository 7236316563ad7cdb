// Formatting, times, specs and forms.
import { describe, expect, it } from "vitest";
import type { Param } from "../src/api/types";
import { asProblem, problemOf } from "../src/api/problem";
import { routeOf } from "../src/store/location";
import { change, count, decimals, duration, money, number, percent, quantity, short } from "../src/values/format";
import { bestOf, difference, keysOf, metric } from "../src/values/metrics";
import { checkNumber, checkParam, checkParams, initials, limits } from "../src/values/params";
import { equityLines, joinBars, signalMarks } from "../src/values/plot";
import { cleanSpecs, columnsOf, formatSpec, parseSpec, specLabel } from "../src/values/specs";
import { date, dateToNs, isDaily, moment, seconds } from "../src/values/time";
import { EMPTY, backtestRequest, sessionRequest, withStrategy } from "../src/values/trade_form";

describe("numbers", () => {
  it("have real minus signs, grouped digits, and a dash where undefined", () => {
    expect(number(-1234.5)).toBe("−1,234.50");
    expect(money(1_234_567.8)).toBe("1,234,568");
    expect(percent(-0.01234)).toBe("−1.23 %");
    expect([count(null), count(undefined), count(Number.NaN)]).toEqual(["–", "–", "–"]);
  });
  it("that round to zero have no sign, and changes always have one otherwise", () => {
    expect([number(-0.001), change(0), change(-0.001)]).toEqual(["0.00", "0.00", "0.00"]);
    expect([change(1.5), change(-1.5)]).toEqual(["+1.50", "−1.50"]);
  });
  it("keep the decimals of a tick size in any notation", () => {
    expect(["0.01", "0.25", "1", "5", "1E-5", "0.00000001", "1E+1", 0.5].map(decimals)).toEqual([2, 2, 0, 0, 5, 8, 0, 1]);
    expect(decimals("nonsense")).toBe(2);
  });
  it("are shortened for volumes, durations and quantities", () => {
    expect([short(950), short(3_400_000_000), short(-12_345)]).toEqual(["950", "3.4B", "−12.3k"]);
    expect([duration(0.0000084), duration(0.0044), duration(75), duration(90_000)]).toEqual(["8 µs", "4.4 ms", "1 min", "1 d 1 h"]);
    expect([quantity(10), quantity(0.00012345)]).toEqual(["10", "0.00012345"]);
  });
});

describe("times", () => {
  it("are rounded to whole seconds, since numbers of nanoseconds are not exact here", () => {
    expect(seconds(1546214400000000000)).toBe(1_546_214_400);
    expect(seconds(1546214399999999900)).toBe(1_546_214_400);
    expect([date(1546214400e9), moment(1546266600e9), moment(1546266601e9)]).toEqual(["2018-12-31", "2018-12-31 14:30", "2018-12-31 14:30:01"]);
  });
  it("that a person typed become exact nanoseconds, or nothing", () => {
    expect(JSON.stringify(dateToNs("2018-12-31"))).toBe("1546214400000000000");
    for (const text of ["", "2018-02-30", "31.12.2018", "2018-13-01"]) expect(dateToNs(text)).toBeNull();
  });
  it("need no time of day for daily bars", () => {
    expect(["1d", "d", "1wk", "1mo", "1m", "5m", "1h", "1min"].map(isDaily)).toEqual([true, true, true, true, false, false, false, false]);
  });
});

describe("indicator specs", () => {
  it("are read and written alike", () => {
    for (const text of ["sma:period=20", "ema:period=9,source=high", "vwap", "macd:fast=12,slow=26,signal=9"]) {
      const spec = parseSpec(text);
      expect(spec && formatSpec(spec)).toBe(text);
    }
    for (const text of ["", "SMA", "sma:period", "sma:period=x", "1sma", "sma:=3"]) expect(parseSpec(text)).toBeNull();
  });
  it("name the columns the server sends", () => {
    const info = { kind: "macd", title: "", params: {}, outputs: ["line", "signal"], overlay: false, summary: "" };
    expect(columnsOf("macd:fast=12", info).map(({ key }) => key)).toEqual(["macd:fast=12", "macd:fast=12_signal"]);
    expect(specLabel("ema:period=9,source=high")).toBe("EMA 9 high");
  });
  it("of an address are cleaned", () => {
    expect(cleanSpecs(["sma:period=3", "<script>", "sma:period=3", "rsi"])).toEqual(["sma:period=3", "rsi"]);
  });
});

function param(over: Partial<Param>): Param {
  return { name: "fast", type: "int", default: 10, minimum: 1, maximum: 500, choices: [], summary: "", ...over };
}

describe("forms", () => {
  it("say what would be accepted", () => {
    expect(checkParam(param({}), "12")).toEqual({ ok: true, value: 12 });
    expect(checkParam(param({}), "0")).toEqual({ ok: false, message: "must be 1 to 500" });
    expect(checkParam(param({}), "1.5")).toEqual({ ok: false, message: "a whole number is needed" });
    expect(checkParam(param({ choices: ["a", "b"] }), "c")).toEqual({ ok: false, message: "choose a, b" });
    expect(checkParam(param({ type: "bool" }), "True")).toEqual({ ok: true, value: true });
    expect([limits(1, null), limits(null, 5), limits(null, null)]).toEqual(["at least 1", "at most 5", ""]);
  });
  it("take what people type as numbers, and nothing else", () => {
    expect(checkNumber(" 100,000 ", {})).toEqual({ ok: true, value: 100_000 });
    expect(checkNumber("−5", {})).toEqual({ ok: true, value: -5 });
    for (const text of ["", "1,5", "ten", "1e999", "NaN"]) expect(checkNumber(text, {}).ok).toBe(false);
    expect(checkNumber("0", { minimum: 0, above: true }).ok).toBe(false);
  });
  it("begin with the defaults and collect all errors", () => {
    const params = [param({}), param({ name: "slow", default: 30 })];
    expect(initials(params)).toEqual({ fast: "10", slow: "30" });
    expect(checkParams(params, { fast: "x", slow: "40" })).toEqual({ values: { slow: 40 }, errors: { fast: "a whole number is needed" } });
  });
  it("become requests that leave out what was left empty", () => {
    const params = [param({})];
    const form = { ...withStrategy(EMPTY, "sma", params), dataset: "d" };
    const backtest = backtestRequest({ ...form, to: "2018-12-31" }, params);
    expect(backtest.ok).toBe(true);
    expect(backtest.request).toMatchObject({ strategy: "sma", dataset: "d", params: { fast: 10 }, cash: 100_000 });
    expect(backtest.request).not.toHaveProperty("from_ts_ns");
    expect(JSON.stringify(backtest.request.to_ts_ns)).toBe("1546300800000000000");
    expect(sessionRequest({ ...form, lastBars: "" }, params).request).not.toHaveProperty("last_bars");
  });
  it("refuse dates the wrong way round", () => {
    const form = { ...EMPTY, strategy: "s", dataset: "d", from: "2018-01-02", to: "2018-01-01" };
    expect(backtestRequest(form, []).errors).toEqual({ to: "must not be before the first day" });
  });
});

describe("figures", () => {
  it("are shown in their units, known ones first", () => {
    expect([metric("sharpe", 1.234), metric("max_drawdown", -0.1), metric("trades", 20)]).toEqual(["1.23", "−10.00 %", "20"]);
    expect(keysOf([{ zeta: 1, sharpe: 1 }, { cagr: 2 }])).toEqual(["cagr", "sharpe", "zeta"]);
  });
  it("are compared by what is better, where that can be said", () => {
    expect([bestOf("sharpe", [1, 2]), bestOf("annual_volatility", [1, 2]), bestOf("max_drawdown", [-0.2, -0.1])]).toEqual([1, 0, 1]);
    expect([bestOf("trades", [1, 2]), bestOf("sharpe", [1, null]), bestOf("sharpe", [1, 1])]).toEqual([null, null, null]);
    expect([difference("sharpe", 0.5), difference("sharpe", -0.5)]).toEqual(["+0.50", "−0.50"]);
  });
});

describe("the plot", () => {
  it("joins pages and live bars once each, in time order", () => {
    const page = (from: number): Parameters<typeof joinBars>[0][number] => {
      const ts_ns = [from, from + 1, from + 2].map((day) => day * 86_400e9);
      const values = [1, 2, 3];
      return { dataset: "d", instrument: { id: "i", tick_size: "1", lot_size: "1", multiplier: "1", currency: "", venue: "", calendar: "", description: "" }, timeframe: "1d", ts_ns, open: values, high: values, low: values, close: values, volume: values, total: 6, synthetic: false };
    };
    const live = [5, 6].map((index) => ({ stream: "s", index, instrument: "i", timeframe: "1d", ts_ns: index * 86_400e9, open: 1, high: 1, low: 1, close: 1, volume: 1 }));
    expect(joinBars([page(3), page(0)], live).map(({ time }) => time / 86_400)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
  it("measures drawdown from the peak of the whole curve, also before what is shown", () => {
    const { drawdown } = equityLines([[1e9, 100, 0], [2e9, 200, 0], [3e9, 150, 0]], 3);
    expect(drawdown).toEqual([{ time: 3, value: -0.25 }]);
  });
  it("marks a repeated aim once", () => {
    const raise = (at: number, side: string) => ({ session_id: "s", strategy: "x", bar_ts_ns: at * 1e9, bar_index: at, price: 1, signal: { id: "", action: "target", side, strength: 1 } });
    expect(signalMarks([raise(1, "long"), raise(2, "long"), raise(3, "flat"), raise(4, "flat")], [])).toEqual([{ time: 3, side: "flat" }]);
  });
});

describe("problems", () => {
  it("keep the server's words", () => {
    const problem = problemOf(503, { title: "Unavailable", detail: "nobody answers", code: "bus.no_responder", correlation_id: "c" });
    expect([problem.detail, problem.code, problem.correlationId, problem.passing]).toEqual(["nobody answers", "bus.no_responder", "c", true]);
    expect(problemOf(500, "<html>").detail).toContain("500");
    expect(asProblem(new TypeError("fetch failed")).status).toBe(0);
  });
});

describe("addresses", () => {
  it("lead to pages", () => {
    expect(["/", "/chart", "/backtests", "/compare"].map((path) => routeOf(path).page)).toEqual(["home", "chart", "backtests", "compare"]);
    expect(routeOf("/backtests/a%20b")).toEqual({ page: "run", id: "a b" });
    expect([routeOf("/nowhere").page, routeOf("/backtests/%").page, routeOf("/chart/x").page]).toEqual(["unknown", "unknown", "unknown"]);
  });
});
