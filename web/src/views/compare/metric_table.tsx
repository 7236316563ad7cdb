// The figures of several runs in one table, with the difference where there are two.
import type { ReactNode } from "react";
import type { Run } from "../../api/types";
import { DASH } from "../../values/format";
import { bestOf, difference, figureOf, figures, keysOf, metric } from "../../values/metrics";
import { Card } from "../parts/basic";
import { type Column, Table } from "../parts/table";
import css from "./compare.module.css";

interface Row {
  key: string;
  values: readonly (number | null)[];
}

export function MetricTable({ runs }: { runs: readonly Run[] }): ReactNode {
  const all = runs.map(figures);
  const rows = keysOf(all).map((key): Row => ({ key, values: all.map((one) => one[key] ?? null) }));
  const columns: Column<Row>[] = [
    { key: "name", title: "Figure", cell: ({ key }) => figureOf(key).label },
    ...runs.map((run, at): Column<Row> => ({
      key: `${at} ${run.id}`,
      title: String.fromCharCode(65 + at),
      right: true,
      cell: ({ key, values }) => (
        <span className={bestOf(key, values) === at ? css["best"] : undefined}>{metric(key, values[at])}</span>
      ),
    })),
  ];
  if (runs.length === 2) {
    columns.push({
      key: "difference",
      title: "B − A",
      right: true,
      cell: ({ key, values: [a, b] }) => (a === null || b === null || a === undefined || b === undefined ? DASH : difference(key, b - a)),
    });
  }
  return (
    <Card title="Figures" aside="★ is the better one, where one can say">
      <Table label="Figures" columns={columns} rows={rows} rowKey={({ key }) => key} page={100} />
    </Card>
  );
}
