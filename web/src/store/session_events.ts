// What events do to the record of a session: pure, and harmless when an event comes twice.
import type { BarClosed, FeedEvent, SignalRaised } from "../api/events";
import type { EquityPoint, Fill, Order, Session } from "../api/types";

export interface SessionRecord {
  session: Session | undefined;
  orders: readonly Order[];
  fills: readonly Fill[];
  equity: readonly EquityPoint[];
}

export const OVER = new Set(["stopped", "finished", "failed"]);
const MOST_POINTS = 20_000;

/** Put an order in by its id, or in place of what is known of it, unless that is later news. */
export function withOrder(orders: readonly Order[], order: Order): readonly Order[] {
  const at = orders.findLastIndex((known) => known.id === order.id);
  const known = orders[at];
  if (known && known.status !== "accepted" && order.status === "accepted") return orders;
  return at < 0 ? [...orders, order].sort((a, b) => a.id - b.id) : orders.with(at, order);
}

/** Add a fill unless it is known. */
export function withFill(fills: readonly Fill[], fill: Fill): readonly Fill[] {
  return fills.some((known) => known.id === fill.id) ? fills : [...fills, fill].sort((a, b) => a.id - b.id);
}

function withPoint(points: readonly EquityPoint[], point: EquityPoint): readonly EquityPoint[] {
  const last = points.at(-1);
  if (last !== undefined && point[0] <= last[0]) return points;
  return [...(points.length >= MOST_POINTS ? points.slice(points.length / 10) : points), point];
}

/** Apply the events of one session. Parts that nothing touched are the same objects as before. */
export function apply(record: SessionRecord, id: string, events: readonly FeedEvent[]): SessionRecord {
  let { session, orders, fills, equity } = record;
  for (const event of events) {
    switch (event.topic) {
      case "execution.order_accepted.v1":
      case "execution.order_rejected.v1":
      case "execution.order_cancelled.v1":
        if (event.data.session_id === id) orders = withOrder(orders, event.data.order);
        break;
      case "execution.order_filled.v1": {
        if (event.data.session_id !== id) break;
        const { fill } = event.data;
        fills = withFill(fills, fill);
        const order = orders.find((known) => known.id === fill.order_id);
        if (order) orders = withOrder(orders, { ...order, status: "filled" });
        break;
      }
      case "execution.account_marked.v1": {
        const { session_id, ts_ns, index, equity: worth, position } = event.data;
        if (session_id !== id) break;
        equity = withPoint(equity, [ts_ns, worth, position]);
        if (session && index > session.last_index) {
          session = { ...session, last_index: index, last_ts_ns: ts_ns, equity: worth, position };
        }
        break;
      }
      case "execution.session_started.v1":
      case "execution.session_recovered.v1":
      case "execution.session_changed.v1":
        if (event.data.session.id === id) session = event.data.session;
        break;
      default:
        break;
    }
  }
  if (session && (session.orders < orders.length || session.fills < fills.length)) {
    session = {
      ...session,
      orders: Math.max(session.orders, orders.length),
      fills: Math.max(session.fills, fills.length),
    };
  }
  return { session, orders, fills, equity };
}

export interface LiveBars {
  /** Bars behind those fetched over REST, in order. */
  bars: readonly BarClosed[];
  /** The index of the last bar we have, live or fetched; null before we know one. */
  lastIndex: number | null;
  /** A bar is missing before this one: fetch up to it. */
  gapBefore: BarClosed | null;
}

/** Append closed bars of a stream; a hole in their numbering asks for a fetch. */
export function appendBars(live: LiveBars, stream: string, events: readonly FeedEvent[]): LiveBars {
  let { lastIndex, gapBefore } = live;
  const added: BarClosed[] = [];
  for (const event of events) {
    if (event.topic !== "data.bar_closed.v1" || event.data.stream !== stream) continue;
    const bar = event.data;
    if (lastIndex !== null && bar.index <= lastIndex) continue;
    if (lastIndex !== null && bar.index > lastIndex + 1) gapBefore = bar;
    added.push(bar);
    lastIndex = bar.index;
  }
  if (added.length === 0) return live;
  return { bars: [...live.bars, ...added], lastIndex, gapBefore };
}

/** The signals of a session among some events. */
export function signalsOf(id: string, events: readonly FeedEvent[]): SignalRaised[] {
  return events.flatMap((event) =>
    event.topic === "engine.signal_raised.v1" && event.data.session_id === id ? [event.data] : [],
  );
}
