// Changing limits: write values, look at what would differ, give a reason, confirm.
import { type ReactNode, useState } from "react";
import type { Account, LimitPreview, LimitUse } from "../../api/types";
import { choose, useDesk } from "../../store/desk";
import { type Draft, usePreviewLimits, useSetLimits } from "../../store/limits";
import { titleOf, unitHint } from "../../values/figures";
import { changesOf, lacks } from "../../values/limit_draft";
import { Button, Tag } from "../parts/basic";
import { SelectField, TextField } from "../parts/field";
import { Failure } from "../parts/notice";
import { type Column, Table } from "../parts/table";
import css from "./risk.module.css";

interface Props {
  account: Account;
  limits: readonly LimitUse[];
  draft: Draft;
  onDraft: (draft: Draft) => void;
  onDone: () => void;
}

export function LimitEditor({ account, limits, draft, onDraft, onDone }: Props): ReactNode {
  const preview = usePreviewLimits(account.id);
  const known = new Map(limits.filter(({ meaning, code }) => meaning && code !== "PROP_RULE").map((use) => [use.name, use]));
  const changes = changesOf(draft, limits);
  const edit = (next: Draft): void => {
    preview.reset();
    onDraft(next);
  };
  const names = [...known.keys()].filter((name) => !(name in draft)).sort();
  const options = [{ value: "", label: "Choose a limit…" }, ...names.map((name) => ({ value: name, label: titleOf(name) }))];
  return (
    <form
      className={css["form"]}
      aria-label="Change limits"
      onSubmit={(event) => {
        event.preventDefault();
        if (Object.keys(changes).length > 0) preview.mutate(changes);
      }}
    >
      <SelectField label="Add a limit" value="" options={options} onChange={(name) => name && edit({ ...draft, [name]: known.get(name)?.value ?? "" })} />
      {Object.entries(draft).map(([name, text]) => (
        <TextField key={name} label={titleOf(name)} value={text} hint={unitHint(known.get(name)?.unit ?? "")} onChange={(next) => edit({ ...draft, [name]: next })} />
      ))}
      {preview.isError && <Failure error={preview.error} doing="take these limits" context="execution" />}
      <div className={css["foot"]}>
        <Button small onClick={onDone}>Leave it</Button>
        <Button small type="submit" look={preview.data ? "plain" : "primary"} disabled={Object.keys(changes).length === 0 || preview.isPending}>Show what differs</Button>
      </div>
      {preview.data && <Confirm account={account.id} changes={changes} preview={preview.data} onDone={onDone} />}
    </form>
  );
}

type Difference = LimitPreview["differences"][number];

const COLUMNS: readonly Column<Difference>[] = [
  { key: "name", title: "Limit", cell: ({ name }) => titleOf(name) },
  { key: "before", title: "Now", cell: ({ before }) => before },
  { key: "after", title: "Then", cell: ({ after }) => <strong>{after}</strong> },
  { key: "looser", title: "Lets through", cell: ({ looser }) => <Tag tone={looser ? "warn" : "good"}>{looser ? "more" : "less"}</Tag> },
];

interface ConfirmProps {
  account: string;
  changes: Draft;
  preview: LimitPreview;
  onDone: () => void;
}

function Confirm({ account, changes, preview, onDone }: ConfirmProps): ReactNode {
  const { person } = useDesk();
  const set = useSetLimits(account);
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const wrong = lacks(preview, reason);
  const send = (): void => {
    setTried(true);
    if (wrong === "") set.mutate({ limits: changes, reason: reason.trim(), person, expected_version: preview.limits_version }, { onSuccess: onDone });
  };
  return (
    <div className={css["confirm"]} data-testid="limit-diff">
      <Table label="What would differ" columns={COLUMNS} rows={preview.differences} rowKey={({ name }) => name} />
      <TextField label="Reason" value={reason} onChange={setReason} hint={preview.needs_reason ? "needed: this loosens a limit" : "kept in the journal"} error={tried && wrong !== "" ? wrong : undefined} />
      <TextField label="Your name" value={person} onChange={(name) => choose({ person: name })} hint="as it stands in the journal" />
      {set.isError && <Failure error={set.error} doing="change the limits" context="execution" />}
      <div className={css["foot"]}>
        <Button small look="primary" disabled={set.isPending} onClick={send}>Put version {preview.limits_version + 1} in force</Button>
      </div>
    </div>
  );
}
