// The round trips of a run.
import type { ReactNode } from "react";
import type { Run, Trade } from "../../api/types";
import { useRunTrades } from "../../store/engine";
import { count, money, number, quantity } from "../../values/format";
import { moment } from "../../values/time";
import { Card, Change, Tag } from "../parts/basic";
import { Loaded, Notice } from "../parts/notice";
import { Side } from "../parts/side";
import { type Column, Table } from "../parts/table";

const COLUMNS: readonly Column<Trade>[] = [
  { key: "number", title: "No.", right: true, sort: (trade) => trade.number, cell: (trade) => trade.number },
  { key: "side", title: "Side", sort: (trade) => trade.side, cell: (trade) => <Side side={trade.side} /> },
  { key: "quantity", title: "Quantity", right: true, sort: (trade) => trade.quantity, cell: (trade) => quantity(trade.quantity) },
  { key: "entry", title: "Entry", sort: (trade) => trade.entry_ts_ns, cell: (trade) => when(trade.entry_ts_ns) },
  { key: "entryPrice", title: "at", right: true, sort: (trade) => trade.entry_price, cell: (trade) => number(trade.entry_price) },
  { key: "exit", title: "Exit", sort: (trade) => trade.exit_ts_ns, cell: (trade) => (trade.open ? <Tag tone="live">open</Tag> : when(trade.exit_ts_ns)) },
  { key: "exitPrice", title: "at", right: true, sort: (trade) => trade.exit_price, cell: (trade) => number(trade.exit_price) },
  { key: "bars", title: "Bars", right: true, sort: (trade) => trade.bars, cell: (trade) => count(trade.bars) },
  { key: "pnl", title: "Profit", right: true, sort: (trade) => trade.pnl, cell: (trade) => <Change value={trade.pnl} /> },
  { key: "return", title: "Return", right: true, sort: (trade) => trade.return_fraction, cell: (trade) => <Change value={trade.return_fraction} fraction /> },
  { key: "mae", title: "Worst open", right: true, sort: (trade) => trade.mae, cell: (trade) => number(trade.mae) },
  { key: "mfe", title: "Best open", right: true, sort: (trade) => trade.mfe, cell: (trade) => number(trade.mfe) },
  { key: "fees", title: "Fees", right: true, sort: (trade) => trade.fees, cell: (trade) => money(trade.fees) },
];

/** Daily bars open at midnight: their time of day says nothing. */
function when(tsNs: number): string {
  return moment(tsNs, tsNs % 86_400e9 === 0);
}

export function TradesCard({ run }: { run: Run }): ReactNode {
  const query = useRunTrades(run.id, true);
  const data = query.data;
  const part = data && data.trades.length < data.total_trades ? `the last ${count(data.trades.length)} of ` : "";
  return (
    <Card title="Trades" aside={data ? `${part}${count(data.total_trades)}, after fees` : ""}>
      <Loaded query={query} doing="load the trades" context="engine" height={320}>
        {({ trades }) =>
          trades.length === 0 ? (
            <Notice title="No trade">The strategy never took a position with these parameters.</Notice>
          ) : (
            <Table label="Trades" columns={COLUMNS} rows={trades} rowKey={(trade) => trade.number} page={25} order="number" />
          )
        }
      </Loaded>
    </Card>
  );
}
