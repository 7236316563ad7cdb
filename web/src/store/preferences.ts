// What a person chose for this browser: the theme, and the indicators last drawn.
import { useSyncExternalStore } from "react";

export type Theme = "dark" | "light" | "system";
export const THEMES: readonly Theme[] = ["dark", "light", "system"];

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage is switched off: nothing is remembered
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    return; // as above
  }
}

export function recall(key: string): string | null {
  return read(key);
}

const light = typeof matchMedia === "undefined" ? null : matchMedia("(prefers-color-scheme: light)");
const watchers = new Set<() => void>();
const stored = read("fks.theme");
let chosen: Theme = THEMES.find((theme) => theme === stored) ?? "dark";

/** What the chosen theme means right now. */
function shownTheme(): "dark" | "light" {
  if (chosen === "system") return light?.matches ? "light" : "dark";
  return chosen;
}

function show(): void {
  document.documentElement.dataset["theme"] = shownTheme();
  for (const watcher of [...watchers]) watcher();
}

light?.addEventListener("change", show);

function choose(theme: Theme): void {
  chosen = theme;
  remember("fks.theme", theme);
  show();
}

/** The chosen theme, and how to choose another. */
export function useTheme(): { chosen: Theme; choose: (theme: Theme) => void } {
  const theme = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => chosen,
  );
  return { chosen: theme, choose };
}
