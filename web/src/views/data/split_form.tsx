// The form of a new split: the options of its kind, and no others.
import { type FormEvent, type ReactNode, useState } from "react";
import type { Dataset, Split } from "../../api/types";
import { useMakeSplit } from "../../store/splits";
import { EMPTY, FIELDS, KINDS, type Kind, type SplitDraft, type SplitField, faults, wishOf } from "../../values/splits";
import { count, words } from "../../values/format";
import { Button } from "../parts/basic";
import { CheckField, SelectField, TextField } from "../parts/field";
import { Failure } from "../parts/notice";
import css from "./data.module.css";

const LABELS: Readonly<Record<SplitField, readonly [label: string, hint: string]>> = {
  parts: ["Parts", "proportions, in order of time"],
  train: ["Train", "rows a window trains on"],
  test: ["Test", "rows a window tests on"],
  step: ["Step", "rows between tests; else as Test"],
  gap: ["Gap", "rows between train and test"],
  anchored: ["Always train from the first row on", ""],
  folds: ["Groups", "each is tested in turn"],
  test_groups: ["Groups a test", "every choice of so many"],
  label_bars: ["Labels look ahead", "rows; what overlaps a test is purged"],
  embargo: ["Embargo", "rows after a test, or such as 1%"],
};

interface Props {
  set: Dataset;
  onMade: (made: Split) => void;
  onDone: () => void;
}

export function SplitForm({ set, onMade, onDone }: Props): ReactNode {
  const make = useMakeSplit(`${set.name}@${set.hash.slice(0, 16)}`);
  const [draft, setDraft] = useState(EMPTY);
  const [tried, setTried] = useState(false);
  const change = (next: Partial<SplitDraft>): void => {
    setDraft({ ...draft, ...next });
    if (make.isError) make.reset(); // what was refused was another wish
  };
  const wrong = tried ? faults(draft) : {};
  const send = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (make.isPending || Object.keys(faults(draft)).length > 0) return;
    make.mutate(wishOf(draft), { onSuccess: onMade });
  };
  const field = (name: SplitField): ReactNode => {
    const [label, hint] = LABELS[name];
    if (name === "anchored") return <CheckField key={name} label={label} checked={draft.anchored} onChange={(anchored) => change({ anchored })} />;
    return <TextField key={name} label={label} hint={hint} value={draft[name]} numeric={name !== "parts" && name !== "embargo"} error={wrong[name]} onChange={(value) => change({ [name]: value })} />;
  };
  return (
    <form className={css["form"]} aria-label="New split" onSubmit={send}>
      <SelectField label="Kind" value={draft.kind} options={KINDS.map((value) => ({ value, label: words(value) }))} hint={`of ${count(set.rows)} rows`} onChange={(kind) => change({ kind: kind as Kind })} />
      {FIELDS[draft.kind].map(field)}
      <TextField label="Name of the split" value={draft.name} placeholder={`${set.name}_${draft.kind}`.slice(0, 64)} hint="else of the dataset and the kind" onChange={(name) => change({ name })} />
      {make.isError && <Failure error={make.error} doing="split the dataset" context="data" />}
      <div className={css["foot"]}>
        <Button onClick={onDone}>Leave it</Button>
        <Button type="submit" look="primary" disabled={make.isPending}>Split it</Button>
      </div>
    </form>
  );
}
