// Positions of an account with their profit, and how the account has done.
import type { ReactNode } from "react";
import type { Account, AccountPosition } from "../../api/types";
import { useAccountPositions, usePerformance, usePlaceOrder } from "../../store/trading";
import { decimal, magnitude, signOf, signed } from "../../values/decimal";
import { count } from "../../values/format";
import { Button, Card, Spark } from "../parts/basic";
import { Failure, Loaded, Notice } from "../parts/notice";
import { type Column, Table } from "../parts/table";
import { Amount, Figure } from "./account_head";
import { Answer } from "./answer";
import css from "./trade.module.css";

export function PositionsPart({ account }: { account: Account }): ReactNode {
  return (
    <>
      <PositionsCard account={account} />
      <PerformanceCard account={account} />
    </>
  );
}

function PositionsCard({ account }: { account: Account }): ReactNode {
  const query = useAccountPositions(account.id);
  const close = usePlaceOrder();
  const send = ({ symbol, quantity }: AccountPosition): void => {
    if (!confirm(`Close ${decimal(quantity)} ${symbol} of ${account.id} at the market?`)) return;
    const side = signOf(quantity) > 0 ? "sell" : "buy";
    close.mutate({ account: account.id, symbol, side, quantity: magnitude(quantity), type: "market", reduce_only: true });
  };
  const action: Column<AccountPosition> = {
    key: "close",
    title: "Actions",
    right: true,
    stick: true,
    cell: (position) =>
      signOf(position.quantity) === 0 ? null : (
        <Button small look="danger" disabled={close.isPending} aria-label={`Close ${position.symbol}`} onClick={() => send(position)}>Close</Button>
      ),
  };
  return (
    <Card title="Positions" aside="closed by a reduce-only market order">
      {close.isError && <Failure error={close.error} doing="close the position" context="execution" />}
      {close.data && <Answer order={close.data} />}
      <Loaded query={query} doing="list the positions" context="execution" height={160}>
        {(positions) =>
          positions.length === 0 ? (
            <Notice title={`${account.id} is flat`}>No position, and no order that could make one.</Notice>
          ) : (
            <Table label="Positions" columns={[...COLUMNS, action]} rows={positions} rowKey={(position) => position.symbol} />
          )
        }
      </Loaded>
    </Card>
  );
}

const COLUMNS: readonly Column<AccountPosition>[] = [
  { key: "symbol", title: "Symbol", sort: (position) => position.symbol, cell: (position) => position.symbol },
  { key: "quantity", title: "Quantity", right: true, cell: (position) => signed(position.quantity) },
  { key: "average", title: "Average price", right: true, cell: (position) => decimal(position.average_price) },
  { key: "last", title: "Last price", right: true, cell: (position) => decimal(position.last_price) },
  { key: "open", title: "Open P&L", right: true, cell: (position) => <Amount text={position.unrealised_pnl} /> },
  { key: "realised", title: "Realised P&L", right: true, cell: (position) => <Amount text={position.realised_pnl} /> },
  { key: "buy", title: "Buying", right: true, cell: (position) => decimal(position.open_buy) },
  { key: "sell", title: "Selling", right: true, cell: (position) => decimal(position.open_sell) },
];

function PerformanceCard({ account }: { account: Account }): ReactNode {
  const query = usePerformance(account.id);
  return (
    <Card title="Since it was opened">
      <Loaded query={query} doing="read the performance" context="execution" height={150}>
        {(done) => (
          <div className={css["pad"]}>
            <div className={css["figures"]}>
              <Figure name="Realised P&L"><Amount text={done.realised_pnl} /></Figure>
              <Figure name="Fees">{decimal(done.fees)}</Figure>
              <Figure name="Trades">{count(done.trades)}</Figure>
              <Figure name="Won / lost">{`${count(done.wins)} / ${count(done.losses)}`}</Figure>
              <Figure name="Largest win"><Amount text={done.largest_win} /></Figure>
              <Figure name="Largest loss"><Amount text={done.largest_loss} /></Figure>
              <Figure name="Largest drawdown">{decimal(done.max_drawdown)}</Figure>
            </div>
            {done.points.length > 1 ? (
              <Spark values={done.points.map(({ equity }) => Number(equity))} label={`Equity of ${account.id}, last ${done.points.length} points`} />
            ) : (
              <p className={css["quiet"]}>Its equity is drawn here once prices have moved it.</p>
            )}
          </div>
        )}
      </Loaded>
    </Card>
  );
}
