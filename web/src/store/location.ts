// Where the page is: the address bar as state. Enough of a router for these kinds of page.
import { useSyncExternalStore } from "react";

export type Route =
  | { page: "home" }
  | { page: "chart" }
  | { page: "backtests" }
  | { page: "run"; id: string }
  | { page: "compare" }
  | { page: "trade"; part: TradePart }
  | { page: "story"; id: number }
  | { page: "data"; part: DataPart }
  | { page: "dataset"; name: string; part: DatasetPart }
  | { page: "unknown" };

export const TRADE_PARTS = ["orders", "positions", "history", "risk", "overrides", "approvals", "routes", "prop", "accounts"] as const;
export type TradePart = (typeof TRADE_PARTS)[number];

export const DATA_PARTS = ["datasets", "tracked", "streams", "instruments", "providers"] as const;
export type DataPart = (typeof DATA_PARTS)[number];
export const DATASET_PARTS = ["overview", "quality", "lineage", "versions", "compare", "splits"] as const;
export type DatasetPart = (typeof DATASET_PARTS)[number];

/** The address of a part of the data area. */
export function dataHref(part: DataPart): string {
  return `/data/${part}`;
}

/** The address of a dataset, by name or `name@version`, or of a part of what is known of it. */
export function datasetHref(name: string, part: DatasetPart = "overview"): string {
  const at = `/data/datasets/${encodeURIComponent(name)}`;
  return part === "overview" ? at : `${at}/${part}`;
}

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

/** The part of the data area, or of one dataset, that the rest of an address means. */
function dataRoute([name = "datasets", dataset, view = "overview", ...more]: readonly string[]): Route {
  const part = DATA_PARTS.find((known) => known === name);
  if (part === undefined || more.length > 0) return { page: "unknown" };
  if (dataset === undefined) return { page: "data", part };
  const shown = DATASET_PARTS.find((known) => known === view);
  const decoded = unescaped(dataset);
  return part === "datasets" && shown !== undefined && decoded !== null ? { page: "dataset", name: decoded, part: shown } : { page: "unknown" };
}

/** A part of an address as it was meant; null for a broken escape in a typed one. */
function unescaped(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
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
  if (first === "data") return dataRoute(parts.slice(1));
  if (first === "trade" && parts.length <= 3) return tradeRoute(second ?? "orders", third);
  if (parts.length === 1 && (first === "chart" || first === "backtests" || first === "compare")) {
    return { page: first };
  }
  if (parts.length === 2 && first === "backtests" && second) {
    const id = unescaped(second);
    if (id !== null) return { page: "run", id };
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
