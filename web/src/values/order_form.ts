// The order ticket: texts in, an order or messages out. Which fields an order has follows from its
// type and its time in force.
import type { OrderType, OrderWish, TimeInForce } from "../api/types";
import { isDecimal, isPositive } from "./decimal";

export interface OrderForm {
  account: string;
  symbol: string;
  side: "buy" | "sell";
  type: OrderType;
  quantity: string;
  price: string;
  stopPrice: string;
  trail: string;
  timeInForce: TimeInForce;
  /** "2026-01-31T16:00", UTC, for orders good till a date. */
  expire: string;
  bracket: boolean;
  takeProfit: string;
  stopLoss: string;
  display: string;
  postOnly: boolean;
  reduceOnly: boolean;
}

export const NEW_ORDER: OrderForm = {
  account: "paper",
  symbol: "",
  side: "buy",
  type: "market",
  quantity: "1",
  price: "",
  stopPrice: "",
  trail: "",
  timeInForce: "gtc",
  expire: "",
  bracket: true,
  takeProfit: "",
  stopLoss: "",
  display: "",
  postOnly: false,
  reduceOnly: false,
};

export const TYPES: readonly { value: OrderType; label: string }[] = [
  { value: "market", label: "Market" },
  { value: "limit", label: "Limit" },
  { value: "stop", label: "Stop" },
  { value: "stop_limit", label: "Stop limit" },
  { value: "market_if_touched", label: "Market if touched" },
  { value: "limit_if_touched", label: "Limit if touched" },
  { value: "market_to_limit", label: "Market to limit" },
  { value: "trailing_stop", label: "Trailing stop" },
  { value: "trailing_stop_limit", label: "Trailing stop limit" },
];

export const TIMES: readonly { value: TimeInForce; label: string }[] = [
  { value: "gtc", label: "Until cancelled (GTC)" },
  { value: "day", label: "Day" },
  { value: "ioc", label: "Immediate or cancel" },
  { value: "fok", label: "Fill or kill" },
  { value: "gtd", label: "Good till date" },
  { value: "at_open", label: "At the open" },
  { value: "at_close", label: "At the close" },
];

const PRICED: readonly OrderType[] = ["limit", "stop_limit", "limit_if_touched", "trailing_stop_limit"];
const TRIGGERED: readonly OrderType[] = ["stop", "stop_limit", "market_if_touched", "limit_if_touched"];
const TRAILING: readonly OrderType[] = ["trailing_stop", "trailing_stop_limit"];

export const needs = {
  price: (type: OrderType): boolean => PRICED.includes(type),
  stopPrice: (type: OrderType): boolean => TRIGGERED.includes(type),
  trail: (type: OrderType): boolean => TRAILING.includes(type),
  /** Only an order that can rest may insist on resting, or show a part of itself. */
  resting: (form: OrderForm): boolean => form.type === "limit" && form.timeInForce !== "ioc" && form.timeInForce !== "fok",
};

export type OrderErrors = Partial<Record<keyof OrderForm, string>>;

/** The nanoseconds of "2026-01-31T16:00" in UTC, exact in JSON; null for anything else. */
export function minuteToNs(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/.test(text)) return null;
  const ms = Date.parse(`${text}:00Z`);
  return Number.isFinite(ms) ? (ms / 1000) * 1e9 : null;
}

const POSITIVE = "a number above zero, such as 12.5";

function priceErrors(form: OrderForm): OrderErrors {
  const errors: OrderErrors = {};
  if (needs.price(form.type)) {
    // A trailing limit's price is an offset, which may be zero or negative.
    const good = form.type === "trailing_stop_limit" ? isDecimal(form.price) : isPositive(form.price);
    if (!good) errors.price = form.type === "trailing_stop_limit" ? "an offset, such as 0.5" : POSITIVE;
  }
  if (needs.stopPrice(form.type) && !isPositive(form.stopPrice)) errors.stopPrice = POSITIVE;
  if (needs.trail(form.type) && !isPositive(form.trail)) errors.trail = POSITIVE;
  return errors;
}

/** What is wrong with a ticket; empty where it may be sent. The server has the last word. */
export function orderErrors(form: OrderForm): OrderErrors {
  const errors = priceErrors(form);
  if (form.account === "") errors.account = "choose an account";
  if (!/^\S{1,64}$/.test(form.symbol)) errors.symbol = "a symbol, such as SPX";
  if (!isPositive(form.quantity)) errors.quantity = POSITIVE;
  if (form.timeInForce === "gtd" && minuteToNs(form.expire) === null) errors.expire = "a date and time, UTC";
  if (form.bracket && !form.reduceOnly) {
    if (form.takeProfit !== "" && !isPositive(form.takeProfit)) errors.takeProfit = POSITIVE;
    if (form.stopLoss !== "" && !isPositive(form.stopLoss)) errors.stopLoss = POSITIVE;
  }
  if (needs.resting(form) && form.display !== "" && !isPositive(form.display)) errors.display = POSITIVE;
  return errors;
}

/** The order that a ticket without errors means. Fields that its type has not are left out. */
export function orderWish(form: OrderForm): OrderWish {
  const bracket = form.bracket && !form.reduceOnly;
  const resting = needs.resting(form);
  return {
    account: form.account,
    symbol: form.symbol,
    side: form.side,
    type: form.type,
    quantity: form.quantity,
    time_in_force: form.timeInForce,
    ...(needs.price(form.type) ? { price: form.price } : {}),
    ...(needs.stopPrice(form.type) ? { stop_price: form.stopPrice } : {}),
    ...(needs.trail(form.type) ? { trail: form.trail } : {}),
    ...(form.timeInForce === "gtd" ? { expire_ts_ns: minuteToNs(form.expire) ?? 0 } : {}),
    ...(bracket && form.takeProfit !== "" ? { take_profit: form.takeProfit } : {}),
    ...(bracket && form.stopLoss !== "" ? { stop_loss: form.stopLoss } : {}),
    ...(resting && form.display !== "" ? { display_quantity: form.display } : {}),
    ...(resting && form.postOnly ? { post_only: true } : {}),
    ...(form.reduceOnly ? { reduce_only: true } : {}),
  };
}
