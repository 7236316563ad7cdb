// What a person chose in the trade area for this browser: account, symbol, and who decides.
import { useSyncExternalStore } from "react";
import { recall, remember } from "./preferences";

export interface Desk {
  account: string;
  symbol: string;
  person: string;
}

const watchers = new Set<() => void>();
let desk: Desk = {
  account: recall("fks.account") ?? "paper",
  symbol: recall("fks.symbol") ?? "",
  person: recall("fks.person") ?? "operator",
};

/** Choose another account, symbol or name; it is remembered. */
export function choose(changes: Partial<Desk>): void {
  desk = { ...desk, ...changes };
  for (const [name, value] of Object.entries(changes)) remember(`fks.${name}`, String(value));
  for (const watcher of [...watchers]) watcher();
}

export function useDesk(): Desk {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => desk,
  );
}
