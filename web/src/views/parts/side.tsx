// A direction with a shape of its own, so that colour is never the only clue.
import type { ReactNode } from "react";
import css from "./parts.module.css";

const LOOKS: Readonly<Record<string, { glyph: string; tone: string }>> = {
  buy: { glyph: "▲", tone: "up" },
  long: { glyph: "▲", tone: "up" },
  sell: { glyph: "▼", tone: "down" },
  short: { glyph: "▼", tone: "down" },
};

export function Side({ side }: { side: string }): ReactNode {
  const look = LOOKS[side];
  return (
    <span className={look ? css[look.tone] : undefined}>
      {look && <span aria-hidden="true">{look.glyph} </span>}
      {side}
    </span>
  );
}
