// The figures at the crosshair, or of the last bar: open, high, low, close, volume, indicators.
import type { ReactNode } from "react";
import type { IndicatorInfo } from "../../api/types";
import { price, short } from "../../values/format";
import { barAt, indicatorLines } from "../../values/plot";
import { isDaily, momentOf } from "../../values/time";
import { Change, Synthetic } from "../parts/basic";
import type { Line } from "../parts/chart_types";
import css from "./chart.module.css";
import type { ChartData } from "./data";

interface Props {
  data: ChartData;
  lines: readonly Line[];
  specs: readonly string[];
  kinds: readonly IndicatorInfo[];
  /** The time at the crosshair, or null for the last bar. */
  time: number | null;
  places: number;
}

/** The value at the crosshair's bar; without one the last there is, which may be a bar behind. */
function valueAt(line: Line, time: number | null): number | null {
  const found = time === null ? line.points.findLast(({ value }) => value !== null) : line.points.findLast((point) => point.time <= time);
  return found?.value ?? null;
}

/** How many rows to reserve for so many indicators, given how many fit in one and in two. */
function rowsFor(labels: number, one: number, two: number): number {
  return labels <= one ? 1 : labels <= two ? 2 : 3;
}

export function Legend({ data, lines, specs, kinds, time, places }: Props): ReactNode {
  const last = data.bars.at(-1);
  const bar = time === null ? last : (barAt(data.bars, time) ?? last);
  const labels = indicatorLines(specs, kinds, new Map(), []);
  if (!bar) return <div className={css["legend"]}><b>{data.dataset}</b></div>;
  return (
    <div className={css["legend"]} data-rows={rowsFor(labels.length, 1, 7)} data-wide-rows={rowsFor(labels.length, 3, 10)} data-testid="legend">
      <span>
        <b>{data.dataset}</b> <i>{data.timeframe}</i> <Synthetic shown={data.synthetic} />
      </span>
      <span>{momentOf(bar.time, isDaily(data.timeframe))} UTC</span>
      <span><i>O</i> {price(bar.open, places)}</span>
      <span><i>H</i> {price(bar.high, places)}</span>
      <span><i>L</i> {price(bar.low, places)}</span>
      <span><i>C</i> {price(bar.close, places)}</span>
      <span><Change value={bar.open === 0 ? null : bar.close / bar.open - 1} fraction /></span>
      <span><i>V</i> {short(bar.volume)}</span>
      {lines.map((line, at) => (
        <span key={line.key}>
          <span className={css["swatch"]} style={{ background: `var(--${line.colour})` }} />
          <i>{labels[at]?.label ?? line.key}</i> {price(valueAt(line, time), line.places)}
        </span>
      ))}
    </div>
  );
}
