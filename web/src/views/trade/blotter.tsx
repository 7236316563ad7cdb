// All orders: those that work, with the means to change or cancel them, and those that are over.
import { type ReactNode, useState } from "react";
import type { AccountOrder } from "../../api/types";
import { tradeHref } from "../../store/location";
import { useAccountOrders, useCancelAll, useCancelOrder } from "../../store/trading";
import { isOver } from "../../store/trading_events";
import { decimal } from "../../values/decimal";
import { words } from "../../values/format";
import { momentOf, seconds } from "../../values/time";
import { Button, Card } from "../parts/basic";
import { Link } from "../parts/link";
import { Failure, Loaded, Notice } from "../parts/notice";
import { Side } from "../parts/side";
import { type Column, Table } from "../parts/table";
import { Amend } from "./amend";
import css from "./blotter.module.css";
import { StateTag } from "./state";

const ALL = "";

export function Blotter({ account }: { account: string }): ReactNode {
  const [whole, setWhole] = useState(false);
  const [everybody, setEverybody] = useState(false);
  const [symbol, setSymbol] = useState("");
  const of = everybody ? ALL : account;
  const query = useAccountOrders(of, symbol.trim(), !whole);
  const cancelAll = useCancelAll();
  const working = query.data?.filter((order) => !isOver(order)).length ?? 0;
  const where = [everybody ? "all accounts" : account, symbol.trim()].filter(Boolean).join(", ");
  return (
    <Card title="Orders" className={css["blotter"]} label="Blotter" aside={<span data-testid="working">{working} working</span>}>
      <div className={css["bar"]}>
        <div className={css["switch"]} role="group" aria-label="Which orders">
          <Button small aria-pressed={!whole} onClick={() => setWhole(false)}>Working</Button>
          <Button small aria-pressed={whole} onClick={() => setWhole(true)}>History</Button>
        </div>
        <select aria-label="Orders of" value={everybody ? "all" : "one"} onChange={(event) => setEverybody(event.target.value === "all")}>
          <option value="one">{account}</option>
          <option value="all">all accounts</option>
        </select>
        <input aria-label="Only this symbol" placeholder="any symbol" value={symbol} spellCheck={false} onChange={(event) => setSymbol(event.target.value)} />
        <Button
          small
          look="danger"
          className={css["all"] ?? ""}
          disabled={working === 0 || cancelAll.isPending}
          onClick={() => {
            if (confirm(`Cancel all working orders of ${where}?`)) cancelAll.mutate({ account: of, symbol: symbol.trim() });
          }}
        >
          Cancel all
        </Button>
      </div>
      {cancelAll.isError && <Failure error={cancelAll.error} doing="cancel the orders" context="execution" />}
      <Loaded query={query} doing="list the orders" context="execution" height={220}>
        {(orders) => <Rows orders={orders} whole={whole} everybody={everybody} />}
      </Loaded>
    </Card>
  );
}

/** Columns that say something about these rows. */
function columnsOf(whole: boolean, everybody: boolean): readonly Column<AccountOrder>[] {
  const without = new Set([...(whole ? [] : ["average", "reason"]), ...(everybody ? [] : ["account"])]);
  return COLUMNS.filter(({ key }) => !without.has(key));
}

interface RowsProps {
  orders: readonly AccountOrder[];
  whole: boolean;
  everybody: boolean;
}

function Rows({ orders, whole, everybody }: RowsProps): ReactNode {
  const [amending, setAmending] = useState<number | null>(null);
  const cancel = useCancelOrder();
  if (orders.length === 0) {
    return whole ? (
      <Notice title="No order yet">The first one stands here, and stays, whatever becomes of it.</Notice>
    ) : (
      <Notice title="No order works">What was filled, cancelled or refused stands under History.</Notice>
    );
  }
  const chosen = orders.find(({ id, state }) => id === amending && state !== "filled");
  const action: Column<AccountOrder> = {
    key: "action",
    title: "Actions",
    right: true,
    stick: true,
    cell: (order) =>
      isOver(order) ? null : (
        <span className={css["actions"]}>
          <Button small aria-expanded={amending === order.id} aria-label={`Amend order ${order.id}`} onClick={() => setAmending(amending === order.id ? null : order.id)}>Amend</Button>
          <Button small look="danger" disabled={cancel.isPending && cancel.variables === order.id} aria-label={`Cancel order ${order.id}`} onClick={() => cancel.mutate(order.id)}>Cancel</Button>
        </span>
      ),
  };
  return (
    <>
      {cancel.isError && <Failure error={cancel.error} doing="cancel the order" context="execution" />}
      {chosen && <Amend key={chosen.id} order={chosen} onDone={() => setAmending(null)} />}
      <Table label="Orders" columns={[...columnsOf(whole, everybody), ...(orders.every(isOver) ? [] : [action])]} rows={orders} rowKey={(order) => order.id} page={25} />
    </>
  );
}

function flags(order: AccountOrder): string {
  return [order.time_in_force.toUpperCase(), order.post_only && "post", order.reduce_only && "reduce"].filter(Boolean).join(" ");
}

const COLUMNS: readonly Column<AccountOrder>[] = [
  {
    key: "time",
    title: "Time, UTC",
    sort: (order) => order.created_ts_ns,
    cell: (order) => (
      <Link href={tradeHref("orders", order.id)} aria-label={`Story of order ${order.id}`} title="Its story">
        {momentOf(seconds(order.created_ts_ns)).slice(5)}
      </Link>
    ),
  },
  { key: "state", title: "State", sort: (order) => order.state, cell: (order) => <StateTag state={order.state} /> },
  { key: "side", title: "Side", cell: (order) => <Side side={order.side} /> },
  { key: "symbol", title: "Symbol", sort: (order) => order.symbol, cell: (order) => order.symbol },
  { key: "type", title: "Type", cell: (order) => <>{words(order.type)} <small>{flags(order)}</small></> },
  { key: "quantity", title: "Quantity", right: true, cell: (order) => decimal(order.quantity) },
  { key: "price", title: "Price", right: true, cell: (order) => decimal(order.price ?? order.stop_price) },
  { key: "filled", title: "Filled / leaves", right: true, cell: (order) => `${decimal(order.filled)} / ${decimal(order.leaves)}` },
  { key: "average", title: "Average", right: true, cell: (order) => decimal(order.average_price) },
  { key: "account", title: "Account", sort: (order) => order.account, cell: (order) => order.account },
  {
    key: "reason",
    title: "Reason",
    cell: (order) => <span className={css["reason"]} title={`${order.code} ${order.reason}`.trim()}>{order.reason || words(order.code.toLowerCase())}</span>,
  },
];
