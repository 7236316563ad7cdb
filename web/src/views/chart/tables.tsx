// Orders, fills and positions under the chart.
import { type ReactNode, useState } from "react";
import type { Fill, Order, Position } from "../../api/types";
import { usePositions } from "../../store/execution";
import { count, money, price, quantity, words } from "../../values/format";
import { moment } from "../../values/time";
import { Card, Change, StatusTag } from "../parts/basic";
import { Loaded, Notice } from "../parts/notice";
import { Side } from "../parts/side";
import { type Column, Table } from "../parts/table";
import css from "./chart.module.css";
import type { ChartData } from "./data";

interface Look {
  places: number;
  daily: boolean;
}

function orderColumns({ places, daily }: Look): readonly Column<Order>[] {
  const at = (value: number | null | undefined): string => (value ? price(value, places) : "–");
  return [
    { key: "id", title: "Order", right: true, sort: (order) => order.id, cell: (order) => order.id },
    { key: "time", title: "Decided at", sort: (order) => order.created_ts_ns, cell: (order) => moment(order.created_ts_ns, daily) },
    { key: "side", title: "Side", sort: (order) => order.side, cell: (order) => <Side side={order.side} /> },
    { key: "type", title: "Type", sort: (order) => order.type, cell: (order) => order.type },
    { key: "quantity", title: "Quantity", right: true, sort: (order) => order.quantity, cell: (order) => quantity(order.quantity) },
    { key: "price", title: "Price", right: true, cell: (order) => at(order.limit_price ?? order.stop_price) },
    { key: "status", title: "Status", sort: (order) => order.status, cell: (order) => <StatusTag status={order.status} /> },
    { key: "reason", title: "Reason", cell: (order) => (order.reason ? words(order.reason) : "") },
  ];
}

function fillColumns({ places, daily }: Look): readonly Column<Fill>[] {
  return [
    { key: "id", title: "Fill", right: true, sort: (fill) => fill.id, cell: (fill) => fill.id },
    { key: "time", title: "Bar", sort: (fill) => fill.ts_ns, cell: (fill) => moment(fill.ts_ns, daily) },
    { key: "side", title: "Side", sort: (fill) => fill.side, cell: (fill) => <Side side={fill.side} /> },
    { key: "quantity", title: "Quantity", right: true, sort: (fill) => fill.quantity, cell: (fill) => quantity(fill.quantity) },
    { key: "price", title: "Price", right: true, sort: (fill) => fill.price, cell: (fill) => price(fill.price, places) },
    { key: "fee", title: "Fee", right: true, sort: (fill) => fill.fee, cell: (fill) => money(fill.fee) },
    { key: "position", title: "Position after", right: true, cell: (fill) => quantity(fill.position) },
    { key: "pnl", title: "Realised so far", right: true, sort: (fill) => fill.realised_pnl, cell: (fill) => <Change value={fill.realised_pnl} /> },
    { key: "order", title: "Order", right: true, sort: (fill) => fill.order_id, cell: (fill) => fill.order_id },
  ];
}

function positionColumns({ places }: Look): readonly Column<Position>[] {
  return [
    { key: "instrument", title: "Instrument", sort: (row) => row.instrument, cell: (row) => row.instrument },
    { key: "quantity", title: "Quantity", right: true, sort: (row) => row.quantity, cell: (row) => quantity(row.quantity) },
    { key: "average", title: "Average price", right: true, cell: (row) => price(row.average_price, places) },
    { key: "last", title: "Last price", right: true, cell: (row) => price(row.last_price, places) },
    { key: "open", title: "Unrealised", right: true, sort: (row) => row.unrealised_pnl, cell: (row) => <Change value={row.unrealised_pnl} /> },
    { key: "done", title: "Realised", right: true, sort: (row) => row.realised_pnl, cell: (row) => <Change value={row.realised_pnl} /> },
  ];
}

type Tab = "fills" | "orders" | "positions";

export function Tables({ data, look }: { data: ChartData; look: Look }): ReactNode {
  const [tab, setTab] = useState<Tab>("fills");
  const tabs: readonly { tab: Tab; label: string }[] = [
    { tab: "fills", label: `Fills ${count(data.fills.length)}` },
    ...(data.session
      ? ([
          { tab: "orders", label: `Orders ${count(data.orders.length)}` },
          { tab: "positions", label: "Positions" },
        ] as const)
      : []),
  ];
  return (
    <Card label="Trading">
      <div className={css["tabs"]} role="tablist" aria-label="Trading">
        {tabs.map((one) => (
          <button key={one.tab} type="button" role="tab" aria-selected={tab === one.tab} onClick={() => setTab(one.tab)}>
            {one.label}
          </button>
        ))}
      </div>
      <div className={css["tabBody"]} role="tabpanel" aria-label={tab}>
        {tab === "fills" && <Fills fills={data.fills} look={look} />}
        {tab === "orders" && <Orders orders={data.orders} look={look} />}
        {tab === "positions" && <Positions look={look} />}
      </div>
    </Card>
  );
}

function Fills({ fills, look }: { fills: readonly Fill[]; look: Look }): ReactNode {
  if (fills.length === 0) return <Notice title="No fill yet">An order fills on a bar after the one it was decided at.</Notice>;
  return <Table label="Fills" columns={fillColumns(look)} rows={fills} rowKey={(fill) => fill.id} page={25} order="-id" maxHeight={420} />;
}

function Orders({ orders, look }: { orders: readonly Order[]; look: Look }): ReactNode {
  if (orders.length === 0) return <Notice title="No order yet">The strategy has not asked for anything.</Notice>;
  return <Table label="Orders" columns={orderColumns(look)} rows={orders} rowKey={(order) => order.id} page={25} order="-id" maxHeight={420} />;
}

function Positions({ look }: { look: Look }): ReactNode {
  const query = usePositions();
  return (
    <Loaded query={query} doing="list the positions" context="execution" height={120}>
      {(positions) =>
        positions.length === 0 ? (
          <Notice title="No open position">Positions of all sessions that are not over stand here.</Notice>
        ) : (
          <Table label="Positions" columns={positionColumns(look)} rows={positions} rowKey={(row) => `${row.session_id} ${row.instrument}`} />
        )
      }
    </Loaded>
  );
}
