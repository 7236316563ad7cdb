// From what the server sends to what the chart paints: pure, so that it can be tested.
import type { BarClosed, SignalRaised } from "../api/events";
import type { Bars, EquityPoint, Fill, IndicatorInfo, IndicatorWindow, Order } from "../api/types";
import { columnsOf, parseSpec, specLabel } from "./specs";
import { seconds } from "./time";

export interface Bar {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

export interface TimedValue {
  time: number;
  value: number | null;
}

/** Join pages (the latest first, as they were fetched) and live bars into one run in time order. */
export function joinBars(pages: readonly Bars[], live: readonly BarClosed[]): Bar[] {
  const bars: Bar[] = [];
  const add = (bar: Bar): void => {
    const last = bars.at(-1);
    if (!last || bar.time > last.time) bars.push(bar);
  };
  for (const page of pages.toReversed()) {
    page.ts_ns.forEach((tsNs, at) => {
      const [open, high, low, close, volume] = [page.open[at], page.high[at], page.low[at], page.close[at], page.volume[at]];
      if (open === undefined || high === undefined || low === undefined || close === undefined) return;
      add({ time: seconds(tsNs), open, high, low, close, volume: volume ?? 0 });
    });
  }
  for (const { ts_ns, open, high, low, close, volume } of live) {
    add({ time: seconds(ts_ns), open, high, low, close, volume });
  }
  return bars;
}

/** Join windows of indicator values, the oldest first; later windows win where they overlap. */
export function joinWindows(windows: readonly IndicatorWindow[]): Map<string, Map<number, number | null>> {
  const columns = new Map<string, Map<number, number | null>>();
  for (const window of windows) {
    const times = window.ts_ns.map(seconds);
    for (const [name, values] of Object.entries(window.columns)) {
      const column = columns.get(name) ?? new Map<number, number | null>();
      values.forEach((value, at) => {
        const time = times[at];
        if (time !== undefined) column.set(time, value);
      });
      columns.set(name, column);
    }
  }
  return columns;
}

export interface IndicatorLine {
  key: string;
  label: string;
  /** "" over the bars, otherwise the title of a pane of its own. */
  pane: string;
  histogram: boolean;
  points: TimedValue[];
}

/** The lines of some indicators at the times of the bars; warm-up is a hole. */
export function indicatorLines(
  specs: readonly string[],
  kinds: readonly IndicatorInfo[],
  columns: ReadonlyMap<string, ReadonlyMap<number, number | null>>,
  bars: readonly Bar[],
): IndicatorLine[] {
  return specs.flatMap((text) => {
    const info = kinds.find(({ kind }) => kind === parseSpec(text)?.kind);
    if (!info) return [];
    return columnsOf(text, info).map(({ key, output }) => {
      const column = columns.get(key);
      return {
        key,
        label: info.outputs.length > 1 ? `${specLabel(text)} ${output}` : specLabel(text),
        pane: info.overlay ? "" : specLabel(text),
        histogram: output === "histogram",
        points: bars.map(({ time }) => ({ time, value: column?.get(time) ?? null })),
      };
    });
  });
}

export interface EquityLines {
  equity: TimedValue[];
  drawdown: TimedValue[];
}

/** Equity and drawdown (a fraction of the peak so far) from the first bar shown on. */
export function equityLines(points: readonly EquityPoint[], fromTime: number): EquityLines {
  const lines: EquityLines = { equity: [], drawdown: [] };
  let peak = -Infinity;
  let last = -Infinity;
  for (const [tsNs, worth] of points) {
    peak = Math.max(peak, worth);
    const time = seconds(tsNs);
    if (time < fromTime || time <= last) continue;
    last = time;
    lines.equity.push({ time, value: worth });
    lines.drawdown.push({ time, value: peak > 0 ? worth / peak - 1 : 0 });
  }
  return lines;
}

export interface SignalMark {
  time: number;
  side: "up" | "down" | "flat";
}

/**
 * Signals that meant something new: those that orders speak of (an order names the bar it was
 * decided at), and those heard that aim elsewhere than the one before. Many strategies repeat
 * their aim at every bar; marking each would bury the ones that count.
 */
export function signalMarks(raised: readonly SignalRaised[], orders: readonly Order[]): SignalMark[] {
  const marks = new Map<number, SignalMark>();
  for (const order of orders) {
    const time = seconds(order.created_ts_ns);
    marks.set(time, { time, side: order.side === "buy" ? "up" : "down" });
  }
  let before: string | undefined;
  for (const { bar_ts_ns, signal } of raised) {
    const time = seconds(bar_ts_ns);
    const changed = signal.action !== "target" || (before !== undefined && before !== signal.side);
    before = signal.side;
    if (!changed) continue;
    const side = signal.side === "long" ? "up" : signal.side === "short" ? "down" : "flat";
    if (!marks.has(time)) marks.set(time, { time, side });
  }
  return [...marks.values()].sort((a, b) => a.time - b.time);
}

export interface FillMark {
  time: number;
  side: "buy" | "sell";
}

/** One mark a bar and side. */
export function fillMarks(fills: readonly Fill[]): FillMark[] {
  const marks = new Map<string, FillMark>();
  for (const { ts_ns, side } of fills) {
    const time = seconds(ts_ns);
    marks.set(`${time} ${side}`, { time, side });
  }
  return [...marks.values()].sort((a, b) => a.time - b.time);
}

/** The bar at a time, or the last one before it. */
export function barAt(bars: readonly Bar[], time: number): Bar | undefined {
  let [low, high] = [0, bars.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const bar = bars[middle];
    if (bar && bar.time <= time) low = middle + 1;
    else high = middle;
  }
  return bars[low - 1];
}
