// Runs side by side: their equity over one another, their figures in one table, what differs in
// what was asked.
import { type ReactNode, useMemo } from "react";
import type { Comparison, Run } from "../../api/types";
import { useComparison, useRuns } from "../../store/engine";
import { setSearch, useSearch } from "../../store/location";
import { params, words } from "../../values/format";
import { moment, seconds } from "../../values/time";
import { Card } from "../parts/basic";
import { ChartView } from "../parts/chart_view";
import { SelectField } from "../parts/field";
import { Link } from "../parts/link";
import type { Line } from "../parts/chart_types";
import { Loaded, Notice } from "../parts/notice";
import { PageHead } from "../parts/page";
import { seriesColour } from "../parts/palette";
import { type Column, Table } from "../parts/table";
import css from "./compare.module.css";
import { MetricTable } from "./metric_table";

const SHARES = { "Equity, % of its start": 10 };

export function ComparePage(): ReactNode {
  const search = useSearch();
  const runs = useRuns(200);
  const done = (runs.data ?? []).filter(({ status }) => status === "done");
  const asked = search.getAll("run");
  const ids = asked.length > 0 ? asked : done.slice(0, 2).map(({ id }) => id);
  const query = useComparison(ids);
  return (
    <>
      <PageHead title="Compare backtests" />
      <div className={css["stack"]}>
        <Card title="Runs" label="Runs to compare">
          <Loaded query={runs} doing="list the backtests" context="engine" height={90}>
            {() => (
              <div className={css["pickers"]}>
                {(ids.length < 2 ? [...ids, ...["", ""].slice(ids.length)] : ids).map((id, at) => (
                  <Picker key={at} at={at} id={id} runs={done} onChange={(next) => setSearch({ run: replaced(ids, at, next) })} />
                ))}
              </div>
            )}
          </Loaded>
        </Card>
        {ids.length < 2 ? (
          <Card>
            <Notice title="Two runs are needed">
              <p>
                Choose two above, or <Link href="/backtests">run another backtest</Link> to compare with.
              </p>
            </Notice>
          </Card>
        ) : (
          <Loaded query={query} doing="compare the runs" context="engine" height={520}>
            {(comparison) => <Compared comparison={comparison} />}
          </Loaded>
        )}
      </div>
    </>
  );
}

function replaced(ids: readonly string[], at: number, id: string): string[] {
  const next = [...ids];
  next[at] = id;
  return next.filter(Boolean);
}

export function title(run: Run): string {
  return `${run.request.strategy} · ${params(run.request.params)}`;
}

interface PickerProps {
  at: number;
  id: string;
  runs: readonly Run[];
  onChange: (id: string) => void;
}

function Picker({ at, id, runs, onChange }: PickerProps): ReactNode {
  const options = runs.map((run) => ({ value: run.id, label: `${title(run)} · ${moment(run.created_at_ns)}` }));
  const known = options.some(({ value }) => value === id);
  return (
    <SelectField
      label={`Run ${String.fromCharCode(65 + at)}`}
      value={id}
      onChange={onChange}
      hint={runs.find((run) => run.id === id)?.request.dataset ?? ""}
      options={known ? options : [{ value: id, label: id || "choose a run" }, ...options]}
    />
  );
}

function Compared({ comparison }: { comparison: Comparison }): ReactNode {
  const { runs, series, differences } = comparison;
  const lines = useMemo<readonly Line[]>(
    () =>
      series.map((one, at) => {
        const start = runs[at]?.request.cash || one.equity[0] || 1;
        const times = one.ts_ns.map(seconds);
        return {
          key: `${at} ${one.run_id}`,
          pane: "Equity, % of its start",
          kind: "line",
          colour: seriesColour(at),
          places: 2,
          points: one.equity.flatMap((value, index) => {
            const time = times[index];
            return time === undefined || time === times[index - 1] ? [] : [{ time, value: (value / start) * 100 }];
          }),
        };
      }),
    [series, runs],
  );
  return (
    <>
      <Card title="Equity" aside="each in percent of its own start">
        <div className={css["key"]}>
          {runs.map((run, at) => (
            <span key={`${at} ${run.id}`}>
              <i style={{ background: `var(--${seriesColour(at)})` }} />
              {String.fromCharCode(65 + at)} <Link href={`/backtests/${encodeURIComponent(run.id)}`}>{title(run)}</Link>
            </span>
          ))}
        </div>
        <div className={css["chart"]}>
          <ChartView subject={runs.map(({ id }) => id).join(" ")} label="Equity of the runs" lines={lines} places={2} daily shares={SHARES} />
        </div>
      </Card>
      <Differences differences={differences} runs={runs.length} />
      <MetricTable runs={runs} />
    </>
  );
}

/** The head of a hash; anything readable stays whole. */
function shortened(value: string): string {
  return /^[0-9a-f]{32,}$/.test(value) ? `${value.slice(0, 12)}…` : value;
}

type Difference = readonly [name: string, values: readonly string[]];

function Differences({ differences, runs }: { differences: Comparison["differences"]; runs: number }): ReactNode {
  const rows: readonly Difference[] = Object.entries(differences);
  const columns: readonly Column<Difference>[] = [
    { key: "name", title: "Asked for", cell: ([name]) => words(name.replaceAll(".", " ")) },
    ...Array.from({ length: runs }, (_, at): Column<Difference> => ({
      key: String(at),
      title: String.fromCharCode(65 + at),
      right: true,
      cell: ([, values]) => <span title={values[at]}>{shortened(values[at] ?? "") || "–"}</span>,
    })),
  ];
  return (
    <Card title="What differs in what was asked">
      {rows.length === 0 ? (
        <Notice title="Nothing">The requests are the same; equal manifests give equal results.</Notice>
      ) : (
        <Table label="Differences" columns={columns} rows={rows} rowKey={([name]) => name} page={100} />
      )}
    </Card>
  );
}
