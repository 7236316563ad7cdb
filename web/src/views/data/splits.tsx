// How a dataset is parted for research, and what of it is sealed.
import { type ReactNode, useState } from "react";
import type { Dataset, Split, Vault } from "../../api/types";
import { useSplits, useVault } from "../../store/catalogue";
import { count, words } from "../../values/format";
import { moment } from "../../values/time";
import { Button, Card } from "../parts/basic";
import { Loaded, Notice } from "../parts/notice";
import { type Column, Table } from "../parts/table";
import css from "./data.module.css";
import { SealForm } from "./seal_form";
import { SplitForm } from "./split_form";
import { SplitPicture } from "./split_picture";

/** The last instant that there is: sealed to the end, bars to come included. */
const NEVER_NS = 2 ** 63;

function columnsOf(shown: string, show: (hash: string) => void): readonly Column<Split>[] {
  return [
    {
      key: "name",
      title: "Name",
      sort: ({ name }) => name,
      cell: ({ name, hash }) => (
        <span className={css["pick"]}>
          <Button small aria-pressed={hash === shown} onClick={() => show(hash)}>{name}</Button>
        </span>
      ),
    },
    { key: "kind", title: "Kind", sort: ({ kind }) => kind, cell: ({ kind }) => words(kind) },
    { key: "parameters", title: "Parameters", cell: ({ parameters }) => Object.entries(parameters).map(([name, value]) => `${words(name)} ${value}`).join(", ") },
    { key: "folds", title: "Folds", right: true, sort: ({ folds }) => folds, cell: ({ folds }) => count(folds) },
    { key: "rows", title: "Rows", right: true, sort: ({ rows }) => rows, cell: ({ rows }) => count(rows) },
    { key: "version", title: "Of version", cell: ({ dataset_hash }) => <code>{dataset_hash.slice(0, 12)}</code> },
    { key: "made", title: "Made, UTC", sort: ({ created_at_ns }) => created_at_ns, cell: ({ created_at_ns }) => moment(created_at_ns) },
  ];
}

type Seal = Vault["seals"][number];
type Look = Vault["looks"][number];

const SEALS: readonly Column<Seal>[] = [
  { key: "from", title: "From", cell: ({ from_ts_ns }) => moment(from_ts_ns) },
  { key: "to", title: "Before", cell: ({ to_ts_ns }) => (to_ts_ns >= NEVER_NS ? "the end" : moment(to_ts_ns)) },
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
  return (
    <>
      <Splits set={set} />
      <Sealed set={set} />
    </>
  );
}

function Splits({ set }: { set: Dataset }): ReactNode {
  const query = useSplits(set.name);
  const [adding, setAdding] = useState(false);
  const [picked, setPicked] = useState("");
  return (
    <Card title="Splits" label="Splits" aside={<Button small aria-expanded={adding} onClick={() => setAdding(!adding)}>New split…</Button>}>
      {adding && <SplitForm set={set} onDone={() => setAdding(false)} onMade={({ hash }) => { setPicked(hash); setAdding(false); }} />}
      <Loaded query={query} doing="list the splits" context="data" height={120}>
        {(found) => {
          const shown = found.find(({ hash }) => hash === picked) ?? found.toSorted((a, b) => b.created_at_ns - a.created_at_ns)[0];
          return shown ? (
            <>
              <Table label="Splits" columns={columnsOf(shown.hash, setPicked)} rows={found} rowKey={({ name }) => name} order="name" />
              <SplitPicture key={shown.hash} split={shown} />
            </>
          ) : (
            <Notice title="It is not parted yet">
              <p>
                A split parts it by time, in windows, or in purged folds. Or at a terminal: <code>fks data split {set.name}</code>.
              </p>
            </Notice>
          );
        }}
      </Loaded>
    </Card>
  );
}

function Sealed({ set }: { set: Dataset }): ReactNode {
  const query = useVault(set.name);
  const [sealing, setSealing] = useState(false);
  return (
    <Card title="Holdout vault" label="Vault" aside={<Button small aria-expanded={sealing} onClick={() => setSealing(!sealing)}>Seal bars…</Button>}>
      {sealing && <SealForm name={set.name} onDone={() => setSealing(false)} />}
      <Loaded query={query} doing="look into the vault" context="data" height={120}>
        {({ seals, looks }) =>
          seals.length === 0 ? (
            <Notice title="Nothing of it is sealed">
              <p>
                What is sealed is kept from every model and backtest; each look at it is counted, and allowed for a reason
                with <code>fks data vault open {set.name}</code>.
              </p>
            </Notice>
          ) : (
            <>
              <Table label="Seals" columns={SEALS} rows={seals} rowKey={({ from_ts_ns, to_ts_ns }) => `${from_ts_ns} ${to_ts_ns}`} />
              {looks.length > 0 && <Table label="Looks" columns={LOOKS} rows={looks} rowKey={({ at_ns }) => at_ns} order="-at" page={10} />}
            </>
          )
        }
      </Loaded>
    </Card>
  );
}
