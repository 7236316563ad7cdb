// The order ticket: the fields of the order's type, what every control says of it now, and the
// durable answer once it was sent.
import { type ReactNode, useMemo, useState } from "react";
import { asProblem } from "../../api/problem";
import { useDatasets } from "../../store/data";
import { choose } from "../../store/desk";
import { newOrderId, usePlaceOrder } from "../../store/trading";
import { type OrderErrors, type OrderForm, TIMES, TYPES, needs, orderErrors, orderWish } from "../../values/order_form";
import { Button, Card } from "../parts/basic";
import { CheckField, SelectField, TextField } from "../parts/field";
import { Failure } from "../parts/notice";
import { Answer } from "./answer";
import { WhatIf } from "./what_if";
import css from "./ticket.module.css";

interface Props {
  form: OrderForm;
  onChange: (form: OrderForm) => void;
  live: boolean;
  currency: string;
}

/** One id for one order: kept while no answer came, so that pressing again cannot place it twice. */
function useOrderId(form: OrderForm): { id: string; renew: () => void } {
  const [known, setKnown] = useState({ form, id: newOrderId() });
  if (known.form !== form) setKnown({ form, id: newOrderId() });
  return { id: known.id, renew: () => setKnown({ form, id: newOrderId() }) };
}

export function Ticket({ form, onChange, live, currency }: Props): ReactNode {
  const place = usePlaceOrder();
  const [tried, setTried] = useState(false);
  const errors = useMemo(() => orderErrors(form), [form]);
  const good = Object.keys(errors).length === 0;
  const { id, renew } = useOrderId(form);
  const change = (changes: Partial<OrderForm>): void => {
    onChange({ ...form, ...changes });
    if (changes.symbol !== undefined) choose({ symbol: changes.symbol });
  };
  const send = (): void => {
    setTried(true);
    if (!good || place.isPending) return;
    place.mutate(
      { ...orderWish(form), client_order_id: id },
      {
        onSuccess: () => {
          setTried(false);
          renew();
        },
        onError: (error) => {
          if (!asProblem(error).passing) renew();
        },
      },
    );
  };
  return (
    <Card title="Order ticket" aside={live ? <strong className={css["live"]}>LIVE MONEY</strong> : "simulated money"} className={css["ticket"]} label="Order ticket">
      <form
        className={css["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <SideSwitch side={form.side} onChange={(side) => change({ side })} />
        <Fields form={form} errors={tried ? errors : {}} change={change} />
        <Button
          type="submit"
          look="primary"
          className={css[form.side === "buy" ? "buy" : "sell"] ?? ""}
          disabled={place.isPending}
        >
          {place.isPending ? "Sending…" : `${form.side === "buy" ? "Buy" : "Sell"} ${form.quantity} ${form.symbol}`}
        </Button>
      </form>
      {place.isError && <Failure error={place.error} doing="place the order" context="execution" />}
      {place.data && !place.isPending && !place.isError && <Answer order={place.data} />}
      <WhatIf wish={good ? form : undefined} currency={currency} />
    </Card>
  );
}

function SideSwitch({ side, onChange }: { side: OrderForm["side"]; onChange: (side: OrderForm["side"]) => void }): ReactNode {
  return (
    <div className={css["sides"]} role="radiogroup" aria-label="Side">
      {(["buy", "sell"] as const).map((name) => (
        <label key={name} data-side={name}>
          <input type="radio" name="order-side" checked={side === name} onChange={() => onChange(name)} />
          <span aria-hidden="true">{name === "buy" ? "▲" : "▼"}</span> {name === "buy" ? "Buy" : "Sell"}
        </label>
      ))}
    </div>
  );
}

interface FieldsProps {
  form: OrderForm;
  errors: OrderErrors;
  change: (changes: Partial<OrderForm>) => void;
}

function Fields({ form, errors, change }: FieldsProps): ReactNode {
  const datasets = useDatasets();
  const symbols = [...new Set((datasets.data ?? []).map(({ instrument }) => instrument.id))];
  return (
    <>
      <div className={css["grid"]}>
        <TextField label="Symbol" value={form.symbol} choices={symbols} error={errors.symbol} placeholder={symbols[0] ?? "SPX"} onChange={(symbol) => change({ symbol: symbol.trim() })} />
        <TextField label="Quantity" numeric value={form.quantity} error={errors.quantity} onChange={(quantity) => change({ quantity: quantity.trim() })} />
        <SelectField label="Type" value={form.type} options={TYPES} onChange={(type) => change({ type: TYPES.find(({ value }) => value === type)?.value ?? "market" })} />
        <SelectField label="Time in force" value={form.timeInForce} options={TIMES} onChange={(time) => change({ timeInForce: TIMES.find(({ value }) => value === time)?.value ?? "gtc" })} />
        {needs.price(form.type) && (
          <TextField label={form.type === "trailing_stop_limit" ? "Limit offset" : "Limit price"} numeric value={form.price} error={errors.price} onChange={(price) => change({ price: price.trim() })} />
        )}
        {needs.stopPrice(form.type) && (
          <TextField label="Trigger price" numeric value={form.stopPrice} error={errors.stopPrice} onChange={(stopPrice) => change({ stopPrice: stopPrice.trim() })} />
        )}
        {needs.trail(form.type) && (
          <TextField label="Trailing by" numeric value={form.trail} error={errors.trail} hint="in price" onChange={(trail) => change({ trail: trail.trim() })} />
        )}
        {form.timeInForce === "gtd" && (
          <TextField label="Good till, UTC" type="datetime-local" value={form.expire} error={errors.expire} onChange={(expire) => change({ expire })} />
        )}
      </div>
      <div className={css["checks"]}>
        <CheckField label="Bracket" checked={form.bracket && !form.reduceOnly} disabled={form.reduceOnly} hint="Stop and target are placed once it trades" onChange={(bracket) => change({ bracket })} />
        <CheckField label="Post only" checked={form.postOnly && needs.resting(form)} disabled={!needs.resting(form)} hint="Rests, or is refused: never takes" onChange={(postOnly) => change({ postOnly })} />
        <CheckField label="Reduce only" checked={form.reduceOnly} hint="Never opens or turns a position" onChange={(reduceOnly) => change({ reduceOnly })} />
      </div>
      {form.bracket && !form.reduceOnly && (
        <div className={css["grid"]}>
          <TextField label="Stop loss" numeric value={form.stopLoss} error={errors.stopLoss} hint="price, on the losing side" onChange={(stopLoss) => change({ stopLoss: stopLoss.trim() })} />
          <TextField label="Take profit" numeric value={form.takeProfit} error={errors.takeProfit} hint="price; may be empty" onChange={(takeProfit) => change({ takeProfit: takeProfit.trim() })} />
        </div>
      )}
      {needs.resting(form) && (
        <div className={css["grid"]}>
          <TextField label="Shown quantity" numeric value={form.display} error={errors.display} hint="iceberg; empty shows all" onChange={(display) => change({ display: display.trim() })} />
        </div>
      )}
    </>
  );
}
