// The book of the ticket's symbol as a ladder: asks above bids, sizes as bars, own prices marked.
import type { ReactNode } from "react";
import { asProblem } from "../../api/problem";
import type { Depth, DepthLevel } from "../../api/types";
import { NO_BOOK, useAccountOrders, useDepth } from "../../store/trading";
import { canonical, decimal } from "../../values/decimal";
import { Card, Hidden } from "../parts/basic";
import { Failure, Notice } from "../parts/notice";
import css from "./depth.module.css";

interface Props {
  symbol: string;
  onPrice: (price: string) => void;
}

export function DepthCard({ symbol, onPrice }: Props): ReactNode {
  const query = useDepth(symbol);
  return (
    <Card title="Depth" aside={symbol || undefined} label="Depth of the book">
      {symbol === "" ? (
        <Notice title="No symbol chosen">Its book is shown once the ticket names a symbol.</Notice>
      ) : query.data ? (
        <Ladder book={query.data} onPrice={onPrice} />
      ) : query.isError ? (
        <NoBook error={query.error} symbol={symbol} retry={() => void query.refetch()} />
      ) : (
        <Notice title="Asking for the book…" />
      )}
    </Card>
  );
}

function NoBook({ error, symbol, retry }: { error: unknown; symbol: string; retry: () => void }): ReactNode {
  const problem = asProblem(error);
  if (problem.code !== NO_BOOK) return <Failure error={error} doing="read the book" context="execution" retry={retry} />;
  return (
    <Notice title={`No book of ${symbol} is kept`}>
      A ladder is shown where FKS sees the orders of a market: at venues with a book feed and at the internal one. Orders on bars fill without it.
    </Notice>
  );
}

function Ladder({ book, onPrice }: { book: Depth; onPrice: (price: string) => void }): ReactNode {
  // Widths only: quantities on the screen stay the texts they are.
  const most = Math.max(...[...book.asks, ...book.bids].map(([, quantity]) => Number(quantity)), 1e-12);
  // The server marks what it knows to be ours; our working limit orders are marked in any case.
  const working = useAccountOrders("", book.symbol, true).data ?? [];
  const own = new Set([...book.own, ...working.flatMap(({ price }) => price ?? [])].map(canonical));
  const row = (side: "ask" | "bid", [price, quantity, orders]: DepthLevel): ReactNode => (
    <tr key={`${side} ${price}`} data-side={side} data-own={own.has(canonical(price))}>
      <td className={css["price"]}>
        <button type="button" onClick={() => onPrice(price)} title="Take this price to the ticket">{decimal(price)}</button>
      </td>
      <td className={css["size"]}>
        <span className={css["bar"]} style={{ width: `${(Number(quantity) / most) * 100}%` }} aria-hidden="true" />
        <span>{decimal(quantity)}</span>
      </td>
      <td className={css["count"]}>{orders > 0 ? orders : ""}</td>
      <td className={css["own"]}>{own.has(canonical(price)) && <><span aria-hidden="true">◆</span><Hidden>own order here</Hidden></>}</td>
    </tr>
  );
  if (book.asks.length + book.bids.length === 0) return <Notice title="The book is empty">No order rests on either side.</Notice>;
  return (
    <table className={css["ladder"]} data-testid="ladder">
      <thead>
        <tr>
          <th scope="col">Price</th>
          <th scope="col">Quantity</th>
          <th scope="col">Orders</th>
          <th scope="col"><Hidden>Own</Hidden></th>
        </tr>
      </thead>
      <tbody>{book.asks.toReversed().map((level) => row("ask", level))}</tbody>
      <tbody className={css["bids"]}>{book.bids.map((level) => row("bid", level))}</tbody>
    </table>
  );
}
