// The figures of a run: in which order, under which words and in which unit they are shown.
// A figure this list does not know is shown under its own name.
import type { Run } from "../api/types";
import { count, money, number, percent, words } from "./format";

type Unit = "money" | "percent" | "ratio" | "count" | "days";

interface Figure {
  key: string;
  label: string;
  unit: Unit;
  /** Whether more is better (1), less is better (-1) or neither (0): for comparisons. */
  better: 1 | -1 | 0;
}

function figure(key: string, label: string, unit: Unit, better: 1 | -1 | 0 = 0): Figure {
  return { key, label, unit, better };
}

export const GROUPS: readonly { title: string; figures: readonly Figure[] }[] = [
  {
    title: "Return",
    figures: [
      figure("final_equity", "Final equity", "money", 1),
      figure("net_profit", "Net profit", "money", 1),
      figure("total_return", "Total return", "percent", 1),
      figure("cagr", "Growth a year", "percent", 1),
      figure("benchmark_return", "Holding instead", "percent"),
      figure("alpha", "Alpha a year", "percent", 1),
      figure("beta", "Beta", "ratio"),
    ],
  },
  {
    title: "Risk",
    figures: [
      figure("annual_volatility", "Volatility a year", "percent", -1),
      figure("max_drawdown", "Deepest drawdown", "percent", 1),
      figure("max_drawdown_amount", "Deepest drawdown, amount", "money", 1),
      figure("drawdown_recovery_days", "Recovery from it", "days", -1),
      figure("longest_underwater_days", "Longest under water", "days", -1),
      figure("var_95", "Value at risk 95 %, a day", "percent", 1),
      figure("cvar_95", "Expected shortfall 95 %", "percent", 1),
      figure("worst_day", "Worst day", "percent", 1),
      figure("best_day", "Best day", "percent", 1),
    ],
  },
  {
    title: "Ratios",
    figures: [
      figure("sharpe", "Sharpe", "ratio", 1),
      figure("sortino", "Sortino", "ratio", 1),
      figure("calmar", "Calmar", "ratio", 1),
      figure("probabilistic_sharpe", "Probability that Sharpe > 0", "percent", 1),
      figure("information_ratio", "Information ratio", "ratio", 1),
      figure("skew", "Skew", "ratio"),
      figure("kurtosis", "Kurtosis", "ratio"),
    ],
  },
  {
    title: "Trading",
    figures: [
      figure("trades", "Closed trades", "count"),
      figure("win_rate", "Won", "percent", 1),
      figure("profit_factor", "Profit factor", "ratio", 1),
      figure("expectancy", "Expectancy a trade", "money", 1),
      figure("average_win", "Average win", "money", 1),
      figure("average_loss", "Average loss", "money", 1),
      figure("largest_loss", "Largest loss", "money", 1),
      figure("exposure", "Time in the market", "percent"),
      figure("turnover", "Turnover a year", "ratio"),
      figure("total_fees", "Fees", "money", -1),
    ],
  },
];

const FURTHER: readonly Figure[] = [
  figure("bars", "Bars", "count"),
  figure("days", "Days", "count"),
  figure("periods_per_year", "Periods a year", "count"),
  figure("long_trades", "Long trades", "count"),
  figure("short_trades", "Short trades", "count"),
  figure("open_trades", "Open trades", "count"),
  figure("average_bars", "Bars a trade", "ratio"),
  figure("average_trade_return", "Return a trade", "percent", 1),
  figure("payoff_ratio", "Average win over loss", "ratio", 1),
  figure("largest_win", "Largest win", "money", 1),
  figure("average_mae", "Worst open profit, mean", "money", 1),
  figure("average_mfe", "Best open profit, mean", "money", 1),
  figure("max_consecutive_wins", "Wins in a row", "count", 1),
  figure("max_consecutive_losses", "Losses in a row", "count", -1),
  figure("var_99", "Value at risk 99 %, a day", "percent", 1),
  figure("tracking_error", "Tracking error a year", "percent"),
];

const KNOWN = new Map([...GROUPS.flatMap((group) => group.figures), ...FURTHER].map((item) => [item.key, item]));

/** The figures for the head of a run's page. */
export const HEADLINE = ["total_return", "cagr", "sharpe", "max_drawdown", "profit_factor", "trades"] as const;

export function figureOf(key: string): Figure {
  return KNOWN.get(key) ?? figure(key, words(key), "ratio");
}

export function metric(key: string, value: number | null | undefined): string {
  switch (figureOf(key).unit) {
    case "money":
      return money(value);
    case "percent":
      return percent(value);
    case "count":
      return count(value);
    case "days":
      return value === null || value === undefined ? number(value) : `${number(value, 0)} d`;
    default:
      return number(value, 2);
  }
}

/** Keys of all figures of some runs, the known ones first and in order. */
export function keysOf(all: readonly Readonly<Record<string, number | null>>[]): string[] {
  const present = new Set(all.flatMap((figures) => Object.keys(figures)));
  const known = [...KNOWN.keys()].filter((key) => present.has(key));
  return [...known, ...[...present].filter((key) => !KNOWN.has(key)).sort()];
}

/** The figures of a run; none before it is done. */
export function figures(run: Run): Readonly<Record<string, number | null>> {
  return run.metrics ?? {};
}

/** Which run is better in a figure; null where it cannot be said or they are equal. */
export function bestOf(key: string, values: readonly (number | null)[]): number | null {
  const { better } = figureOf(key);
  const known = values.flatMap((value) => (value === null ? [] : [value * better]));
  if (better === 0 || known.length < 2 || known.every((value) => value === known[0])) return null;
  const best = Math.max(...known);
  return values.findIndex((value) => value !== null && value * better === best);
}

/** A difference of two figures, with its sign. */
export function difference(key: string, value: number): string {
  const text = metric(key, value);
  return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}
