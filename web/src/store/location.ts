// Where the page is: the address bar as state. Enough of a router for five kinds of page.
import { useSyncExternalStore } from "react";

export type Route =
  | { page: "home" }
  | { page: "chart" }
  | { page: "backtests" }
  | { page: "run"; id: string }
  | { page: "compare" }
  | { page: "trade"; part: TradePart }
  | { page: "story"; id: number }
  | { page: "unknown" };

export const TRADE_PARTS = ["orders", "positions", "history", "risk", "overrides", "approvals", "routes", "prop", "accounts"] as const;
export type TradePart = (typeof TRADE_PARTS)[number];

/** The address of a part of the trade area, or of an order's story. */
export function tradeHref(part: TradePart, order?: number): string {
  return order === undefined ? `/trade/${part}` : `/trade/${part}/${order}`;
}

/** The part of the trade area that names and their order mean. */
function tradeRoute(name: string, order: string | null | undefined): Route {
  const part = TRADE_PARTS.find((known) => known === name);
  if (part === undefined) return { page: "unknown" };
  if (order === null || order === undefined) return { page: "trade", part };
  return part === "orders" && /^\d{1,16}$/.test(order) ? { page: "story", id: Number(order) } : { page: "unknown" };
}

/** Which page an address means. The trade area answers to `/?trade=risk` and to `/trade/risk`. */
export function routeOf(path: string, search = ""): Route {
  const parts = path.split("/").filter(Boolean);
  const [first, second, third] = parts;
  if (first === undefined) {
    const query = new URLSearchParams(search);
    const trade = query.get("trade");
    return trade === null ? { page: "home" } : tradeRoute(trade, query.get("order"));
  }
  if (first === "trade" && parts.length <= 3) return tradeRoute(second ?? "orders", third);
  if (parts.length === 1 && (first === "chart" || first === "backtests" || first === "compare")) {
    return { page: first };
  }
  if (parts.length === 2 && first === "backtests" && second) {
    try {
      return { page: "run", id: decodeURIComponent(second) };
    } catch {
      return { page: "unknown" }; // a broken escape in a typed address
    }
  }
  return { page: "unknown" };
}

const watchers = new Set<() => void>();

function announce(): void {
  for (const watcher of [...watchers]) watcher();
}

if (typeof addEventListener !== "undefined") addEventListener("popstate", announce);

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Go to an address of this app. */
export function go(href: string, how: "push" | "replace" = "push"): void {
  if (href === location.pathname + location.search) return;
  if (how === "push") {
    history.pushState(null, "", href);
    scrollTo(0, 0);
  } else history.replaceState(null, "", href);
  announce();
}

export function usePath(): string {
  return useSyncExternalStore(watch, () => location.pathname);
}

/** The page that the address means now. */
export function useRoute(): Route {
  const search = useSyncExternalStore(watch, () => location.search);
  return routeOf(usePath(), search);
}

export function useSearch(): URLSearchParams {
  return new URLSearchParams(useSyncExternalStore(watch, () => location.search));
}

/** Change some parameters of the address: null removes one, a list repeats it. */
export function setSearch(
  changes: Readonly<Record<string, string | readonly string[] | null>>,
  how: "push" | "replace" = "push",
): void {
  const search = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    search.delete(name);
    for (const one of value === null ? [] : typeof value === "string" ? [value] : value) {
      search.append(name, one);
    }
  }
  // Colons, commas and equals signs are legal in a query and make specs readable.
  const text = search.toString().replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%3D", "=");
  go(location.pathname + (text ? `?${text}` : ""), how);
}
