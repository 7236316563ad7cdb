// What a person chose for this browser: the theme, and the indicators last drawn.
import { useEffect, useState, useSyncExternalStore } from "react";

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

function systemTheme(): "dark" | "light" {
  return light?.matches ? "light" : "dark";
}

/** The chosen theme, what it means right now, and how to choose another. */
export function useTheme(): { chosen: Theme; shown: "dark" | "light"; choose: (theme: Theme) => void } {
  const [chosen, choose] = useState<Theme>(() => {
    const stored = read("fks.theme");
    return THEMES.find((theme) => theme === stored) ?? "dark";
  });
  const system = useSyncExternalStore(
    (watcher) => {
      light?.addEventListener("change", watcher);
      return () => light?.removeEventListener("change", watcher);
    },
    systemTheme,
  );
  const shown = chosen === "system" ? system : chosen;
  useEffect(() => {
    document.documentElement.dataset["theme"] = shown;
    remember("fks.theme", chosen);
  }, [shown, chosen]);
  return { chosen, shown, choose };
}
