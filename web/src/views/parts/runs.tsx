// Backtests as rows.
import type { ReactNode } from "react";
import type { Run } from "../../api/types";
import { number, params, percent } from "../../values/format";
import { figures } from "../../values/metrics";
import { ago } from "../../values/time";
import { Change, Progress, StatusTag, Synthetic } from "./basic";
import { Link } from "./link";
import { type Column, Table } from "./table";
import css from "./runs.module.css";

const BRIEF: readonly Column<Run>[] = [
  {
    key: "strategy",
    title: "Strategy",
    cell: (run) => (
      <div className={css["name"]}>
        <Link href={`/backtests/${encodeURIComponent(run.id)}`}>{run.request.strategy}</Link>
        <Synthetic shown={run.synthetic} />
        <div className={css["detail"]}>
          {run.request.dataset} · {params(run.request.params)}
        </div>
      </div>
    ),
  },
  {
    key: "state",
    title: "State",
    cell: (run) =>
      run.status === "running" ? (
        <div className={css["progress"]}>
          <Progress value={run.progress} label={`Progress of ${run.request.strategy}`} />
        </div>
      ) : (
        <StatusTag status={run.status} />
      ),
  },
  {
    key: "return",
    title: "Return",
    right: true,
    cell: (run) => <Change value={figures(run)["total_return"]} fraction />,
  },
  { key: "sharpe", title: "Sharpe", right: true, cell: (run) => number(figures(run)["sharpe"]) },
];

const REST: readonly Column<Run>[] = [
  {
    key: "drawdown",
    title: "Drawdown",
    right: true,
    cell: (run) => percent(figures(run)["max_drawdown"]),
  },
  { key: "trades", title: "Trades", right: true, cell: (run) => number(figures(run)["trades"], 0) },
  { key: "when", title: "Started", right: true, cell: (run) => ago(run.created_at_ns, Date.now()) },
];

interface Props {
  runs: readonly Run[];
  brief?: boolean;
  extra?: Column<Run>;
}

export function RunTable({ runs, brief = false, extra }: Props): ReactNode {
  const columns = [...(extra ? [extra] : []), ...BRIEF, ...(brief ? [] : REST)];
  return <Table label="Backtests" columns={columns} rows={runs} rowKey={(run) => run.id} page={20} />;
}
