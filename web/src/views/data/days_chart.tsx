// Days as cells: a month a line by days, long spans a year a line by weeks.
import { type ReactNode, useMemo } from "react";
import type { DayQuality } from "../../api/types";
import { type Cell, linesOf, stateOf } from "../../values/coverage";
import { Legend } from "./catalogue";
import css from "./data.module.css";

const LABEL = 58;
/** Few lines have room for bigger cells. */
const sizeOf = (lines: number): number => (lines <= 6 ? 22 : 14);

export function DaysChart({ days }: { days: readonly DayQuality[] }): ReactNode {
  const lines = useMemo(() => linesOf(days), [days]);
  const size = sizeOf(lines.length);
  const most = Math.max(0, ...lines.map(({ cells }) => cells.length));
  const [width, height] = [LABEL + most * size, lines.length * size];
  const missing = days.reduce((sum, day) => sum + day.missing, 0);
  return (
    <div className={css["pad"]}>
      <div className={css["days"]} tabIndex={0} role="region" aria-label="Days, scrollable">
        <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={`${days.length} days, ${missing} bars missing; the table below lists the days`}>
          {lines.map(({ name, cells }, row) => (
            <g key={name} transform={`translate(0 ${row * size})`}>
              <text x={LABEL - 8} y={size / 2 + 3} textAnchor="end">{name}</text>
              {cells.map((cell, at) => (
                <Day key={cell.key} cell={cell} x={LABEL + at * size} size={size} />
              ))}
            </g>
          ))}
        </svg>
      </div>
      <div className={css["legendRow"]}>
        <Legend />
        <span className={css["quiet"]}>a mark below a day: something on it is doubted</span>
      </div>
    </div>
  );
}

function Day({ cell, x, size }: { cell: Cell; x: number; size: number }): ReactNode {
  const state = stateOf(cell.expected, cell.present, cell.missing);
  const tall = size - 3;
  const fill = cell.expected ? (cell.expected - cell.missing) / cell.expected : 1;
  const part = Math.max(2, Math.min(tall - 2, tall * fill));
  return (
    <g>
      <title>{cell.title}</title>
      <rect x={x} y={1} width={size - 2} height={tall} data-state={state === null ? "closed" : state === "part" ? "hole" : state} />
      {state === "part" && <rect x={x} y={1 + tall - part} width={size - 2} height={part} data-state="part" />}
      {cell.faults > 0 && <rect x={x} y={size - 3} width={size - 2} height={2} data-state="doubted" />}
    </g>
  );
}
