// Events applied to a session's record: idempotent, in any grouping, never a step back.
import { describe, expect, it } from "vitest";
import type { BarClosed, FeedEvent } from "../src/api/events";
import type { Fill, Order } from "../src/api/types";
import { type SessionRecord, appendBars, apply } from "../src/store/session_events";

const EMPTY: SessionRecord = { session: undefined, orders: [], fills: [], equity: [] };

function order(id: number, status: Order["status"]): Order {
  return { id, side: "buy", type: "market", quantity: 1, status, created_ts_ns: id, session_id: "s", signal_id: "" };
}

function fill(id: number): Fill {
  return { id, order_id: id, side: "buy", quantity: 1, price: 1, fee: 0, ts_ns: id, position: 1, realised_pnl: 0, session_id: "s" };
}

const accepted = (id: number): FeedEvent => ({ seq: id, topic: "execution.order_accepted.v1", at_ns: 0, data: { session_id: "s", order: order(id, "accepted") } });
const filled = (id: number): FeedEvent => ({ seq: id, topic: "execution.order_filled.v1", at_ns: 0, data: { session_id: "s", fill: fill(id) } });
const marked = (index: number): FeedEvent => ({ seq: index, topic: "execution.account_marked.v1", at_ns: 0, data: { session_id: "s", ts_ns: index * 10, index, equity: 100 + index, cash: 0, position: 1 } });

function bar(index: number, stream = "s"): FeedEvent {
  const data: BarClosed = { stream, index, instrument: "i", timeframe: "1d", ts_ns: index * 86_400e9, open: 1, high: 1, low: 1, close: 1, volume: 0 };
  return { seq: index, topic: "data.bar_closed.v1", at_ns: 0, data };
}

describe("the record of a session", () => {
  const events = [accepted(1), filled(1), marked(1), accepted(2), marked(2), filled(2), marked(3)];

  it("is the same however the events are grouped, and when all come twice", () => {
    const whole = apply(EMPTY, "s", events);
    const single = events.reduce((record, event) => apply(record, "s", [event]), EMPTY);
    const twice = apply(apply(EMPTY, "s", events), "s", events);
    expect(single).toEqual(whole);
    expect(twice).toEqual(whole);
    expect(whole.orders.map(({ status }) => status)).toEqual(["filled", "filled"]);
    expect(whole.equity.map(([, equity]) => equity)).toEqual([101, 102, 103]);
  });

  it("does not take a filled order back to accepted when old news comes late", () => {
    const known = { ...EMPTY, orders: [order(1, "filled")] };
    expect(apply(known, "s", [accepted(1)])).toEqual(known);
  });

  it("leaves other sessions' events alone, and the record the same object part by part", () => {
    const known = apply(EMPTY, "s", events);
    const after = apply(known, "other", events);
    expect(after.orders).toBe(known.orders);
    expect(after.equity).toBe(known.equity);
  });
});

describe("live bars", () => {
  const start = { bars: [], lastIndex: 4, gapBefore: null };

  it("follow the ones fetched, once each", () => {
    const live = appendBars(start, "s", [bar(3), bar(4), bar(5), bar(5), bar(6), bar(7, "other")]);
    expect(live.bars.map(({ index }) => index)).toEqual([5, 6]);
    expect(live.gapBefore).toBeNull();
  });

  it("say where a hole is, so that it can be fetched", () => {
    const live = appendBars(start, "s", [bar(5), bar(9), bar(10)]);
    expect(live.gapBefore?.index).toBe(9);
    expect(live.lastIndex).toBe(10);
  });
});
