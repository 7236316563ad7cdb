// Which refused orders may be asked for again past a soft limit, and as what order.
import type { AccountOrder, LimitUse, OrderWish, Override } from "../api/types";

/** The codes of controls that give way to two persons. */
export function softCodes(limits: readonly LimitUse[]): ReadonlySet<string> {
  return new Set(limits.filter(({ soft }) => soft).map(({ code }) => code));
}

/** Refused by a soft limit: newest first, as they came. */
export function softlyRefused(orders: readonly AccountOrder[], limits: readonly LimitUse[]): readonly AccountOrder[] {
  const codes = softCodes(limits);
  return orders.filter(({ state, code }) => state === "rejected" && codes.has(code));
}

/** The same order once more: an override is for exactly its account, symbol, side and quantity. */
export function again(order: AccountOrder): OrderWish {
  const wish: OrderWish = {
    account: order.account,
    symbol: order.symbol,
    side: order.side,
    type: order.type,
    quantity: order.quantity,
    time_in_force: order.time_in_force,
    post_only: order.post_only,
    reduce_only: order.reduce_only,
  };
  if (order.price) wish.price = order.price;
  if (order.stop_price) wish.stop_price = order.stop_price;
  return wish;
}

/** The order that an approved override is for, at market or at a price, with what protects it. */
export function placedWith(override: Override, prices: { price: string; stop_loss: string; take_profit: string }): OrderWish {
  const wish: OrderWish = {
    account: override.account,
    symbol: override.symbol,
    side: override.side ?? "buy",
    quantity: override.quantity ?? "0",
    type: prices.price === "" ? "market" : "limit",
    override: override.number,
  };
  for (const name of ["price", "stop_loss", "take_profit"] as const) if (prices[name] !== "") wish[name] = prices[name];
  return wish;
}

/** Minutes and seconds until an instant, or that it is over. */
export function left(tsNs: number, nowMs: number): string {
  const rest = Math.ceil(tsNs / 1e9 - nowMs / 1e3);
  return rest <= 0 ? "expired" : `${Math.floor(rest / 60)}:${String(rest % 60).padStart(2, "0")}`;
}
