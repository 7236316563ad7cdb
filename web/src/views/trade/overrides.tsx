// Overrides: an order that a soft limit blocked is asked for by one person, approved by another,
// and sent once within the time that is left.
import { type ReactNode, useState } from "react";
import type { AccountOrder, Override } from "../../api/types";
import { choose, useDesk } from "../../store/desk";
import { useAskOverride, useApproveOverride, useOverrides } from "../../store/overrides";
import { useRisk } from "../../store/risk";
import { newOrderId, useAccountOrders, usePlaceOrder } from "../../store/trading";
import { decimal, isDecimal } from "../../values/decimal";
import { words } from "../../values/format";
import { again, left, placedWith, softlyRefused } from "../../values/override";
import { momentOf, seconds } from "../../values/time";
import { Button, Card, Tag } from "../parts/basic";
import { TextField } from "../parts/field";
import { Failure, Loaded, Notice } from "../parts/notice";
import { Side } from "../parts/side";
import { type Column, Table } from "../parts/table";
import { Answer } from "./answer";
import { useNow } from "./now";
import css from "./risk.module.css";

export function OverridesPart({ account }: { account: string }): ReactNode {
  return (
    <div className={css["stack"]}>
      <OpenCard account={account} />
      <RefusedCard account={account} />
    </div>
  );
}

function OpenCard({ account }: { account: string }): ReactNode {
  const query = useOverrides(account);
  const approve = useApproveOverride();
  const [sending, setSending] = useState(0);
  const place = usePlaceOrder();
  const { person } = useDesk();
  const now = useNow();
  const columns: readonly Column<Override>[] = [
    { key: "number", title: "Number", right: true, cell: (one) => one.number },
    { key: "left", title: "Time left", cell: (one) => <Tag tone={left(one.expires_ts_ns, now) === "expired" ? "warn" : "plain"}>{left(one.expires_ts_ns, now)}</Tag> },
    { key: "side", title: "Side", cell: (one) => one.side && <Side side={one.side} /> },
    { key: "symbol", title: "Symbol", cell: (one) => one.symbol },
    { key: "quantity", title: "Quantity", right: true, cell: (one) => decimal(one.quantity) },
    { key: "asked", title: "Asked by", cell: (one) => one.asked_by },
    { key: "reason", title: "Reason", cell: (one) => <span className={css["reason"]} title={one.reason}>{one.reason}</span> },
    { key: "approved", title: "Approval", cell: (one) => <Tag tone={one.approved ? "good" : "warn"}>{one.approved ? `by ${one.approved_by}` : "waits for a second person"}</Tag> },
    {
      key: "action",
      title: "Actions",
      right: true,
      stick: true,
      cell: (one) =>
        one.approved ? (
          <Button small look="primary" aria-expanded={sending === one.number} aria-label={`Send the order of override ${one.number}`} onClick={() => setSending(sending === one.number ? 0 : one.number)}>Send it…</Button>
        ) : (
          <Button small look="primary" disabled={approve.isPending} aria-label={`Approve override ${one.number}`} onClick={() => approve.mutate({ number: one.number, person: person.trim() })}>Approve</Button>
        ),
    },
  ];
  return (
    <Card title="Open overrides" label="Open overrides" aside="each is for one order, within five minutes">
      <div className={css["form"]}>
        <TextField label="Your name" value={person} onChange={(name) => choose({ person: name })} hint="who asked cannot approve" />
      </div>
      {approve.isError && <Failure error={approve.error} doing="approve the override" context="execution" />}
      <Loaded query={query} doing="list the overrides" context="execution" height={120}>
        {(open) => {
          const chosen = open.find(({ number }) => number === sending);
          return (
            <>
              {chosen && <SendForm key={chosen.number} override={chosen} place={place} onSent={() => setSending(0)} />}
              {open.length === 0 ? (
                <Notice title="No override is open">An order that a soft limit blocked can be asked for below. Hard limits, losses and rules of a firm never give way.</Notice>
              ) : (
                <Table label="Overrides" columns={columns} rows={open} rowKey={({ number }) => number} />
              )}
            </>
          );
        }}
      </Loaded>
      {place.data && <Answer order={place.data} />}
    </Card>
  );
}

interface SendProps {
  override: Override;
  place: ReturnType<typeof usePlaceOrder>;
  onSent: () => void;
}

function SendForm({ override, place, onSent }: SendProps): ReactNode {
  const [prices, setPrices] = useState({ price: "", stop_loss: "", take_profit: "" });
  const [id] = useState(newOrderId);
  const bad = Object.values(prices).some((text) => text !== "" && !isDecimal(text));
  const field = (name: keyof typeof prices, label: string, hint: string): ReactNode => (
    <TextField label={label} numeric value={prices[name]} hint={hint} error={prices[name] !== "" && !isDecimal(prices[name]) ? "a number" : undefined} onChange={(text) => setPrices({ ...prices, [name]: text.trim() })} />
  );
  return (
    <form
      className={css["form"]}
      aria-label={`Send the order of override ${override.number}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (!bad && !place.isPending) place.mutate({ ...placedWith(override, prices), client_order_id: id }, { onSuccess: onSent });
      }}
    >
      {field("price", "Limit price", "empty: at market")}
      {field("stop_loss", "Stop loss", "where the account asks for one")}
      {field("take_profit", "Take profit", "or empty")}
      {place.isError && <Failure error={place.error} doing="send the order" context="execution" />}
      <div className={css["foot"]}>
        <Button small type="submit" look="primary" disabled={bad || place.isPending}>Send {override.side} {decimal(override.quantity)} {override.symbol}</Button>
      </div>
    </form>
  );
}

function RefusedCard({ account }: { account: string }): ReactNode {
  const risk = useRisk(account);
  const orders = useAccountOrders(account, "", false);
  const [asking, setAsking] = useState<number | null>(null);
  const columns: readonly Column<AccountOrder>[] = [
    { key: "time", title: "Time, UTC", cell: (order) => momentOf(seconds(order.created_ts_ns)).slice(5) },
    { key: "side", title: "Side", cell: (order) => <Side side={order.side} /> },
    { key: "symbol", title: "Symbol", cell: (order) => order.symbol },
    { key: "quantity", title: "Quantity", right: true, cell: (order) => decimal(order.quantity) },
    { key: "code", title: "Blocked by", cell: (order) => words(order.code.toLowerCase()) },
    { key: "reason", title: "Why", cell: (order) => <span className={css["reason"]} title={order.reason}>{order.reason}</span> },
    {
      key: "action",
      title: "Actions",
      right: true,
      stick: true,
      cell: (order) => <Button small aria-expanded={asking === order.id} aria-label={`Ask for an override of order ${order.id}`} onClick={() => setAsking(asking === order.id ? null : order.id)}>Ask…</Button>,
    },
  ];
  return (
    <Card title="Blocked by a soft limit" label="Blocked by a soft limit" aside="of the newest orders">
      <Loaded query={orders} doing="list the orders" context="execution" height={120}>
        {(known) => {
          const blocked = softlyRefused(known, risk.data?.limits ?? []);
          const chosen = blocked.find(({ id }) => id === asking);
          if (blocked.length === 0) return <Notice title="Nothing was blocked by a soft limit">Soft limits are marked so on the risk page.</Notice>;
          return (
            <>
              {chosen && <AskForm key={chosen.id} order={chosen} onDone={() => setAsking(null)} />}
              <Table label="Blocked orders" columns={columns} rows={blocked} rowKey={({ id }) => id} page={10} />
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}

function AskForm({ order, onDone }: { order: AccountOrder; onDone: () => void }): ReactNode {
  const ask = useAskOverride();
  const { person } = useDesk();
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const short = reason.trim().length < 3;
  return (
    <form
      className={css["form"]}
      aria-label="Ask for an override"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!short) ask.mutate({ order: again(order), reason: reason.trim(), person: person.trim() }, { onSuccess: onDone });
      }}
    >
      <TextField label="Reason" value={reason} onChange={setReason} hint={`why ${order.side} ${decimal(order.quantity)} ${order.symbol} shall pass once`} error={tried && short ? "at least three characters" : undefined} />
      {ask.isError && <Failure error={ask.error} doing="ask for the override" context="execution" />}
      <div className={css["foot"]}>
        <Button small onClick={onDone}>Leave it</Button>
        <Button small type="submit" look="primary" disabled={ask.isPending}>Ask for it</Button>
      </div>
    </form>
  );
}
