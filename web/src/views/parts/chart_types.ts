// What the chart paints, in plain data.
import type { Colour, Palette } from "./palette";

/** A bar for painting; `time` is its open in whole UTC seconds. */
export interface ChartBar {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

export interface Point {
  time: number;
  value: number | null;
}

export interface Line {
  key: string;
  /** Lines of one pane share it; "" is the pane of the bars. */
  pane: string;
  kind: "line" | "histogram" | "baseline";
  colour: Colour;
  points: readonly Point[];
  /** Decimals on the axis. */
  places: number;
  faint?: boolean;
}

export interface Mark {
  time: number;
  kind: "buy" | "sell" | "signal-up" | "signal-down" | "signal-flat";
}

export interface Look {
  palette: Palette;
  places: number;
  daily: boolean;
  /** The height of a pane in shares of the price pane's 10. */
  shares: Readonly<Record<string, number>>;
}
