// The catalogue: every dataset with where it has data and where holes, on one axis of time.
import { type ReactNode, useMemo, useState } from "react";
import type { Dataset } from "../../api/types";
import { useDatasets } from "../../store/data";
import { datasetHref } from "../../store/location";
import { type Axis, axisOf } from "../../values/coverage";
import { count, number } from "../../values/format";
import { ago, date } from "../../values/time";
import { Card, Synthetic, Tag } from "../parts/basic";
import { SelectField, TextField } from "../parts/field";
import { Link } from "../parts/link";
import { Loaded, Notice } from "../parts/notice";
import { type Column, Table } from "../parts/table";
import { CoverageBar } from "./coverage_bar";
import css from "./data.module.css";

export function CataloguePart(): ReactNode {
  const query = useDatasets();
  return (
    <Loaded query={query} doing="list the datasets" context="data" height={420}>
      {(sets) => (sets.length === 0 ? <Empty /> : <Catalogue sets={sets} />)}
    </Loaded>
  );
}

function Empty(): ReactNode {
  return (
    <Card>
      <Notice title="No dataset yet">
        <p>
          Bring files in with <code>fks data import FILE</code>, ask a provider with <code>fks data fetch</code>, or let
          the server keep one fresh under Tracked.
        </p>
      </Notice>
    </Card>
  );
}

function matches(set: Dataset, text: string, kind: string): boolean {
  const said = [set.name, set.instrument.id, set.provider, set.timeframe].join(" ").toLowerCase();
  return (kind === "" || set.kind === kind) && text.toLowerCase().split(/\s+/).every((word) => said.includes(word));
}

function Catalogue({ sets }: { sets: readonly Dataset[] }): ReactNode {
  const [text, setText] = useState("");
  const [kind, setKind] = useState("");
  const [scale, setScale] = useState("own");
  const kinds = [...new Set(sets.map((set) => set.kind))].toSorted();
  const shown = sets.filter((set) => matches(set, text, kind));
  const axis = useMemo(() => (scale === "own" ? null : axisOf(shown)), [scale, shown]);
  const options = [{ value: "", label: "all kinds" }, ...kinds.map((value) => ({ value, label: value }))];
  return (
    <Card title="Datasets" label="Datasets" aside={`${count(shown.length)} of ${count(sets.length)}, ${count(shown.reduce((sum, set) => sum + set.rows, 0))} rows`}>
      <div className={css["filters"]}>
        <TextField label="Find" value={text} onChange={setText} placeholder="name, instrument, provider" />
        <SelectField label="Kind" value={kind} options={options} onChange={setKind} />
        <SelectField label="Axis of time" value={scale} options={SCALES} onChange={setScale} />
        <Legend />
      </div>
      {shown.length === 0 ? (
        <Notice title="Nothing is named so">Another word, or all kinds, may find it.</Notice>
      ) : (
        <Table label="Datasets" columns={columns(axis)} rows={shown} rowKey={({ name }) => name} order="name" page={25} />
      )}
    </Card>
  );
}

const SCALES = [
  { value: "own", label: "each its own" },
  { value: "shared", label: "one for all" },
];

/** The columns; without a shared axis each bar is as long as its dataset. */
function columns(shared: Axis | null): readonly Column<Dataset>[] {
  const title = shared ? `Coverage, ${date(shared.fromNs)} to ${date(shared.toNs - 1e9)}` : "Coverage";
  return [
    {
      key: "name",
      title: "Name",
      sort: (set) => set.name,
      cell: (set) => (
        <div className={css["name"]}>
          <Link href={datasetHref(set.name)}>{set.name}</Link>
          <small>
            {set.instrument.id} · {set.kind === "bars" ? set.timeframe : set.kind} <Synthetic shown={set.synthetic} />
          </small>
        </div>
      ),
    },
    { key: "coverage", title, cell: (set) => <CoverageBar set={set} axis={shared ?? axisOf([set])} /> },
    { key: "from", title: "From", sort: (set) => set.first_ts_ns, cell: (set) => (set.rows > 0 ? date(set.first_ts_ns) : "–") },
    { key: "to", title: "Until", sort: (set) => set.last_ts_ns, cell: (set) => (set.rows > 0 ? date(set.last_ts_ns) : "–") },
    { key: "rows", title: "Rows", right: true, sort: (set) => set.rows, cell: (set) => count(set.rows) },
    { key: "score", title: "Quality", right: true, sort: (set) => set.score, cell: (set) => <Score score={set.score} /> },
    { key: "provider", title: "Source", sort: (set) => set.provider, cell: (set) => set.provider },
    { key: "stored", title: "Stored", sort: (set) => set.created_at_ns, cell: (set) => (set.created_at_ns ? ago(set.created_at_ns, Date.now()) : "with FKS") },
  ];
}

export function Score({ score }: { score: number }): ReactNode {
  return <Tag tone={score >= 95 ? "good" : score >= 80 ? "warn" : "bad"}>{number(score, 1)}</Tag>;
}

const SIGNS = [
  ["full", "whole"],
  ["part", "with holes"],
  ["hole", "missing"],
  ["there", "no calendar"],
] as const;

export function Legend(): ReactNode {
  return (
    <ul className={css["legend"]} aria-label="What the colours of coverage mean">
      {SIGNS.map(([state, label]) => (
        <li key={state}>
          <span data-state={state} />
          {label}
        </li>
      ))}
    </ul>
  );
}
