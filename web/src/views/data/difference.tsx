// What one version of a dataset changed against another.
import { type ReactNode, useState } from "react";
import type { DatasetDifference, Versions } from "../../api/types";
import { useDifference } from "../../store/catalogue";
import { count } from "../../values/format";
import { moment } from "../../values/time";
import { Card } from "../parts/basic";
import { SelectField } from "../parts/field";
import { Loaded, Notice } from "../parts/notice";
import { type Column, Table } from "../parts/table";
import css from "./data.module.css";

type Changed = NonNullable<DatasetDifference["sample"]>[number];

export function DifferencePart({ name, versions }: { name: string; versions: Versions["versions"] }): ReactNode {
  const there = versions.filter(({ stored }) => stored).toReversed();
  const [chosen, setChosen] = useState({ before: there[1]?.hash ?? "", after: there[0]?.hash ?? "" });
  const at = (hash: string): string => (hash === "" ? "" : `${name}@${hash}`);
  const query = useDifference(at(chosen.before), at(chosen.after));
  if (there.length < 2) return null;
  const options = there.map(({ hash, rows, tags, latest }) => ({
    value: hash,
    label: [hash.slice(0, 12), `${count(rows)} rows`, ...(latest ? ["latest"] : []), ...tags].join(" · "),
  }));
  return (
    <Card title="What changed" label="What changed">
      <div className={css["form"]}>
        <SelectField label="From" value={chosen.before} options={options} onChange={(before) => setChosen({ ...chosen, before })} />
        <SelectField label="To" value={chosen.after} options={options} onChange={(after) => setChosen({ ...chosen, after })} />
      </div>
      {chosen.before === chosen.after ? (
        <Notice title="That is one version">Choose two.</Notice>
      ) : (
        <Loaded query={query} doing="compare the versions" context="data" height={160}>
          {(found) => <Difference found={found} />}
        </Loaded>
      )}
    </Card>
  );
}

const COLUMNS: readonly Column<Changed>[] = [
  { key: "ts", title: "Row, UTC", cell: ({ ts_ns }) => moment(ts_ns) },
  { key: "what", title: "What", cell: ({ what }) => what },
  { key: "before", title: "Before", cell: ({ before, after }) => values(before, after) },
  { key: "after", title: "After", cell: ({ before, after }) => values(after, before) },
];

/** The values that the other one has not; all of a row that the other lacks. */
function values(own: Changed["before"], other: Changed["before"]): ReactNode {
  const told = Object.entries(own).filter(([name, value]) => other[name] !== value);
  return <code>{told.map(([name, value]) => `${name} ${value}`).join("  ") || "–"}</code>;
}

function Difference({ found }: { found: DatasetDifference }): ReactNode {
  const columns = Object.entries(found.columns).filter(([, often]) => often > 0);
  const sample = found.sample ?? [];
  const facts: readonly (readonly [string, string])[] = [
    ["Added", count(found.added)],
    ["Removed", count(found.removed)],
    ["Changed", count(found.changed)],
    ...columns.map(([name, often]) => [`Changed ${name}`, count(often)] as const),
  ];
  return (
    <>
      <dl className={css["facts"]} data-testid="difference">
        {facts.map(([name, often]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{often}</dd>
          </div>
        ))}
      </dl>
      {(found.notes ?? []).map((note) => <p key={note} className={css["foot"]}>{note}</p>)}
      {sample.length > 0 && <Table label="Rows that differ" columns={COLUMNS} rows={sample} rowKey={({ ts_ns, what }) => `${ts_ns} ${what}`} page={20} />}
    </>
  );
}
