// The form of a new stream.
import { type FormEvent, type ReactNode, useState } from "react";
import { useKeepStream } from "../../store/streams";
import { Button } from "../parts/basic";
import { CheckField, TextField } from "../parts/field";
import { Failure } from "../parts/notice";
import css from "./data.module.css";

const CHANNELS = ["depth", "trades", "quotes", "bars"] as const;
const EMPTY = { name: "", exchange: "", symbols: "" };

export function StreamForm({ onDone }: { onDone: () => void }): ReactNode {
  const keep = useKeepStream();
  const [draft, setDraft] = useState(EMPTY);
  const [channels, setChannels] = useState<readonly string[]>(["depth", "trades"]);
  const [tried, setTried] = useState(false);
  const symbols = draft.symbols.split(/[\s,]+/).filter(Boolean);
  const missing = (name: keyof typeof EMPTY): string | undefined => (tried && draft[name].trim() === "" ? "this is needed" : undefined);
  const set = (name: keyof typeof EMPTY) => (value: string) => setDraft({ ...draft, [name]: value });
  const send = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (keep.isPending || symbols.length === 0 || channels.length === 0 || !draft.name.trim() || !draft.exchange.trim()) return;
    keep.mutate({ name: draft.name.trim(), wish: { exchange: draft.exchange.trim(), symbols, channels: [...channels], paused: false } }, { onSuccess: onDone });
  };
  return (
    <form className={css["form"]} aria-label="Keep a stream" onSubmit={send}>
      <TextField label="Name" value={draft.name} onChange={set("name")} placeholder="btc" hint="of your own" error={missing("name")} />
      <TextField label="Exchange" value={draft.exchange} onChange={set("exchange")} placeholder="binance" error={missing("exchange")} />
      <TextField label="Symbols" value={draft.symbols} onChange={set("symbols")} placeholder="BTCUSDT ETHUSDT" hint="as the exchange writes them" error={missing("symbols")} />
      <fieldset className={css["channels"]}>
        <legend>Channels</legend>
        {CHANNELS.map((name) => (
          <CheckField key={name} label={name} checked={channels.includes(name)} onChange={(on) => setChannels(on ? [...channels, name] : channels.filter((one) => one !== name))} />
        ))}
      </fieldset>
      {keep.isError && <Failure error={keep.error} doing="keep the stream" context="data" />}
      <div className={css["foot"]}>
        <Button onClick={onDone}>Leave it</Button>
        <Button type="submit" look="primary" disabled={keep.isPending || channels.length === 0}>Keep it</Button>
      </div>
    </form>
  );
}
