// What the figures of limits mean. The interface gives most of them as the engine counts them:
// money in billionths, shares in millionths or billionths, times in nanoseconds.
import { decimal, scaled } from "./decimal";
import { percent, words } from "./format";

export type Unit = "count" | "money" | "millionth" | "billionth" | "ns" | "lots" | "ticks" | "points" | "text";

const BY_NAME: Readonly<Record<string, Unit>> = {
  max_correlated_exposure: "money",
  daily_loss_warn: "millionth",
  daily_loss_reduce: "millionth",
  daily_loss_halt: "millionth",
  weekly_loss: "millionth",
  ladder_warn: "millionth",
  ladder_reduce: "millionth",
  ladder_cancel: "millionth",
  ladder_flatten: "millionth",
  max_drawdown: "millionth",
  max_trade_risk: "millionth",
  max_position_risk: "millionth",
  reject_share: "millionth",
  vix_age: "ns",
  signal_age: "ns",
};

// The engine's own limits bear the names of its controls.
const OF_ENGINE: Readonly<Record<string, Unit>> = {
  MAX_QTY: "lots",
  MAX_NOTIONAL: "money",
  PRICE_COLLAR: "ticks",
  STALE_REFERENCE: "ns",
  BUYING_POWER: "money",
  EXPOSURE: "money",
  POSITION_LIMIT: "lots",
  CONCENTRATION: "billionth",
};

/** Bars with the same engine code come in a fixed order: these are their names. */
const PAIRS: Readonly<Record<string, readonly (readonly [string, Unit])[]>> = {
  MAX_QTY: [["order quantity, technical", "lots"], ["order quantity", "lots"]],
  EXPOSURE: [["gross exposure", "money"], ["net exposure", "money"]],
  OPEN_ORDERS: [["open orders, account", "count"], ["open orders, symbol", "count"]],
  DAY_ACCUMULATED: [["traded today, value", "money"], ["traded today, lots", "lots"]],
};

export interface Named {
  title: string;
  unit: Unit;
}

/** Title and unit of a limit; `place` counts the lines of the same engine code before it. */
export function named(code: string, name: string, place: number): Named {
  const pair = PAIRS[code]?.[place];
  if (name.toUpperCase() === code && pair) return { title: pair[0], unit: pair[1] };
  return { title: words(name), unit: BY_NAME[name] ?? (name.toUpperCase() === code ? OF_ENGINE[code] : undefined) ?? "count" };
}

/** An amount in its unit, for people; texts that are no whole number are shown as they came. */
export function inUnit(text: string, unit: Unit): string {
  if (!/^-?\d+$/.test(text)) return decimal(text);
  switch (unit) {
    case "money":
      return decimal(scaled(text, 9));
    case "millionth":
      return percent(Number(text) / 1e6);
    case "billionth":
      return percent(Number(text) / 1e9);
    case "ns":
      return `${decimal(scaled(String(BigInt(text) / 1_000_000n), 3))} s`;
    case "lots":
    case "ticks":
      return `${decimal(text)} ${unit}`;
    default:
      return decimal(text);
  }
}

/** Lines with the count of same codes before each, as `named` wants it. */
export function placed<T>(lines: readonly T[], key: (line: T) => string): { line: T; place: number }[] {
  const seen = new Map<string, number>();
  return lines.map((line) => {
    const place = seen.get(key(line)) ?? 0;
    seen.set(key(line), place + 1);
    return { line, place };
  });
}
