// Whether two datasets, of two providers say, tell the same story.
import { type ReactNode, useState } from "react";
import type { Dataset, DatasetComparison } from "../../api/types";
import { useComparison } from "../../store/catalogue";
import { useDatasets } from "../../store/data";
import { count, number } from "../../values/format";
import { moment } from "../../values/time";
import { Card } from "../parts/basic";
import { SelectField } from "../parts/field";
import { Loaded, Notice } from "../parts/notice";
import { type Column, Table } from "../parts/table";
import css from "./data.module.css";

const TOLERANCES = ["0", "1", "2", "5", "10"].map((value) => ({ value, label: value === "1" ? "1 tick" : `${value} ticks` }));

export function ComparePart({ asked, set }: { asked: string; set: Dataset }): ReactNode {
  const all = useDatasets();
  const [other, setOther] = useState("");
  const [ticks, setTicks] = useState("0");
  const query = useComparison(asked, other, Number(ticks));
  return (
    <>
      <Card title="Compare with another dataset" label="Compare">
        <Loaded query={all} doing="list the datasets" context="data" height={70}>
          {(sets) => {
            const comparable = sets.filter((one) => one.kind === "bars" && one.timeframe === set.timeframe && one.name !== set.name);
            if (set.kind !== "bars" || comparable.length === 0) {
              return <Notice title="Nothing to compare with">Two datasets of bars of one timeframe can be compared; there is no other one of {set.timeframe}.</Notice>;
            }
            const options = [{ value: "", label: "choose…" }, ...comparable.map(({ name, provider }) => ({ value: name, label: `${name} (${provider})` }))];
            return (
              <div className={css["form"]}>
                <SelectField label="With" value={other} options={options} onChange={setOther} />
                <SelectField label="No difference up to" value={ticks} options={TOLERANCES} onChange={setTicks} />
              </div>
            );
          }}
        </Loaded>
      </Card>
      {other !== "" && (
        <Loaded query={query} doing="compare the datasets" context="data" height={300}>
          {(found) => <Compared found={found} />}
        </Loaded>
      )}
    </>
  );
}

type Agreement = DatasetComparison["columns"][number];
type Example = DatasetComparison["examples"][number];

const COLUMNS: readonly Column<Agreement>[] = [
  { key: "column", title: "Column", cell: ({ column }) => column },
  { key: "differing", title: "Bars that differ", right: true, sort: ({ differing }) => differing, cell: ({ differing }) => count(differing) },
  { key: "median", title: "Median difference, ticks", right: true, cell: ({ median, differing }) => (differing ? number(median, 1) : "–") },
  { key: "largest", title: "Largest, ticks", right: true, cell: ({ largest, differing }) => (differing ? number(largest, 1) : "–") },
];

const five = (values: readonly number[]): string => values.map((value) => String(value)).join("  ");

function Compared({ found }: { found: DatasetComparison }): ReactNode {
  const examples: readonly Column<Example>[] = [
    { key: "ts", title: "Bar, UTC", cell: ({ ts_ns }) => moment(ts_ns) },
    { key: "a", title: `${found.a}: open high low close volume`, cell: ({ a }) => <code>{five(a)}</code> },
    { key: "b", title: found.b, cell: ({ b }) => <code>{five(b)}</code> },
  ];
  const shared = found.common + found.only_a + found.only_b;
  return (
    <>
      <Card title="What they say" label="Verdict" aside={`${moment(found.from_ts_ns)} to ${moment(found.to_ts_ns)}`}>
        <div className={css["pad"]} data-testid="verdict">
          <div className={css["score"]} role="img" aria-label={`${count(found.common - found.differing)} bars agree, ${count(found.differing)} differ, ${count(found.only_a)} are only in ${found.a}, ${count(found.only_b)} only in ${found.b}`}>
            <span style={{ flexGrow: (found.common - found.differing) / (shared || 1) }} data-kept="true" />
            <span style={{ flexGrow: found.differing / (shared || 1) }} data-part="1" />
            <span style={{ flexGrow: found.only_a / (shared || 1) }} data-part="2" />
            <span style={{ flexGrow: found.only_b / (shared || 1) }} data-part="3" />
          </div>
          <ul className={css["verdict"]}>
            {found.verdict.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </div>
      </Card>
      <Card title="Column by column" label="Agreement">
        <Table label="Agreement" columns={COLUMNS} rows={found.columns} rowKey={({ column }) => column} />
      </Card>
      {found.examples.length > 0 && (
        <Card title="Bars that differ" label="Examples">
          <Table label="Examples" columns={examples} rows={found.examples} rowKey={({ ts_ns }) => ts_ns} />
        </Card>
      )}
    </>
  );
}
