// The form that makes bars of a dataset: longer ones of bars, or bars of trades and quotes.
import { type FormEvent, type ReactNode, useState } from "react";
import type { BarsWish, Dataset } from "../../api/types";
import { useMakeBars } from "../../store/splits";
import { datasetHref } from "../../store/location";
import { count } from "../../values/format";
import { Button, Card } from "../parts/basic";
import { SelectField, TextField } from "../parts/field";
import { Link } from "../parts/link";
import { Failure } from "../parts/notice";
import css from "./data.module.css";

type Measure = "every" | "trades" | "volume" | "value";

const MEASURES: readonly { value: Measure; label: string; hint: string }[] = [
  { value: "every", label: "the clock", hint: "5m, 1h, 1d, 1w" },
  { value: "trades", label: "trades", hint: "a bar every so many trades" },
  { value: "volume", label: "volume", hint: "a bar every so many units" },
  { value: "value", label: "value", hint: "a bar every so much money" },
];
const PRICES = (["mid", "bid", "ask"] as const).map((value) => ({ value, label: value }));

export function BarsCard({ asked, set }: { asked: string; set: Dataset }): ReactNode {
  const make = useMakeBars(asked);
  const [measure, setMeasure] = useState<Measure>("every");
  const [size, setSize] = useState("");
  const [name, setName] = useState("");
  const [price, setPrice] = useState<"mid" | "bid" | "ask">("mid");
  const [tried, setTried] = useState(false);
  if (!["bars", "trades", "quotes"].includes(set.kind)) return null;
  const hint = MEASURES.find(({ value }) => value === measure)?.hint ?? "";
  const counted = measure === "trades" && !/^\s*\d{1,15}\s*$/.test(size);
  const wrong = size.trim() === "" ? "this is needed" : counted ? "a whole number" : undefined;
  const send = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (wrong || make.isPending) return;
    const wish: BarsWish = { name: name.trim(), price, [measure]: measure === "trades" ? Number(size) : size.trim() };
    make.mutate(wish);
  };
  return (
    <Card title="Make bars of it" label="Make bars">
      <form className={css["form"]} onSubmit={send}>
        {set.kind === "trades" && <SelectField label="A bar is closed by" value={measure} options={MEASURES} onChange={(value) => setMeasure(value as Measure)} />}
        <TextField label={measure === "every" ? "Bars of" : "Every"} value={size} onChange={setSize} hint={hint} error={tried ? wrong : undefined} />
        {set.kind === "quotes" && <SelectField label="Price" value={price} options={PRICES} onChange={(value) => setPrice(value as typeof price)} />}
        <TextField label="Name of the bars" value={name} onChange={setName} hint="else of instrument and timeframe" />
        <div className={css["foot"]}>
          {make.data && !make.isPending && (
            <span data-testid="made">
              <Link href={datasetHref(make.data.name)}>{make.data.name}</Link> has {count(make.data.rows)} bars of {make.data.timeframe}
            </span>
          )}
          <Button type="submit" look="primary" disabled={make.isPending}>{make.isPending ? "Making them…" : "Make them"}</Button>
        </div>
      </form>
      {make.isError && <Failure error={make.error} doing="make the bars" context="data" />}
    </Card>
  );
}
