// The form that seals bars. There is no way back, so it asks for a word before it does.
import { type FormEvent, type ReactNode, useState } from "react";
import { useSeal } from "../../store/splits";
import { dateToNs } from "../../values/time";
import { Button } from "../parts/basic";
import { CheckField, TextField } from "../parts/field";
import { Failure } from "../parts/notice";
import css from "./data.module.css";

export function SealForm({ name, onDone }: { name: string; onDone: () => void }): ReactNode {
  const seal = useSeal(name);
  const [draft, setDraft] = useState({ from: "", to: "", person: "" });
  const [sure, setSure] = useState(false);
  const [tried, setTried] = useState(false);
  const [from, to] = [dateToNs(draft.from), dateToNs(draft.to)];
  // An end that is none must not seal to the end of all days.
  const noEnd = draft.to !== "" && (to === null || (from !== null && to <= from));
  const set = (field: keyof typeof draft) => (value: string) => setDraft({ ...draft, [field]: value });
  const send = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (seal.isPending || !sure || from === null || noEnd || draft.person.trim() === "") return;
    seal.mutate({ from_ts_ns: from, person: draft.person.trim(), ...(to !== null && { to_ts_ns: to }) }, { onSuccess: onDone });
  };
  return (
    <form className={css["form"]} aria-label="Seal bars" onSubmit={send}>
      <TextField label="From" type="date" value={draft.from} onChange={set("from")} hint="first sealed day, UTC" error={tried && from === null ? "a date" : undefined} />
      <TextField label="Before" type="date" value={draft.to} onChange={set("to")} hint="else all later bars, to come too" error={tried && noEnd ? "a date after the first one" : undefined} />
      <TextField label="Your name" value={draft.person} onChange={set("person")} hint="it stays in the log" error={tried && draft.person.trim() === "" ? "this is needed" : undefined} />
      <CheckField label="I know that nobody can unseal them" checked={sure} onChange={setSure} />
      {seal.isError && <Failure error={seal.error} doing="seal the bars" context="data" />}
      <div className={css["foot"]}>
        <Button onClick={onDone}>Leave it</Button>
        <Button type="submit" look="danger" disabled={seal.isPending || !sure}>Seal them for good</Button>
      </div>
    </form>
  );
}
