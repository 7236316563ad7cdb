// The datasets of the store: what they cover and how good they are.
import type { ReactNode } from "react";
import type { Dataset } from "../../api/types";
import { useDatasets } from "../../store/data";
import { count, number } from "../../values/format";
import { date } from "../../values/time";
import { Card, Synthetic, Tag } from "../parts/basic";
import { Link } from "../parts/link";
import { Loaded, Notice } from "../parts/notice";
import { type Column, Table } from "../parts/table";
import css from "./home.module.css";

const COLUMNS: readonly Column<Dataset>[] = [
  {
    key: "name",
    title: "Name",
    sort: (set) => set.name,
    cell: (set) => (
      <div className={css["name"]}>
        <Link href={`/chart?dataset=${encodeURIComponent(set.name)}`}>{set.name}</Link>
        <Synthetic shown={set.synthetic} />
      </div>
    ),
  },
  { key: "instrument", title: "Instrument", sort: (set) => set.instrument.id, cell: (set) => set.instrument.id },
  { key: "timeframe", title: "Bars of", sort: (set) => set.timeframe, cell: (set) => set.timeframe },
  { key: "from", title: "From", sort: (set) => set.first_ts_ns, cell: (set) => date(set.first_ts_ns) },
  { key: "to", title: "To", sort: (set) => set.last_ts_ns, cell: (set) => date(set.last_ts_ns) },
  { key: "rows", title: "Bars", right: true, sort: (set) => set.rows, cell: (set) => count(set.rows) },
  {
    key: "quarantined",
    title: "Quarantined",
    right: true,
    sort: (set) => set.quarantined,
    cell: (set) => count(set.quarantined),
  },
  { key: "score", title: "Quality", right: true, sort: (set) => set.score, cell: (set) => <Score score={set.score} /> },
  { key: "provider", title: "Source", sort: (set) => set.provider, cell: (set) => set.provider },
];

function Score({ score }: { score: number }): ReactNode {
  const tone = score >= 95 ? "good" : score >= 80 ? "warn" : "bad";
  return <Tag tone={tone}>{number(score, 1)}</Tag>;
}

export function DatasetCard(): ReactNode {
  const query = useDatasets();
  return (
    <Card title="Datasets" aside="What validation made of each: 100 is without fault">
      <Loaded query={query} doing="list the datasets" context="data" height={160}>
        {(datasets) =>
          datasets.length === 0 ? (
            <Notice title="No dataset yet">
              <p>
                Import one: <code>fks data import prices.csv --name mine</code>
              </p>
            </Notice>
          ) : (
            <Table label="Datasets" columns={COLUMNS} rows={datasets} rowKey={(set) => set.hash} page={25} order="name" />
          )
        }
      </Loaded>
    </Card>
  );
}
