// The run whose fills the chart shows.
import type { ReactNode } from "react";
import type { Run } from "../../api/types";
import { params } from "../../values/format";
import { HEADLINE, figureOf, figures, metric } from "../../values/metrics";
import { Card, StatusTag } from "../parts/basic";
import { Link } from "../parts/link";
import css from "./chart.module.css";

export function RunPanel({ run }: { run: Run }): ReactNode {
  const values = figures(run);
  return (
    <Card title="Backtest" aside={<StatusTag status={run.status} />}>
      <div className={css["panel"]}>
        <div>
          <strong>{run.request.strategy}</strong>
          <div>{params(run.request.params)}</div>
        </div>
        <dl className={css["facts"]}>
          {HEADLINE.map((key) => (
            <Figure key={key} name={figureOf(key).label} value={metric(key, values[key])} />
          ))}
        </dl>
        <Link href={`/backtests/${encodeURIComponent(run.id)}`}>All figures and trades</Link>
      </div>
    </Card>
  );
}

function Figure({ name, value }: { name: string; value: string }): ReactNode {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
