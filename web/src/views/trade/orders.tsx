// The ticket beside the book, above all orders.
import { type ReactNode, useState } from "react";
import type { Account } from "../../api/types";
import { useDesk } from "../../store/desk";
import { type OrderForm, NEW_ORDER } from "../../values/order_form";
import { Blotter } from "./blotter";
import { DepthCard } from "./depth";
import { Ticket } from "./ticket";
import css from "./trade.module.css";

export function OrdersPart({ account }: { account: Account | undefined }): ReactNode {
  const desk = useDesk();
  const id = account?.id ?? "paper";
  const [form, setForm] = useState<OrderForm>({ ...NEW_ORDER, account: id, symbol: desk.symbol });
  const shown = form.account === id ? form : { ...form, account: id };
  const takePrice = (price: string): void => setForm({ ...shown, type: shown.type === "market" ? "limit" : shown.type, price });
  return (
    <div className={css["orders"]}>
      <Ticket form={shown} onChange={setForm} live={account?.mode === "live"} currency={account?.currency ?? ""} />
      <div className={css["stack"]}>
        <DepthCard symbol={shown.symbol} onPrice={takePrice} />
        <Blotter account={id} />
      </div>
    </div>
  );
}
