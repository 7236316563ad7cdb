// One symbol of a stream: its book as it is now, and its trades as they come.
import type { ReactNode } from "react";
import { asProblem } from "../../api/problem";
import type { LiveBook } from "../../api/types";
import { useLiveBook, useTape } from "../../store/streams";
import { type Tape, scaled } from "../../values/tape";
import { Card } from "../parts/basic";
import { Notice } from "../parts/notice";
import css from "./data.module.css";

export function LiveCard({ stream, symbol }: { stream: string; symbol: string }): ReactNode {
  const query = useLiveBook(stream, symbol);
  const tape = useTape(stream, symbol);
  return (
    <div className={css["live"]}>
      <Card title={`Book of ${symbol}`} label="Live book" aside={stream}>
        {query.isError ? (
          <Notice title="No book can be believed now">{asProblem(query.error).detail}</Notice>
        ) : query.data ? (
          <Ladder book={query.data} />
        ) : (
          <Notice title="Asking for the book…" />
        )}
      </Card>
      <Card title="Trades" label="Live trades" aside="ten a second at most">
        {tape.length === 0 ? <Notice title="No trade since this was opened" /> : <TapeList tape={tape} />}
      </Card>
    </div>
  );
}

type Level = LiveBook["bids"][number];

function Ladder({ book }: { book: LiveBook }): ReactNode {
  const level = (units: Level): readonly [number, number] => [units[0] ?? 0, units[1] ?? 0];
  const [bids, asks] = [book.bids.map(level), book.asks.map(level)];
  const most = Math.max(...[...bids, ...asks].map(([, quantity]) => quantity), 1);
  if (bids.length + asks.length === 0) return <Notice title="The book is empty">No order rests on either side.</Notice>;
  const row = (side: string, [price, quantity]: readonly [number, number]): ReactNode => (
    <tr key={`${side} ${price}`} data-side={side}>
      <td>{scaled(price, book.price_decimals)}</td>
      <td>
        <span style={{ width: `${(quantity / most) * 100}%` }} aria-hidden="true" />
        {scaled(quantity, book.quantity_decimals)}
      </td>
    </tr>
  );
  return (
    <table className={css["ladder"]} data-testid="live-book">
      <thead>
        <tr>
          <th scope="col">Price</th>
          <th scope="col">Quantity</th>
        </tr>
      </thead>
      <tbody>{asks.toReversed().map((one) => row("ask", one))}</tbody>
      <tbody>{bids.map((one) => row("bid", one))}</tbody>
    </table>
  );
}

function time(tsNs: number): string {
  return new Date(tsNs / 1e6).toISOString().slice(11, 23);
}

const SIDES: Readonly<Record<string, string>> = { "1": "buy", "-1": "sell", "0": "" };

function TapeList({ tape }: { tape: Tape }): ReactNode {
  return (
    <table className={css["ladder"]} data-testid="tape">
      <thead>
        <tr>
          <th scope="col">Time, UTC</th>
          <th scope="col">Price</th>
          <th scope="col">Quantity</th>
          <th scope="col">Aggressor</th>
        </tr>
      </thead>
      <tbody>
        {tape.map((one, at) => (
          <tr key={`${one.id} ${one.received_ns} ${at}`} data-side={one.side > 0 ? "bid" : one.side < 0 ? "ask" : ""}>
            <td>{time(one.ts_ns || one.received_ns)}</td>
            <td>{scaled(one.price, one.price_decimals)}</td>
            <td>{scaled(one.quantity, one.quantity_decimals)}</td>
            <td>{SIDES[String(one.side)]}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
