// The theme's colours for what is painted on a canvas, which style sheets do not reach.

const NAMES = ["surface", "line", "line-strong", "ink", "ink-2", "ink-3", "accent", "up", "down", "up-fill", "up-soft", "down-soft", "s1", "s2", "s3", "s4", "s5", "s6"] as const;

export type Colour = (typeof NAMES)[number];
export type Palette = Readonly<Record<Colour, string>>;

/** Read the palette of the theme that is shown now. */
export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(
    NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
  ) as Record<Colour, string>;
}

/** The colour of the n-th series. */
export function seriesColour(at: number): Colour {
  return (["s1", "s2", "s3", "s4", "s5", "s6"] as const)[at % 6] ?? "s1";
}
