// The form of a new tracked asset.
import { type FormEvent, type ReactNode, useState } from "react";
import { useProviders } from "../../store/providers";
import { useTrack } from "../../store/tracked";
import { dateToNs } from "../../values/time";
import { Button } from "../parts/basic";
import { SelectField, TextField } from "../parts/field";
import { Failure } from "../parts/notice";
import css from "./data.module.css";

const EVERY = [
  ["60", "every minute"],
  ["300", "every 5 minutes"],
  ["3600", "every hour"],
  ["86400", "every day"],
].map(([value = "", label = ""]) => ({ value, label }));

const EMPTY = { provider: "binance", symbol: "", name: "", kind: "bars", timeframe: "1m", from: "", every: "3600" };
type Draft = typeof EMPTY;

/** What is wrong with a draft, by field. */
function faults(draft: Draft): Partial<Record<keyof Draft, string>> {
  return {
    ...(draft.symbol.trim() === "" && { symbol: "as the provider writes it" }),
    ...(!/^[a-z0-9][a-z0-9_-]{0,63}$/.test(draft.name.trim()) && { name: "small letters, digits, _ and -" }),
    ...(dateToNs(draft.from) === null && { from: "a date" }),
  };
}

export function TrackForm({ onDone }: { onDone: () => void }): ReactNode {
  const providers = (useProviders().data ?? []).filter(({ state }) => state !== "local");
  const track = useTrack();
  const [draft, setDraft] = useState(EMPTY);
  const [tried, setTried] = useState(false);
  const wrong = tried ? faults(draft) : {};
  const set = (name: keyof Draft) => (value: string) => setDraft({ ...draft, [name]: value });
  const gives = providers.find(({ name }) => name === draft.provider)?.gives ?? [];
  const kinds = gives.length > 0 ? gives.map(({ kind }) => kind) : ["bars"];
  const timeframes = gives.find(({ kind }) => kind === "bars")?.timeframes ?? [];
  const send = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    const startNs = dateToNs(draft.from);
    if (track.isPending || startNs === null || Object.keys(faults(draft)).length > 0) return;
    track.mutate(
      { name: draft.name.trim(), providers: [draft.provider], symbol: draft.symbol.trim(), kind: draft.kind, timeframe: draft.kind === "bars" ? draft.timeframe : "", start_ns: startNs, every_s: Number(draft.every) },
      { onSuccess: onDone },
    );
  };
  const names = [...new Set([draft.provider, ...providers.map(({ name }) => name).filter((name) => !name.endsWith("…"))])];
  return (
    <form className={css["form"]} aria-label="Track an asset" onSubmit={send}>
      <SelectField label="Provider" value={draft.provider} options={names.map((value) => ({ value, label: value }))} onChange={set("provider")} />
      <TextField label="Symbol" value={draft.symbol} onChange={set("symbol")} placeholder="BTCUSDT" hint="as the provider writes it" error={wrong.symbol} />
      <TextField label="Name of the dataset" value={draft.name} onChange={set("name")} placeholder="btcusdt_1m" error={wrong.name} />
      <SelectField label="Kind" value={draft.kind} options={kinds.map((value) => ({ value, label: value }))} onChange={set("kind")} />
      {draft.kind === "bars" && <TextField label="Timeframe" value={draft.timeframe} onChange={set("timeframe")} choices={timeframes} hint={timeframes.length > 0 ? timeframes.join(" ") : "such as 1m"} />}
      <TextField label="From" type="date" value={draft.from} onChange={set("from")} error={wrong.from} />
      <SelectField label="Looked after" value={draft.every} options={EVERY} onChange={set("every")} />
      {track.isError && <Failure error={track.error} doing="track the asset" context="data" />}
      <div className={css["foot"]}>
        <Button onClick={onDone}>Leave it</Button>
        <Button type="submit" look="primary" disabled={track.isPending}>Track it</Button>
      </div>
    </form>
  );
}
