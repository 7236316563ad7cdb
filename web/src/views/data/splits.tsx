// How a dataset is parted for research, and what of it is sealed.
import type { ReactNode } from "react";
import type { Dataset, Split, Vault } from "../../api/types";
import { useSplits, useVault } from "../../store/catalogue";
import { count, words } from "../../values/format";
import { moment } from "../../values/time";
import { Card } from "../parts/basic";
import { Loaded, Notice } from "../parts/notice";
import { type Column, Table } from "../parts/table";

const SPLITS: readonly Column<Split>[] = [
  { key: "name", title: "Name", sort: ({ name }) => name, cell: ({ name }) => name },
  { key: "kind", title: "Kind", sort: ({ kind }) => kind, cell: ({ kind }) => words(kind) },
  { key: "parameters", title: "Parameters", cell: ({ parameters }) => Object.entries(parameters).map(([name, value]) => `${words(name)} ${value}`).join(", ") },
  { key: "folds", title: "Folds", right: true, sort: ({ folds }) => folds, cell: ({ folds }) => count(folds) },
  { key: "rows", title: "Rows", right: true, sort: ({ rows }) => rows, cell: ({ rows }) => count(rows) },
  { key: "version", title: "Of version", cell: ({ dataset_hash }) => <code>{dataset_hash.slice(0, 12)}</code> },
  { key: "made", title: "Made, UTC", sort: ({ created_at_ns }) => created_at_ns, cell: ({ created_at_ns }) => moment(created_at_ns) },
];

type Seal = Vault["seals"][number];
type Look = Vault["looks"][number];

const SEALS: readonly Column<Seal>[] = [
  { key: "from", title: "From", cell: ({ from_ts_ns }) => moment(from_ts_ns) },
  { key: "to", title: "Before", cell: ({ to_ts_ns }) => moment(to_ts_ns) },
  { key: "by", title: "Sealed by", cell: ({ by }) => by },
  { key: "at", title: "At, UTC", cell: ({ sealed_at_ns }) => moment(sealed_at_ns) },
  { key: "looks", title: "Looks taken", right: true, cell: ({ looks }) => count(looks) },
  { key: "left", title: "Reads left", right: true, cell: ({ reads_left }) => count(reads_left) },
];

const LOOKS: readonly Column<Look>[] = [
  { key: "at", title: "At, UTC", sort: ({ at_ns }) => at_ns, cell: ({ at_ns }) => moment(at_ns) },
  { key: "by", title: "By", cell: ({ by }) => by },
  { key: "reason", title: "Why", cell: ({ reason }) => reason },
  { key: "span", title: "Of", cell: ({ from_ts_ns, to_ts_ns }) => `${moment(from_ts_ns)} to ${moment(to_ts_ns)}` },
];

export function SplitsPart({ set }: { set: Dataset }): ReactNode {
  const splits = useSplits(set.name);
  const vault = useVault(set.name);
  return (
    <>
      <Card title="Splits" label="Splits">
        <Loaded query={splits} doing="list the splits" context="data" height={120}>
          {(found) =>
            found.length === 0 ? (
              <Notice title="It is not parted yet">
                <p>
                  <code>fks data split {set.name}</code> parts it by time, in windows, or in purged folds.
                </p>
              </Notice>
            ) : (
              <Table label="Splits" columns={SPLITS} rows={found} rowKey={({ name }) => name} order="name" />
            )
          }
        </Loaded>
      </Card>
      <Card title="Holdout vault" label="Vault">
        <Loaded query={vault} doing="look into the vault" context="data" height={120}>
          {({ seals, looks }) =>
            seals.length === 0 ? (
              <Notice title="Nothing of it is sealed">
                <p>
                  <code>fks data vault seal {set.name}</code> keeps bars from every model and backtest; each look at them is
                  counted.
                </p>
              </Notice>
            ) : (
              <>
                <Table label="Seals" columns={SEALS} rows={seals} rowKey={({ from_ts_ns }) => from_ts_ns} />
                {looks.length > 0 && <Table label="Looks" columns={LOOKS} rows={looks} rowKey={({ at_ns }) => at_ns} order="-at" page={10} />}
              </>
            )
          }
        </Loaded>
      </Card>
    </>
  );
}
