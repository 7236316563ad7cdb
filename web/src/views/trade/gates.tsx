// Gates that are closed, with the reason and the way to open them; and the venues' breakers.
import { type ReactNode, useState } from "react";
import type { GateState, RiskState, Scope } from "../../api/types";
import { useDesk } from "../../store/desk";
import { useCloseGate } from "../../store/risk";
import { count, words } from "../../values/format";
import { ago, momentOf, seconds } from "../../values/time";
import { Button, Card, Tag, type Tone } from "../parts/basic";
import { SelectField, TextField } from "../parts/field";
import { Failure, Notice } from "../parts/notice";
import { RearmDialog } from "../shell/kill";
import { GATE_TONES } from "./account_head";
import css from "./risk.module.css";

export function GatesCard({ gates }: { gates: readonly GateState[] }): ReactNode {
  const [asking, setAsking] = useState<GateState | null>(null);
  const [closing, setClosing] = useState(false);
  return (
    <Card title="Gates" label="Gates" aside={<Button small aria-expanded={closing} onClick={() => setClosing(!closing)}>Close one…</Button>}>
      {closing && <CloseForm onDone={() => setClosing(false)} />}
      {gates.length === 0 ? (
        <Notice title="All gates are open">Nothing is halted, and nothing may only be reduced.</Notice>
      ) : (
        <ul className={css["rows"]}>
          {gates.map((gate) => (
            <li key={`${gate.scope} ${gate.target}`} className={css["gate"]}>
              <div>
                <Tag tone={GATE_TONES[gate.gate] ?? "plain"}>{gate.gate}</Tag> <strong>{gate.scope}{gate.target && ` ${gate.target}`}</strong>
                <p>{gate.reason || words(gate.code.toLowerCase())}</p>
                <small>
                  {gate.code && `${words(gate.code.toLowerCase())} · `}since {ago(gate.since_ts_ns, Date.now())}
                  {gate.until_ts_ns > 0 && ` · opens by itself ${momentOf(seconds(gate.until_ts_ns))} UTC`}
                </small>
              </div>
              <Button small onClick={() => setAsking(gate)}>Re-arm…</Button>
            </li>
          ))}
        </ul>
      )}
      {asking && <RearmDialog scope={asking.scope} target={asking.target} onClose={() => setAsking(null)} />}
    </Card>
  );
}

const SCOPES: readonly { value: Scope; label: string }[] = [
  { value: "account", label: "An account" },
  { value: "strategy", label: "A strategy" },
  { value: "symbol", label: "A symbol" },
  { value: "venue", label: "A venue" },
  { value: "global", label: "Everything" },
];

function CloseForm({ onDone }: { onDone: () => void }): ReactNode {
  const { account, person } = useDesk();
  const close = useCloseGate();
  const [scope, setScope] = useState<Scope>("account");
  const [target, setTarget] = useState(account);
  const [gate, setGate] = useState<"halted" | "reducing">("halted");
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const short = reason.trim().length < 3;
  const aimless = scope !== "global" && target.trim() === "";
  return (
    <form
      className={css["form"]}
      aria-label="Close a gate"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!short && !aimless) close.mutate({ scope, target: scope === "global" ? "" : target.trim(), gate, reason: reason.trim(), person }, { onSuccess: onDone });
      }}
    >
      <SelectField label="What" value={scope} options={SCOPES} onChange={(value) => setScope(SCOPES.find((one) => one.value === value)?.value ?? "account")} />
      {scope !== "global" && <TextField label="Which" value={target} onChange={setTarget} error={tried && aimless ? "its name" : undefined} />}
      <SelectField label="How far" value={gate} options={[{ value: "halted", label: "Halt: nothing new" }, { value: "reducing", label: "Only reductions" }]} onChange={(value) => setGate(value === "reducing" ? "reducing" : "halted")} />
      <TextField label="Reason" value={reason} onChange={setReason} error={tried && short ? "at least three characters" : undefined} />
      {close.isError && <Failure error={close.error} doing="close the gate" context="execution" />}
      <div className={css["foot"]}>
        <Button small onClick={onDone}>Leave it</Button>
        <Button small type="submit" look="primary" disabled={close.isPending}>Close the gate</Button>
      </div>
    </form>
  );
}

const BREAKERS: Readonly<Record<string, Tone>> = { closed: "good", half_open: "warn", open: "bad" };

export function BreakersCard({ breakers }: { breakers: RiskState["breakers"] }): ReactNode {
  return (
    <Card title="Venues" label="Breakers of venues">
      {breakers.length === 0 ? (
        <Notice title="No venue is in use">Each venue has a breaker, which opens when it stops answering.</Notice>
      ) : (
        <ul className={css["rows"]}>
          {breakers.map((breaker) => (
            <li key={breaker.venue} className={css["gate"]}>
              <div>
                <strong>{breaker.venue}</strong>
                {breaker.reason && <p>{breaker.reason}</p>}
                <small>
                  {count(breaker.failures)} failures, opened {count(breaker.opens)} times
                  {breaker.retry_ts_ns > 0 && breaker.state === "open" && ` · tried again ${momentOf(seconds(breaker.retry_ts_ns))} UTC`}
                </small>
              </div>
              {/* A closed breaker lets orders through, as a fuse does. */}
              <Tag tone={BREAKERS[breaker.state] ?? "plain"}>{breaker.state === "closed" ? "closed, in service" : words(breaker.state)}</Tag>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
