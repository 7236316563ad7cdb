// Keys for hands that stay on the keyboard: "g" and a letter for each page, "?" for the help.
import { useEffect, useRef } from "react";
import { dataHref, go, tradeHref } from "../../store/location";

export const SHORTCUTS: readonly { keys: string; does: string; href?: string }[] = [
  { keys: "g h", does: "Home", href: "/" },
  { keys: "g c", does: "Chart", href: "/chart" },
  { keys: "g b", does: "Backtests", href: "/backtests" },
  { keys: "g d", does: "Compare (differences)", href: "/compare" },
  { keys: "g s", does: "Data: sets, sources, providers", href: dataHref("datasets") },
  { keys: "g t", does: "Trade: ticket and orders", href: tradeHref("orders") },
  { keys: "g p", does: "Trade: positions", href: tradeHref("positions") },
  { keys: "g r", does: "Trade: risk", href: tradeHref("risk") },
  { keys: "g a", does: "Trade: approvals", href: tradeHref("approvals") },
  { keys: "?", does: "This help" },
];

const WITHIN_MS = 1200;

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, select, textarea, [contenteditable]");
}

/** Listen for the shortcuts; `onHelp` opens the help. */
export function useShortcuts(onHelp: () => void): void {
  const help = useRef(onHelp);
  useEffect(() => {
    help.current = onHelp;
  });
  useEffect(() => {
    let prefixAt = -Infinity;
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector("dialog[open]")) return;
      if (event.key === "?") {
        event.preventDefault();
        help.current();
        return;
      }
      const prefixed = event.timeStamp - prefixAt < WITHIN_MS;
      prefixAt = event.key === "g" ? event.timeStamp : -Infinity;
      const found = prefixed && SHORTCUTS.find(({ keys }) => keys === `g ${event.key}`);
      if (found && found.href) {
        event.preventDefault();
        go(found.href);
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}
