// The journal of one trade: what happened to it, step by step, and why.
import type { ReactNode } from "react";
import type { AccountFill, TradeStory } from "../../api/types";
import { tradeHref } from "../../store/location";
import { useStory } from "../../store/trading";
import { decimal, signed } from "../../values/decimal";
import { words } from "../../values/format";
import { momentOf, seconds } from "../../values/time";
import { Card } from "../parts/basic";
import { Link } from "../parts/link";
import { Loaded, Notice } from "../parts/notice";
import { PageHead } from "../parts/page";
import { Side } from "../parts/side";
import { type Column, Table } from "../parts/table";
import { Amount, Figure } from "./account_head";
import { StateTag } from "./state";
import css from "./story.module.css";
import trade from "./trade.module.css";

export function StoryPage({ id }: { id: number }): ReactNode {
  const query = useStory(id);
  return (
    <>
      <PageHead title="Journal of a trade" tab={`Order ${id}`} sub={`order ${id}`}>
        <Link href={tradeHref("orders")}>All orders</Link>
      </PageHead>
      <Loaded query={query} doing="tell the story of this order" context="execution" height={420}>
        {(story) => <Story story={story} />}
      </Loaded>
    </>
  );
}

function Story({ story }: { story: TradeStory }): ReactNode {
  const { order, steps, fills } = story;
  return (
    <div className={trade["stack"]}>
      <section className={trade["figures"]} aria-label="The order">
        <Figure name="State"><StateTag state={order.state} /></Figure>
        <Figure name="Order"><Side side={order.side} /> {decimal(order.quantity)} {order.symbol}</Figure>
        <Figure name="Type">{words(order.type)} <small>{order.time_in_force.toUpperCase()}</small></Figure>
        <Figure name="Price">{decimal(order.price ?? order.stop_price)}</Figure>
        <Figure name="Filled">{decimal(order.filled)} <small>of {decimal(order.quantity)}</small></Figure>
        <Figure name="Average">{decimal(order.average_price)}</Figure>
        <Figure name="Account">{order.account}</Figure>
        <Figure name="Limits">{order.limits_version > 0 ? `version ${order.limits_version}` : "–"}</Figure>
      </section>
      {(order.code || order.reason) && (
        <Card>
          <Notice tone={order.state === "rejected" ? "bad" : "plain"} title={words(order.code.toLowerCase()) || "Why it ended"}>{order.reason}</Notice>
        </Card>
      )}
      <div className={css["columns"]}>
        <Card title="What happened" label="What happened">
          {steps.length === 0 ? (
            <Notice title="Nothing yet">Steps are written here as the journal makes them durable.</Notice>
          ) : (
            <ol className={css["line"]} data-testid="story">
              {steps.map((step, at) => (
                <li key={`${step.seq} ${at}`} data-what={step.what}>
                  <div className={css["what"]}>
                    <strong>{words(step.what)}</strong>
                    <time>{clock(step.ts_ns)}</time>
                  </div>
                  {step.detail && <p>{step.detail}</p>}
                  <small>journal {step.seq}</small>
                </li>
              ))}
            </ol>
          )}
        </Card>
        <div className={trade["stack"]}>
          <Card title="Fills" aside="market time, UTC">
            {fills.length === 0 ? (
              <Notice title="No fill">{order.state === "rejected" ? "It was refused before it could trade." : "It has not traded."}</Notice>
            ) : (
              <Table label="Fills" columns={FILLS} rows={fills} rowKey={(fill) => fill.id} />
            )}
          </Card>
          <Card title="Where it belongs">
            <dl className={css["facts"]}>
              <Fact name="Caused by" value={order.reference || (order.strategy_id ? `strategy ${order.strategy_id}` : "a person")} />
              <Fact name="Client id" value={order.client_order_id} />
              <Fact name="Venue" value={[order.venue, order.venue_order_id].filter(Boolean).join(" · ")} />
              <Fact name="List" value={order.list_id || "none"} />
              <Fact name="Flags" value={[order.reduce_only && "reduce only", order.post_only && "post only"].filter(Boolean).join(", ") || "none"} />
            </dl>
          </Card>
        </div>
      </div>
    </div>
  );
}

/** Time of day with milliseconds: steps of an order lie close together. */
function clock(tsNs: number): string {
  return new Date(tsNs / 1e6).toISOString().slice(11, 23);
}

function Fact({ name, value }: { name: string; value: string }): ReactNode {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

const FILLS: readonly Column<AccountFill>[] = [
  { key: "time", title: "Time", cell: (fill) => momentOf(seconds(fill.ts_ns)) },
  { key: "quantity", title: "Quantity", right: true, cell: (fill) => decimal(fill.quantity) },
  { key: "price", title: "Price", right: true, cell: (fill) => decimal(fill.price) },
  { key: "fee", title: "Fee", right: true, cell: (fill) => `${decimal(fill.fee)} ${fill.fee_currency}` },
  { key: "position", title: "Position", right: true, cell: (fill) => signed(fill.position) },
  { key: "realised", title: "Realised", right: true, cell: (fill) => <Amount text={fill.realised_pnl} /> },
];
