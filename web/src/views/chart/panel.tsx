// The chart itself with its legend: bars, indicators, marks, equity and drawdown.
import { type ReactNode, useMemo, useState } from "react";
import type { IndicatorInfo } from "../../api/types";
import { useIndicatorTail } from "../../store/live_chart";
import { useIndicators } from "../../store/transformer";
import { decimals } from "../../values/format";
import { equityLines, fillMarks, indicatorLines, joinWindows, signalMarks } from "../../values/plot";
import { isDaily } from "../../values/time";
import { Card, Skeleton } from "../parts/basic";
import { ChartView } from "../parts/chart_view";
import type { Line, Mark } from "../parts/chart_types";
import { Failure, Notice } from "../parts/notice";
import { seriesColour } from "../parts/palette";
import css from "./chart.module.css";
import type { ChartData } from "./data";
import { Legend } from "./legend";
import type { Shown } from "./toggles";

const EQUITY = "Equity";
const DRAWDOWN = "Drawdown, %";
const SHARES: Readonly<Record<string, number>> = { [EQUITY]: 3, [DRAWDOWN]: 2 };
const NO_LINES: readonly Line[] = [];

interface Props {
  data: ChartData;
  subject: string;
  specs: readonly string[];
  kinds: readonly IndicatorInfo[];
  shown: Shown;
}

function useIndicatorLines({ data, specs, kinds }: Props): { lines: readonly Line[]; failed: unknown } {
  const base = useIndicators({ dataset: data.dataset, specs, beforeS: data.beforeS, limit: Math.min(10_000, data.fetched) });
  const tail = useIndicatorTail(data.dataset, specs, data.beforeS, data.live?.bars ?? []);
  const lines = useMemo(() => {
    if (specs.length === 0) return NO_LINES;
    const columns = joinWindows([...(base.data ? [base.data] : []), ...tail]);
    return indicatorLines(specs, kinds, columns, data.bars).map((line, at): Line => ({
      key: line.key,
      pane: line.pane,
      kind: line.histogram ? "histogram" : "line",
      colour: seriesColour(at),
      points: line.points,
      places: line.pane === "" ? decimals(data.tickSize) : 2,
      faint: true,
    }));
  }, [specs, kinds, base.data, tail, data.bars, data.tickSize]);
  return { lines, failed: base.isError ? base.error : null };
}

function useEquityLines(data: ChartData, wanted: boolean): readonly Line[] {
  const first = data.bars[0]?.time;
  return useMemo(() => {
    if (!wanted || first === undefined || data.equity.length === 0) return NO_LINES;
    const { equity, drawdown } = equityLines(data.equity, first);
    const percents = drawdown.map(({ time, value }) => ({ time, value: value === null ? null : value * 100 }));
    return [
      { key: "equity", pane: EQUITY, kind: "line", colour: "accent", points: equity, places: 2 },
      { key: "drawdown", pane: DRAWDOWN, kind: "baseline", colour: "down", points: percents, places: 2 },
    ];
  }, [wanted, first, data.equity]);
}

function useMarks(data: ChartData, shown: Shown): readonly Mark[] {
  const { orders, fills, bars, live } = data;
  const first = bars[0]?.time ?? Infinity;
  const last = bars.at(-1)?.time ?? -Infinity;
  const signals = live?.signals;
  return useMemo(() => {
    const raised: Mark[] = shown.signals
      ? signalMarks(signals ?? [], orders).map(({ time, side }) => ({ time, kind: `signal-${side}` as const }))
      : [];
    const filled: Mark[] = shown.fills ? fillMarks(fills).map(({ time, side }) => ({ time, kind: side })) : [];
    return [...raised, ...filled]
      .filter(({ time }) => time >= first && time <= last)
      .sort((a, b) => a.time - b.time);
  }, [shown.signals, shown.fills, signals, orders, fills, first, last]);
}

export function ChartPanel(props: Props): ReactNode {
  const { data, subject, specs, shown } = props;
  const [hovered, setHovered] = useState<number | null>(null);
  const indicators = useIndicatorLines(props);
  const equity = useEquityLines(data, shown.equity);
  const marks = useMarks(data, shown);
  const lines = useMemo(() => [...indicators.lines, ...equity], [indicators.lines, equity]);
  const places = decimals(data.tickSize);
  return (
    <Card className={css["chartCard"]} label="Chart">
      <Legend data={data} lines={indicators.lines} specs={specs} kinds={props.kinds} time={hovered} places={places} />
      <div>
        {data.error ? (
          <Failure {...data.error} retry={data.retry} />
        ) : data.loading ? (
          <Skeleton height={420} />
        ) : data.bars.length === 0 ? (
          <Notice title="No bar yet">
            <p>{data.session ? "The session has not taken its first bar. It appears here as soon as it closes." : "This dataset has no bars."}</p>
          </Notice>
        ) : (
          <ChartView
            subject={subject}
            label={`${data.dataset}, ${data.bars.length} bars`}
            bars={data.bars}
            lines={lines}
            marks={marks}
            places={places}
            daily={isDaily(data.timeframe)}
            shares={SHARES}
            onHover={setHovered}
            onNearStart={data.older}
          />
        )}
      </div>
      <footer className={css["credit"]}>
        <span>
          {(data.session || data.run) && (
            <>
              <Key glyph="▲" tone="var(--up)" text="bought" />
              <Key glyph="▼" tone="var(--down)" text="sold" />
              <Key glyph="●" tone="var(--accent)" text="signal" />
            </>
          )}
          {indicators.failed !== null && "The indicators could not be computed: "}
          {indicators.failed instanceof Error && indicators.failed.message}
        </span>
        <span>
          UTC · charts by <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer">TradingView</a>
        </span>
      </footer>
    </Card>
  );
}

function Key({ glyph, tone, text }: { glyph: string; tone: string; text: string }): ReactNode {
  return (
    <span className={css["key"]}>
      <span style={{ color: tone }} aria-hidden="true">{glyph}</span>
      {text}
    </span>
  );
}
