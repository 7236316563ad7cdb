// What events do to lists of the trading accounts: pure, harmless when an event comes twice or
// overtakes an answer.
import type { FeedEvent } from "../api/events";
import type { Account, AccountOrder, AccountPosition, HeldSignal, OrderState } from "../api/types";

const FINAL: ReadonlySet<OrderState> = new Set<OrderState>(["filled", "cancelled", "rejected", "expired"]);

export function isOver(order: AccountOrder): boolean {
  return FINAL.has(order.state);
}

export interface OrderFilter {
  account: string;
  symbol: string;
  working: boolean;
}

/** Whether what is known of an order is later news than what arrives. */
function isLater(known: AccountOrder, news: AccountOrder): boolean {
  if (isOver(known) !== isOver(news)) return isOver(known);
  return known.updated_ts_ns > news.updated_ts_ns;
}

/** Orders after an order's news: newest first, those that work or all, of one filter. */
export function withOrder(orders: readonly AccountOrder[], order: AccountOrder, filter: OrderFilter): readonly AccountOrder[] {
  if (filter.account !== "" && filter.account !== order.account) return orders;
  if (filter.symbol !== "" && filter.symbol !== order.symbol) return orders;
  const at = orders.findIndex(({ id }) => id === order.id);
  const known = orders[at];
  if (known && isLater(known, order)) return orders;
  if (filter.working && isOver(order)) return known ? orders.toSpliced(at, 1) : orders;
  return known ? orders.with(at, order) : [order, ...orders].sort((a, b) => b.id - a.id);
}

/** Orders after some events. */
export function withOrderEvents(orders: readonly AccountOrder[], events: readonly FeedEvent[], filter: OrderFilter): readonly AccountOrder[] {
  let after = orders;
  for (const event of events) {
    if (event.topic === "execution.order_updated.v1") after = withOrder(after, event.data.order, filter);
  }
  return after;
}

/** Accounts by id after some events. */
export function withAccountEvents(accounts: readonly Account[], events: readonly FeedEvent[]): readonly Account[] {
  let after = accounts;
  for (const event of events) {
    if (event.topic !== "execution.account_changed.v1") continue;
    const at = after.findIndex(({ id }) => id === event.data.account.id);
    const compared = after[at]?.comparison; // events do not tell it: what was asked last stays
    const account = compared ? { ...event.data.account, comparison: compared } : event.data.account;
    after = at < 0 ? [...after, account].sort((a, b) => (a.id < b.id ? -1 : 1)) : after.with(at, account);
  }
  return after;
}

function isFlat(position: AccountPosition): boolean {
  return [position.quantity, position.open_buy, position.open_sell].every((text) => !/[1-9]/.test(text));
}

/** Positions of an account after some events; those that are flat without open orders go. */
export function withPositionEvents(positions: readonly AccountPosition[], account: string, events: readonly FeedEvent[]): readonly AccountPosition[] {
  let after = positions;
  for (const event of events) {
    if (event.topic !== "execution.position_updated.v1" || event.data.account !== account) continue;
    const { position } = event.data;
    const at = after.findIndex(({ symbol }) => symbol === position.symbol);
    if (isFlat(position)) after = at < 0 ? after : after.toSpliced(at, 1);
    else after = at < 0 ? [...after, position] : after.with(at, position);
  }
  return after;
}

/** Signals that wait after some events: decided and expired ones go. */
export function withSignalEvents(signals: readonly HeldSignal[], events: readonly FeedEvent[]): readonly HeldSignal[] {
  let after = signals;
  for (const event of events) {
    if (event.topic !== "execution.signal_queued.v1") continue;
    const { signal } = event.data;
    const at = after.findIndex(({ id }) => id === signal.id);
    if (signal.status !== "waiting") after = at < 0 ? after : after.toSpliced(at, 1);
    else after = at < 0 ? [signal, ...after] : after.with(at, signal);
  }
  return after;
}
