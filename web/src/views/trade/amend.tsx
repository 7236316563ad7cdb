// Change a working order in place: what stays open, its limit, its trigger.
import { type ReactNode, useState } from "react";
import type { AccountOrder } from "../../api/types";
import { useAmendOrder } from "../../store/trading";
import { isPositive } from "../../values/decimal";
import { Button } from "../parts/basic";
import { TextField } from "../parts/field";
import { Failure } from "../parts/notice";
import css from "./blotter.module.css";

export function Amend({ order, onDone }: { order: AccountOrder; onDone: () => void }): ReactNode {
  const amend = useAmendOrder(order.id);
  const [quantity, setQuantity] = useState(order.leaves);
  const [price, setPrice] = useState(order.price ?? "");
  const [stop, setStop] = useState(order.stop_price ?? "");
  const bad = (text: string, had: string | null | undefined): string | undefined =>
    had && !isPositive(text) ? "a number above zero" : undefined;
  const errors = [bad(quantity, order.leaves), bad(price, order.price), bad(stop, order.stop_price)];
  const changes = {
    ...(quantity !== order.leaves ? { quantity } : {}),
    ...(order.price && price !== order.price ? { price } : {}),
    ...(order.stop_price && stop !== order.stop_price ? { stop_price: stop } : {}),
  };
  const same = Object.keys(changes).length === 0;
  return (
    <form
      className={css["amend"]}
      aria-label={`Amend order ${order.id}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (!same && errors.every((error) => error === undefined)) amend.mutate(changes, { onSuccess: onDone });
      }}
    >
      <strong>Amend {order.side} {order.symbol}</strong>
      <TextField label="Open quantity" numeric value={quantity} error={errors[0]} onChange={(text) => setQuantity(text.trim())} />
      {order.price && <TextField label="Limit price" numeric value={price} error={errors[1]} onChange={(text) => setPrice(text.trim())} />}
      {order.stop_price && <TextField label="Trigger price" numeric value={stop} error={errors[2]} onChange={(text) => setStop(text.trim())} />}
      <div className={css["actions"]}>
        <Button small type="submit" look="primary" disabled={same || amend.isPending}>Change</Button>
        <Button small onClick={onDone}>Keep it</Button>
      </div>
      {amend.isError && <Failure error={amend.error} doing="change the order" context="execution" />}
    </form>
  );
}
