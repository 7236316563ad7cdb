// What an account has done: orders, fills, decisions and its journal, a page at a time.
import { type ReactNode, useState } from "react";
import type { AccountFill, AccountOrder, AccountStep, Decision } from "../../api/types";
import { useDecisionPages, useFillPages, useJournalPages, useOrderPages } from "../../store/history";
import { tradeHref } from "../../store/location";
import { decimal } from "../../values/decimal";
import { words } from "../../values/format";
import { momentOf, seconds } from "../../values/time";
import { Button, Card, Tag } from "../parts/basic";
import { Link } from "../parts/link";
import { Older } from "../parts/older";
import { Side } from "../parts/side";
import type { Column } from "../parts/table";
import css from "./risk.module.css";
import { StateTag } from "./state";

const KINDS = ["orders", "fills", "decisions", "journal"] as const;
type Kind = (typeof KINDS)[number];

export function HistoryPart({ account }: { account: string }): ReactNode {
  const [kind, setKind] = useState<Kind>("orders");
  return (
    <Card title="History" label="History" aside="newest first, times in UTC">
      <div className={css["tabs"]} role="group" aria-label="What to look back at">
        {KINDS.map((name) => (
          <Button key={name} small aria-pressed={name === kind} onClick={() => setKind(name)}>{words(name)}</Button>
        ))}
      </div>
      {kind === "orders" && <Orders account={account} />}
      {kind === "fills" && <Fills account={account} />}
      {kind === "decisions" && <Decisions account={account} />}
      {kind === "journal" && <Journal account={account} />}
    </Card>
  );
}

function Orders({ account }: { account: string }): ReactNode {
  return <Older label="Orders of the past" query={useOrderPages(account)} columns={ORDERS} rowKey={({ id }) => id} empty="The first order stands here, whatever becomes of it." />;
}

function Fills({ account }: { account: string }): ReactNode {
  return <Older label="Fills" query={useFillPages(account)} columns={FILLS} rowKey={({ id }) => id} empty="Every trade of an order stands here, with its fee." />;
}

function Decisions({ account }: { account: string }): ReactNode {
  return <Older label="Decisions of the past" query={useDecisionPages(account)} columns={DECISIONS} rowKey={({ seq, order_id, symbol }) => `${seq} ${order_id} ${symbol}`} empty="Each order leaves the word of the controls here." />;
}

function Journal({ account }: { account: string }): ReactNode {
  return <Older label="Journal" query={useJournalPages(account)} columns={STEPS} rowKey={({ seq, order_id, what, detail }) => `${seq} ${order_id} ${what} ${detail}`} empty="What happens to the account and its orders stands here." />;
}

const time = (tsNs: number): string => momentOf(seconds(tsNs)).slice(5);

function story(order: number): ReactNode {
  return order > 0 && <Link href={tradeHref("orders", order)} aria-label={`Story of order ${order}`}>Story</Link>;
}

const ORDERS: readonly Column<AccountOrder>[] = [
  { key: "time", title: "Time", cell: (order) => time(order.created_ts_ns) },
  { key: "state", title: "State", cell: (order) => <StateTag state={order.state} /> },
  { key: "side", title: "Side", cell: (order) => <Side side={order.side} /> },
  { key: "symbol", title: "Symbol", cell: (order) => order.symbol },
  { key: "type", title: "Type", cell: (order) => words(order.type) },
  { key: "quantity", title: "Quantity", right: true, cell: (order) => decimal(order.quantity) },
  { key: "price", title: "Price", right: true, cell: (order) => decimal(order.price ?? order.stop_price) },
  { key: "average", title: "Average", right: true, cell: (order) => decimal(order.average_price) },
  { key: "reason", title: "Reason", cell: (order) => <span className={css["reason"]} title={order.reason}>{order.reason || words(order.code.toLowerCase())}</span> },
  { key: "story", title: "Story", right: true, cell: (order) => story(order.id) },
];

const FILLS: readonly Column<AccountFill>[] = [
  { key: "time", title: "Time", cell: (fill) => time(fill.ts_ns) },
  { key: "side", title: "Side", cell: (fill) => <Side side={fill.side} /> },
  { key: "symbol", title: "Symbol", cell: (fill) => fill.symbol },
  { key: "quantity", title: "Quantity", right: true, cell: (fill) => decimal(fill.quantity) },
  { key: "price", title: "Price", right: true, cell: (fill) => decimal(fill.price) },
  { key: "fee", title: "Fee", right: true, cell: (fill) => decimal(fill.fee) },
  { key: "story", title: "Story", right: true, cell: (fill) => story(fill.order_id) },
];

const DECISIONS: readonly Column<Decision>[] = [
  { key: "time", title: "Time", cell: (decision) => time(decision.ts_ns) },
  { key: "passed", title: "Decision", cell: (decision) => <Tag tone={decision.passed ? "good" : "bad"}>{decision.passed ? "passed" : "refused"}</Tag> },
  { key: "code", title: "Control", cell: (decision) => words(decision.code.toLowerCase()) },
  { key: "reason", title: "Reason", cell: (decision) => <span className={css["reason"]} title={decision.reason}>{decision.reason}</span> },
  { key: "symbol", title: "Symbol", cell: (decision) => decision.symbol },
  { key: "version", title: "Limits", right: true, cell: (decision) => `v${decision.limits_version}` },
  { key: "story", title: "Story", right: true, cell: (decision) => story(decision.order_id) },
];

const STEPS: readonly Column<AccountStep>[] = [
  { key: "time", title: "Time", cell: (step) => time(step.ts_ns) },
  { key: "what", title: "What", cell: (step) => step.what },
  { key: "detail", title: "Detail", cell: (step) => <span className={css["detail"]}>{step.detail}</span> },
  { key: "seq", title: "Journal", right: true, cell: (step) => step.seq },
  { key: "story", title: "Story", right: true, cell: (step) => story(step.order_id) },
];
