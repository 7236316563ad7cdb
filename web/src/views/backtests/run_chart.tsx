// Equity and drawdown of a run over time.
import { type ReactNode, useMemo } from "react";
import type { Run } from "../../api/types";
import { useRunSeries } from "../../store/engine";
import { seconds } from "../../values/time";
import { Card } from "../parts/basic";
import { ChartView } from "../parts/chart_view";
import type { Line } from "../parts/chart_types";
import { Loaded } from "../parts/notice";
import css from "./backtests.module.css";

const SHARES = { Equity: 6, "Drawdown, %": 3 };

export function RunChart({ run }: { run: Run }): ReactNode {
  const query = useRunSeries(run.id, true);
  const series = query.data;
  const lines = useMemo<readonly Line[]>(() => {
    if (!series) return [];
    const times = series.ts_ns.map(seconds);
    const points = (values: readonly number[], factor: number): Line["points"] =>
      values.flatMap((value, at) => {
        const time = times[at];
        // Two thinned points may share a second; the chart needs rising times.
        return time === undefined || time === times[at - 1] ? [] : [{ time, value: value * factor }];
      });
    return [
      { key: "equity", pane: "Equity", kind: "line", colour: "accent", places: 2, faint: true, points: points(series.equity, 1) },
      { key: "drawdown", pane: "Drawdown, %", kind: "baseline", colour: "down", places: 2, points: points(series.drawdown, 100) },
    ];
  }, [series]);
  return (
    <Card title="Equity and drawdown" aside={run.request.fill_rule === "same_close" ? "orders fill at the same close" : "orders fill at the next open"}>
      <div className={css["chart"]}>
        <Loaded query={query} doing="load the equity" context="engine" height={380}>
          {() => (
            <ChartView subject={run.id} label={`Equity and drawdown of ${run.request.strategy}`} lines={lines} places={2} daily={series?.ts_ns.every((tsNs) => seconds(tsNs) % 86_400 === 0) ?? true} shares={SHARES} />
          )}
        </Loaded>
      </div>
    </Card>
  );
}
