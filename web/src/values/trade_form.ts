// The form behind a backtest and a paper session: both trade a strategy on a dataset with an
// amount, an account and costs. Texts in, a request or messages out.
import type { BacktestRequest, Costs, FillRule, Param, SessionRequest } from "../api/types";
import { type Checked, checkNumber, checkParams, initials } from "./params";
import { dateToNs } from "./time";

export interface TradeForm {
  strategy: string;
  dataset: string;
  params: Readonly<Record<string, string>>;
  quantity: string;
  cash: string;
  fillRule: FillRule;
  costs: Readonly<Record<keyof Costs, string>>;
  from: string;
  to: string;
  lastBars: string;
  barsPerSecond: string;
}

export type Errors = Readonly<Record<string, string>>;

export const COSTS: readonly { name: keyof Costs; label: string; hint: string; whole?: boolean }[] = [
  { name: "fee_bps", label: "Fee, bps of notional", hint: "1 bps is 0.01 %" },
  { name: "fee_per_unit", label: "Fee per unit", hint: "per share or contract" },
  { name: "fee_minimum", label: "Least fee a fill", hint: "in currency" },
  { name: "slippage_bps", label: "Slippage, bps", hint: "against you" },
  { name: "slippage_ticks", label: "Slippage, ticks", hint: "against you", whole: true },
  { name: "spread_ticks", label: "Spread, ticks", hint: "half is paid", whole: true },
];

const NO_COSTS = Object.fromEntries(COSTS.map(({ name }) => [name, "0"])) as TradeForm["costs"];

export const EMPTY: TradeForm = {
  strategy: "",
  dataset: "",
  params: {},
  quantity: "10",
  cash: "100000",
  fillRule: "next_open",
  costs: NO_COSTS,
  from: "",
  to: "",
  lastBars: "500",
  barsPerSecond: "5",
};

/** The form after another strategy was chosen: its own defaults. */
export function withStrategy(form: TradeForm, strategy: string, params: readonly Param[]): TradeForm {
  return { ...form, strategy, params: initials(params) };
}

/** A form filled from an earlier request. */
export function fromRequest(request: BacktestRequest, params: readonly Param[]): TradeForm {
  const given = Object.fromEntries(Object.entries(request.params ?? {}).map(([name, value]) => [name, String(value)]));
  const costs = Object.fromEntries(COSTS.map(({ name }) => [name, String(request.costs?.[name] ?? 0)]));
  return {
    ...EMPTY,
    strategy: request.strategy,
    dataset: request.dataset,
    params: { ...initials(params), ...given },
    quantity: String(request.quantity ?? 1),
    cash: String(request.cash ?? 100_000),
    fillRule: request.fill_rule ?? "next_open",
    costs: costs as TradeForm["costs"],
  };
}

class Reader {
  readonly errors: Record<string, string> = {};

  number(key: string, text: string, rule: Parameters<typeof checkNumber>[1]): number {
    return this.take(key, checkNumber(text, rule));
  }

  take(key: string, checked: Checked): number {
    if (checked.ok) return Number(checked.value);
    this.errors[key] = checked.message;
    return 0;
  }

  date(key: string, text: string): number | null {
    if (text === "") return null;
    const ns = dateToNs(text);
    if (ns === null || ns < 0) this.errors[key] = "a date since 1970 is needed, such as 2015-01-31";
    return ns;
  }
}

interface Shared {
  strategy: string;
  dataset: string;
  params: Record<string, string | number | boolean>;
  quantity: number;
  cash: number;
  fill_rule: FillRule;
  costs: Costs;
}

function shared(form: TradeForm, params: readonly Param[], reader: Reader): Shared {
  const checked = checkParams(params, form.params);
  for (const [name, message] of Object.entries(checked.errors)) reader.errors[`params.${name}`] = message;
  if (!form.strategy) reader.errors["strategy"] = "choose a strategy";
  if (!form.dataset) reader.errors["dataset"] = "choose a dataset";
  const costs = Object.fromEntries(
    COSTS.map(({ name, whole }) => [
      name,
      reader.number(`costs.${name}`, form.costs[name], { minimum: 0, whole: whole ?? false }),
    ]),
  ) as unknown as Costs; // every name of COSTS is a field of Costs, and all are there
  return {
    strategy: form.strategy,
    dataset: form.dataset,
    params: checked.values,
    quantity: reader.number("quantity", form.quantity, { minimum: 0, above: true, maximum: 1e12 }),
    cash: reader.number("cash", form.cash, { minimum: 0, above: true, maximum: 9e9 }),
    fill_rule: form.fillRule,
    costs,
  };
}

export interface CheckedForm<R> {
  request: R;
  errors: Errors;
  ok: boolean;
}

const DAY_NS = 86_400 * 1e9;

/** What the form asks of a backtest. The last day is part of it. */
export function backtestRequest(form: TradeForm, params: readonly Param[]): CheckedForm<BacktestRequest> {
  const reader = new Reader();
  const base = shared(form, params, reader);
  const from = reader.date("from", form.from);
  const to = reader.date("to", form.to);
  if (from !== null && to !== null && to < from) reader.errors["to"] = "must not be before the first day";
  const request: BacktestRequest = {
    ...base,
    ...(from === null ? {} : { from_ts_ns: from }),
    ...(to === null ? {} : { to_ts_ns: to + DAY_NS }),
  };
  return { request, errors: reader.errors, ok: Object.keys(reader.errors).length === 0 };
}

/** What the form asks of a paper session. */
export function sessionRequest(form: TradeForm, params: readonly Param[]): CheckedForm<SessionRequest> {
  const reader = new Reader();
  const base = shared(form, params, reader);
  const all = form.lastBars.trim() === "";
  const lastBars = all ? null : reader.number("lastBars", form.lastBars, { whole: true, minimum: 1, maximum: 1e6 });
  const request: SessionRequest = {
    ...base,
    ...(lastBars === null ? {} : { last_bars: lastBars }),
    bars_per_second: reader.number("barsPerSecond", form.barsPerSecond, { minimum: 0, maximum: 100_000 }),
  };
  return { request, errors: reader.errors, ok: Object.keys(reader.errors).length === 0 };
}
