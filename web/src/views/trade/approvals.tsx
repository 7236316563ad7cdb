// Signals that wait for a person, with the time that is left; one or all are approved or rejected.
import { type ReactNode, useState } from "react";
import type { HeldSignal } from "../../api/types";
import { choose, useDesk } from "../../store/desk";
import { useDecideSignals, useHeldSignals } from "../../store/risk";
import { decimal } from "../../values/decimal";
import { percent } from "../../values/format";
import { ago } from "../../values/time";
import { Button, Card, Tag } from "../parts/basic";
import { TextField } from "../parts/field";
import { Failure, Loaded, Notice } from "../parts/notice";
import { Side } from "../parts/side";
import { type Column, Table } from "../parts/table";
import { useNow } from "./now";
import css from "./trade.module.css";

export function ApprovalsPart(): ReactNode {
  const query = useHeldSignals();
  const decide = useDecideSignals();
  const { person } = useDesk();
  const [note, setNote] = useState("");
  const send = (approve: boolean, ids: number[]): void => decide.mutate({ approve, ids, person, note });
  const all = (approve: boolean, signals: readonly HeldSignal[]): void => {
    // Those that are shown, and not whatever has arrived meanwhile.
    if (confirm(`${approve ? "Approve" : "Reject"} all ${signals.length} signals shown?`)) send(approve, signals.map(({ id }) => id));
  };
  const failed = decide.data?.filter(({ status, reason }) => status === "rejected" && reason !== "").length ?? 0;
  return (
    <div className={css["stack"]}>
      <Card title="Signals that wait" label="Approval queue" aside={`${query.data?.length ?? 0} waiting`}>
        <Loaded query={query} doing="list the signals" context="execution" height={200}>
          {(signals) =>
            signals.length === 0 ? (
              <Notice title="Nothing waits">Signals of strategies whose route asks for a person&apos;s approval stand here until they expire.</Notice>
            ) : (
              <>
                <div className={css["decide"]}>
                  <TextField label="Your name" value={person} onChange={(name) => choose({ person: name })} />
                  <TextField label="Note" value={note} onChange={setNote} placeholder="kept in the journal" />
                  <div className={css["buttons"]}>
                    <Button look="primary" disabled={decide.isPending} onClick={() => all(true, signals)}>Approve all {signals.length}</Button>
                    <Button look="danger" disabled={decide.isPending} onClick={() => all(false, signals)}>Reject all</Button>
                  </div>
                </div>
                <Queue signals={signals} busy={decide.isPending} onDecide={send} />
              </>
            )
          }
        </Loaded>
        {decide.isError && <Failure error={decide.error} doing="decide" context="execution" />}
        {decide.data && <Outcome signals={decide.data} failed={failed} />}
      </Card>
    </div>
  );
}

function Outcome({ signals, failed }: { signals: readonly HeldSignal[]; failed: number }): ReactNode {
  const [first] = signals;
  return (
    <div role="status" className={css["pad"]}>
      {signals.length === 1 && first ? `${first.symbol} for ${first.account}: ${first.status}${first.reason && `, ${first.reason}`}.` : `${signals.length} decided${failed > 0 ? `, ${failed} with a reason of the controls` : ""}.`}
    </div>
  );
}

interface QueueProps {
  signals: readonly HeldSignal[];
  busy: boolean;
  onDecide: (approve: boolean, ids: number[]) => void;
}

function left(expiresTsNs: number, nowMs: number): ReactNode {
  const rest = Math.max(0, Math.ceil(expiresTsNs / 1e9 - nowMs / 1e3));
  const text = rest >= 3600 ? `${Math.floor(rest / 3600)} h ${Math.floor((rest % 3600) / 60)} min` : `${Math.floor(rest / 60)}:${String(rest % 60).padStart(2, "0")}`;
  return <Tag tone={rest < 30 ? "warn" : "plain"}>{rest === 0 ? "expired" : text}</Tag>;
}

function Queue({ signals, busy, onDecide }: QueueProps): ReactNode {
  const now = useNow();
  const columns: readonly Column<HeldSignal>[] = [
    { key: "left", title: "Time left", cell: (signal) => left(signal.expires_ts_ns, now) },
    { key: "account", title: "Account", cell: (signal) => signal.account },
    { key: "side", title: "Side", cell: (signal) => <Side side={signal.side} /> },
    { key: "symbol", title: "Symbol", cell: (signal) => signal.symbol },
    { key: "quantity", title: "Quantity", right: true, cell: (signal) => decimal(signal.quantity) },
    { key: "price", title: "Price", right: true, cell: (signal) => decimal(signal.price) },
    { key: "stop", title: "Stop", right: true, cell: (signal) => decimal(signal.stop_loss) },
    { key: "target", title: "Target", right: true, cell: (signal) => decimal(signal.take_profit) },
    { key: "strategy", title: "Strategy", cell: (signal) => signal.strategy_id },
    { key: "confidence", title: "Confidence", right: true, cell: (signal) => percent(signal.confidence, 0) },
    { key: "age", title: "Raised", right: true, cell: (signal) => ago(signal.signal_ts_ns, now) },
    {
      key: "action",
      title: "Decide",
      right: true,
      stick: true,
      cell: (signal) => (
        <span className={css["buttons"]}>
          <Button small look="primary" disabled={busy} aria-label={`Approve ${signal.symbol} for ${signal.account}`} onClick={() => onDecide(true, [signal.id])}>Approve</Button>
          <Button small look="danger" disabled={busy} aria-label={`Reject ${signal.symbol} for ${signal.account}`} onClick={() => onDecide(false, [signal.id])}>Reject</Button>
        </span>
      ),
    },
  ];
  return <Table label="Signals that wait" columns={columns} rows={signals} rowKey={(signal) => signal.id} page={25} />;
}
