// The trade area's pure parts: exact decimals, the ticket, the units of limits, events on lists.
import { describe, expect, it } from "vitest";
import type { FeedEvent } from "../src/api/events";
import { NO_SESSION, merge } from "../src/api/resume";
import type { AccountOrder, AccountPosition, HeldSignal, LimitUse, Override } from "../src/api/types";
import { nextCursor } from "../src/store/history";
import { routeOf, tradeHref } from "../src/store/location";
import { withOrder, withOrderEvents, withPositionEvents, withSignalEvents } from "../src/store/trading_events";
import { NEW_ACCOUNT, accountErrors, accountWish, parseLimits } from "../src/values/account_form";
import { canonical, decimal, isPositive, magnitude, scaled, signOf, signed } from "../src/values/decimal";
import { inUnit, unitHint } from "../src/values/figures";
import { changesOf, lacks } from "../src/values/limit_draft";
import { again, left, placedWith, softlyRefused } from "../src/values/override";
import { conditions, sizeText } from "../src/values/rules";
import { NEW_ORDER, type OrderForm, minuteToNs, orderErrors, orderWish } from "../src/values/order_form";

describe("exact decimals", () => {
  it("keep every digit that came, also those that a float would lose", () => {
    expect(decimal("123456789012345678.123456789")).toBe("123,456,789,012,345,678.123456789");
    expect(decimal("-1234.50")).toBe("−1,234.50");
    expect(decimal("-0.00")).toBe("0.00");
    expect(decimal(null)).toBe("–");
    expect(decimal("1E+3")).toBe("1E+3");
    expect([signed("5"), signed("-5"), signed("0")]).toEqual(["+5", "−5", "0"]);
    expect(["5.50", "5.0", "100", "0.10"].map(canonical)).toEqual(["5.5", "5", "100", "0.1"]);
    expect(magnitude("-3.5")).toBe("3.5");
    expect([signOf("-0.01"), signOf("0.00"), signOf("7")]).toEqual([-1, 0, 1]);
  });

  it("shift the point without arithmetic", () => {
    expect(scaled("1423390000000", 9)).toBe("1423.39");
    expect(scaled("-5", 9)).toBe("-0.000000005");
    expect(scaled("3000000000000000", 9)).toBe("3000000");
    expect(scaled("1.5", 9)).toBe("1.5");
  });

  it("tell what an order may have", () => {
    expect(["1", "0.5", "0", "", "-1", "1e3", "x", "1."].map(isPositive)).toEqual([true, true, false, false, false, false, false, false]);
  });
});

describe("the ticket", () => {
  const form = (changes: Partial<OrderForm>): OrderForm => ({ ...NEW_ORDER, symbol: "SPX", ...changes });

  it("asks for the fields of the order's type, and for no others", () => {
    expect(orderErrors(form({}))).toEqual({});
    expect(Object.keys(orderErrors(form({ type: "stop_limit" })))).toEqual(["price", "stopPrice"]);
    expect(Object.keys(orderErrors(form({ type: "trailing_stop" })))).toEqual(["trail"]);
    expect(Object.keys(orderErrors(form({ symbol: "", quantity: "0", timeInForce: "gtd" })))).toEqual(["symbol", "quantity", "expire"]);
  });

  it("sends texts as they were typed, and leaves out what the type has not", () => {
    const typed = form({ quantity: "1.10", price: "99.5", stopPrice: "98", stopLoss: "90.00", postOnly: true });
    expect(orderWish(typed)).toEqual({ account: "paper", symbol: "SPX", side: "buy", type: "market", quantity: "1.10", time_in_force: "gtc", stop_loss: "90.00" });
    const limit = orderWish({ ...typed, type: "limit" });
    expect([limit.price, limit.post_only, limit.stop_price]).toEqual(["99.5", true, undefined]);
  });

  it("never brings a bracket to an order that only reduces", () => {
    const wish = orderWish(form({ reduceOnly: true, stopLoss: "90", takeProfit: "x" }));
    expect([wish.stop_loss, wish.take_profit, wish.reduce_only]).toEqual([undefined, undefined, true]);
  });

  it("turns a minute into nanoseconds, exact in JSON", () => {
    expect(String(minuteToNs("2026-01-31T16:05"))).toBe("1769875500000000000");
    expect(minuteToNs("31.01.2026")).toBeNull();
  });
});

function limit(name: string, value: string, code = "VIX_GATE", soft = false): LimitUse {
  return { account: "a", name, code, value, soft, scope: "account", used: null, limit: null, share: 0, unit: "count", headroom: null, state: "kept", meaning: "m" };
}

describe("overrides", () => {
  it("are asked for orders that a soft limit refused, as the same order", () => {
    const limits = [limit("news_window", "1800", "NEWS_GATE", true), limit("max_vix", "25")];
    const refused = (id: number, code: string): AccountOrder => ({ ...order(id, "rejected"), code, price: "5", stop_price: null });
    const soft = softlyRefused([refused(3, "VIX_GATE"), refused(2, "NEWS_GATE"), order(1, "filled")], limits);
    expect(soft.map(({ id }) => id)).toEqual([2]);
    const [first] = soft;
    expect(first && again(first)).toEqual({ account: "a", symbol: "S", side: "buy", type: "limit", quantity: "1", time_in_force: "gtc", post_only: false, reduce_only: false, price: "5" });
  });

  it("are sent for exactly what they were asked for, and tell the time left", () => {
    const one = { number: 7, approved: true, account: "a", symbol: "S", side: "sell", quantity: "2" } as Override;
    expect(placedWith(one, { price: "", stop_loss: "9", take_profit: "" })).toEqual({ account: "a", symbol: "S", side: "sell", quantity: "2", type: "market", override: 7, stop_loss: "9" });
    expect(placedWith(one, { price: "4", stop_loss: "", take_profit: "" }).type).toBe("limit");
    expect([left(61e9, 0), left(1e9, 0), left(0, 5)]).toEqual(["1:01", "0:01", "expired"]);
  });
});

describe("rules in words", () => {
  const sizing = { method: "risk_percent" as const, quantity: "1", risk: "0.01", atr_multiple: "2", fraction: "0.25", tiers: [], most: null };
  it("tell how a signal is sized, and what a firm asks", () => {
    expect(sizeText(sizing)).toBe("1 % of equity at the stop");
    expect(sizeText({ ...sizing, method: "fixed", quantity: "3", most: "9" })).toBe("3 units, at most 9");
    expect(sizeText({ ...sizing, method: "kelly" })).toBe("25 % of Kelly");
    const rules = { drawdown_kind: "end_of_day", overnight: false, news: false, daily_loss_soft: true, payout: "0.80" };
    expect(conditions(rules as Parameters<typeof conditions>[0])).toBe("Drawdown is end of day; flat before the close; no entries around news; a daily loss ends the day; 80 % of the profit is paid out.");
  });
});

describe("pages of the past", () => {
  it("go on below the last row, and end with a short page", () => {
    const id = (row: number): number => row;
    expect(nextCursor([9, 8, 7], id, 3)).toBe(7);
    expect(nextCursor([9, 8, 7, 6], id, 3)).toBe(6);
    expect(nextCursor([9, 8], id, 3)).toBeUndefined();
    expect(nextCursor([], id, 3)).toBeUndefined();
  });
});

describe("limits", () => {
  it("are shown in their own unit, no digit rounded away", () => {
    expect(inUnit("3000000", "money")).toBe("3,000,000");
    expect(["0.05", "1", "0.0123456", "10", "0", "-0.5"].map((text) => inUnit(text, "share"))).toEqual(["5 %", "100 %", "1.23456 %", "1,000 %", "0 %", "−50 %"]);
    expect(inUnit("86400", "seconds")).toBe("86,400 s");
    expect(inUnit("7", "quantity")).toBe("7");
    expect(inUnit(null, "money")).toBe("–");
    expect(unitHint("share")).toContain("none waives it");
  });

  it("that are changed are those whose text differs", () => {
    expect(changesOf({ max_vix: " 30 ", heartbeat: "10", symbols: "" }, [limit("max_vix", "25"), limit("heartbeat", "10"), limit("symbols", "*")])).toEqual({ max_vix: "30" });
  });

  it("are confirmed with a reason where they let more through", () => {
    const difference = { name: "max_vix", before: "25", after: "30", looser: true };
    const preview = { account: "a", limits_version: 1, needs_reason: true, differences: [difference] };
    expect(lacks(preview, "  a ")).toContain("loosens");
    expect(lacks(preview, "calm market")).toBe("");
    expect(lacks({ ...preview, needs_reason: false }, "")).toBe("");
    expect(lacks({ ...preview, differences: [] }, "why")).toBe("nothing differs");
  });

  it("of a new account are read line by line, and a line that is none is named", () => {
    expect(parseLimits("max_position@ES = 5\n\nmax_vix: none").limits).toEqual({ "max_position@ES": "5", max_vix: "none" });
    const form = { ...NEW_ACCOUNT, id: "a", limits: "what" };
    expect(accountErrors(form).limits).toContain("what");
    expect(accountWish({ ...form, limits: "a = 1" }).limits).toEqual({ a: "1" });
  });
});

function order(id: number, state: AccountOrder["state"], at = id, account = "a"): AccountOrder {
  return {
    id, state, account, updated_ts_ns: at, created_ts_ns: id, client_order_id: String(id), symbol: "S", side: "buy", type: "limit",
    time_in_force: "gtc", quantity: "1", filled: "0", leaves: "1", venue: "", venue_order_id: "", strategy_id: "", reference: "",
    list_id: "", reduce_only: false, post_only: false, limits_version: 1, code: "", reason: "",
  };
}

const updated = (news: AccountOrder): FeedEvent => ({ seq: news.id, topic: "execution.order_updated.v1", at_ns: 0, data: { account: news.account, order: news } });

describe("lists of the trade area", () => {
  const all = { account: "", symbol: "", working: false };

  it("take an event twice, late or early without harm", () => {
    const events = [updated(order(1, "new", 10)), updated(order(1, "filled", 12)), updated(order(2, "new", 11))];
    const once = withOrderEvents([], events, all);
    expect(withOrderEvents(once, events, all)).toEqual(once);
    expect(once.map(({ id, state }) => [id, state])).toEqual([[2, "new"], [1, "filled"]]);
    expect(withOrder(once, order(1, "new", 99), all)).toBe(once);
    expect(withOrder([order(1, "pending_cancel", 20)], order(1, "new", 10), all)[0]?.state).toBe("pending_cancel");
  });

  it("of working orders lose what is over, and keep to their account", () => {
    const working = { account: "a", symbol: "", working: true };
    expect(withOrder([order(1, "new")], order(1, "cancelled", 5), working)).toEqual([]);
    expect(withOrder([], order(2, "rejected"), working)).toEqual([]);
    expect(withOrder([], order(3, "new", 3, "b"), working)).toEqual([]);
  });

  it("of positions lose one that is flat without orders", () => {
    const position = (quantity: string, open = "0"): AccountPosition => ({ account: "a", symbol: "S", quantity, open_buy: open, open_sell: "0", average_price: "1", last_price: "1", unrealised_pnl: "0", realised_pnl: "0" });
    const moved = (next: AccountPosition): FeedEvent => ({ seq: 1, topic: "execution.position_updated.v1", at_ns: 0, data: { account: "a", position: next } });
    const held = withPositionEvents([], "a", [moved(position("2"))]);
    expect(held).toHaveLength(1);
    expect(withPositionEvents(held, "a", [moved(position("0", "3"))])).toHaveLength(1);
    expect(withPositionEvents(held, "a", [moved(position("0.000"))])).toEqual([]);
    expect(withPositionEvents(held, "b", [moved(position("0"))])).toBe(held);
  });

  it("of waiting signals lose those that were decided", () => {
    const signal: HeldSignal = { id: 1, signal_id: "x", account: "a", symbol: "S", side: "long", quantity: "1", strategy_id: "s", confidence: 1, signal_ts_ns: 0, created_ts_ns: 0, expires_ts_ns: 0, status: "waiting", decided_by: "", order_id: 0, reason: "" };
    const queued = (next: HeldSignal): FeedEvent => ({ seq: 1, topic: "execution.signal_queued.v1", at_ns: 0, data: { account: "a", signal: next } });
    const waiting = withSignalEvents([], [queued(signal)]);
    expect(waiting).toEqual([signal]);
    expect(withSignalEvents(waiting, [queued({ ...signal, status: "approved" })])).toEqual([]);
  });
});

describe("the trade area in the page", () => {
  it("has an address for each part and each order, and none for anything else", () => {
    const of = (href: string): unknown => routeOf(...(href.split(/(?=\?)/) as [string, string]));
    expect(of(tradeHref("risk"))).toEqual({ page: "trade", part: "risk" });
    expect(of(tradeHref("orders", 4849664))).toEqual({ page: "story", id: 4849664 });
    expect(routeOf("/trade/orders/7")).toEqual({ page: "story", id: 7 });
    expect(routeOf("/trade")).toEqual({ page: "trade", part: "orders" });
    expect([of("/?trade=nothing"), of("/?trade=risk&order=1"), routeOf("/trade/orders/x")]).toEqual(Array(3).fill({ page: "unknown" }));
  });

  it("does not widen the filter of a page that watches one session", () => {
    const accounts = { topics: ["execution.gate_changed.v1"], session: NO_SESSION };
    expect(merge([accounts, { topics: ["data."], session: "s" }])?.session).toBe("s");
    expect(merge([accounts, { topics: ["data."], session: null }])?.session).toBeNull();
    expect(merge([accounts])?.session).toBeNull();
  });
});
