// From what a dataset covers to what is painted: pure, so that it can be tested.
import type { Coverage, DayQuality } from "../api/types";

const DAY_NS = 86_400e9;

export interface Axis {
  fromNs: number;
  toNs: number;
}

/** The span of all datasets together, whole days. */
export function axisOf(sets: readonly { first_ts_ns: number; last_ts_ns: number; rows: number }[]): Axis {
  const there = sets.filter(({ rows }) => rows > 0);
  if (there.length === 0) return { fromNs: 0, toNs: DAY_NS };
  const fromNs = Math.min(...there.map((set) => Math.floor(set.first_ts_ns / DAY_NS) * DAY_NS));
  const toNs = Math.max(...there.map((set) => (Math.floor(set.last_ts_ns / DAY_NS) + 1) * DAY_NS));
  return { fromNs, toNs };
}

export type StretchState = "full" | "part" | "hole" | "there";

export interface Stretch {
  /** Left edge and width as fractions of the axis. */
  left: number;
  width: number;
  /** How much of what is expected is there, 0 to 1. */
  fill: number;
  state: StretchState;
}

/** How a stretch is: rows of no calendar are there or not; null where nothing is expected. */
export function stateOf(expected: number, present: number, missing: number): StretchState | null {
  if (expected === 0) return present > 0 ? "there" : null;
  if (missing >= expected) return "hole";
  return missing === 0 ? "full" : "part";
}

/** The stretches of a dataset on an axis; neighbours of one look are one stretch. */
export function stretches(coverage: Coverage, axis: Axis): Stretch[] {
  const span = axis.toNs - axis.fromNs;
  const each = coverage.days_each * DAY_NS;
  const found: Stretch[] = [];
  coverage.expected.forEach((expected, at) => {
    const [present, missing] = [coverage.present[at] ?? 0, coverage.missing[at] ?? 0];
    const state = stateOf(expected, present, missing);
    if (state === null) return;
    const left = (coverage.from_ts_ns + at * each - axis.fromNs) / span;
    const right = Math.min(1, left + each / span);
    const fill = expected === 0 ? 1 : (expected - missing) / expected;
    const last = found.at(-1);
    const touches = last && Math.abs(last.left + last.width - left) < 1e-9;
    if (last && touches && last.state === state && last.fill === fill) last.width = right - last.left;
    else found.push({ left, width: right - left, fill, state });
  });
  return found;
}

/** How whole a dataset is, 0 to 1; null where no calendar tells. */
export function wholeness(coverage: Coverage): number | null {
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const expected = sum(coverage.expected);
  return expected === 0 ? null : (expected - sum(coverage.missing)) / expected;
}

/** Round dates on an axis: years, months or days, at most `most` of them. */
export function ticksOf({ fromNs, toNs }: Axis, most = 8): { at: number; label: string }[] {
  const [from, to] = [new Date(fromNs / 1e6), new Date(toNs / 1e6)];
  const days = (toNs - fromNs) / DAY_NS;
  const place = (ms: number, label: string): { at: number; label: string } => ({ at: (ms * 1e6 - fromNs) / (toNs - fromNs), label });
  const found: { at: number; label: string }[] = [];
  if (days > 365 * 2) {
    const [first, last] = [from.getUTCFullYear() + 1, to.getUTCFullYear()];
    const step = Math.max(1, Math.ceil((last - first + 1) / most));
    for (let year = Math.ceil(first / step) * step; year <= last; year += step) found.push(place(Date.UTC(year, 0, 1), String(year)));
  } else if (days > 62) {
    const months = (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
    const step = Math.max(1, Math.ceil(months / most));
    for (let month = 1; month <= months; month += step) {
      const at = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + month, 1));
      found.push(place(at.getTime(), at.toISOString().slice(0, 7)));
    }
  } else {
    const step = Math.max(1, Math.ceil(days / most));
    for (let day = step; day < days; day += step) {
      const ms = fromNs / 1e6 + day * 86_400_000;
      found.push(place(ms, new Date(ms).toISOString().slice(5, 10)));
    }
  }
  return found.filter(({ at }) => at >= 0 && at <= 0.97);
}

export interface Cell {
  key: string;
  /** For people: which days, and what of them. */
  title: string;
  expected: number;
  present: number;
  missing: number;
  faults: number;
}

export interface Line {
  name: string;
  cells: Cell[];
}

const MOST_MONTHS = 36;

function cell(key: string, days: readonly (DayQuality | undefined)[]): Cell {
  const told = days.filter((day) => day !== undefined);
  const sum = (of: "expected" | "present" | "missing" | "faults"): number => told.reduce((total, day) => total + day[of], 0);
  const [expected, present, missing, faults] = [sum("expected"), sum("present"), sum("missing"), sum("faults")];
  const words = expected + present === 0 ? "nothing expected" : `${present} there, ${missing} of ${expected} missing${faults ? `, ${faults} doubted` : ""}`;
  return { key, title: `${key}: ${words}`, expected, present, missing, faults };
}

/** Days as lines of cells: a month a line by days, or, of long spans, a year a line by weeks. */
export function linesOf(days: readonly DayQuality[]): Line[] {
  const [first, last] = [days[0]?.day, days.at(-1)?.day];
  if (first === undefined || last === undefined) return [];
  const known = new Map(days.map((day) => [day.day, day]));
  const year = (text: string): number => Number(text.slice(0, 4));
  const months = (year(last) - year(first)) * 12 + Number(last.slice(5, 7)) - Number(first.slice(5, 7)) + 1;
  const dayAt = (ms: number): DayQuality | undefined => known.get(new Date(ms).toISOString().slice(0, 10));
  if (months <= MOST_MONTHS) {
    return Array.from({ length: months }, (_, at) => {
      const start = Date.UTC(year(first), Number(first.slice(5, 7)) - 1 + at, 1);
      const name = new Date(start).toISOString().slice(0, 7);
      const length = new Date(Date.UTC(year(name), Number(name.slice(5, 7)), 0)).getUTCDate();
      return { name, cells: Array.from({ length }, (_day, k) => cell(new Date(start + k * 864e5).toISOString().slice(0, 10), [dayAt(start + k * 864e5)])) };
    });
  }
  return Array.from({ length: year(last) - year(first) + 1 }, (_, at) => {
    const name = String(year(first) + at).padStart(4, "0");
    const start = Date.UTC(Number(name), 0, 1);
    const cells = Array.from({ length: 53 }, (_week, k) => {
      const week = Array.from({ length: 7 }, (_day, d) => start + (k * 7 + d) * 864e5).filter((ms) => new Date(ms).getUTCFullYear() === Number(name));
      return cell(`week of ${new Date(week[0] ?? start).toISOString().slice(0, 10)}`, week.map(dayAt));
    });
    return { name, cells };
  });
}
