// The session beside its chart: how it stands, and the buttons that steer it.
import type { ReactNode } from "react";
import type { Session } from "../../api/types";
import { type Steer, isFinal, useSteerSession } from "../../store/execution";
import { count, money, params, quantity, words } from "../../values/format";
import { isDaily, moment } from "../../values/time";
import { Button, Card, Change, StatusTag } from "../parts/basic";
import { Failure } from "../parts/notice";
import css from "./chart.module.css";

interface Props {
  session: Session;
  timeframe: string;
  onAgain: () => void;
}

export function SessionPanel({ session, timeframe, onAgain }: Props): ReactNode {
  const steer = useSteerSession(session.id);
  const begun = session.last_index >= 0;
  const equity = begun ? session.equity : session.config.cash;
  const profit = equity - session.config.cash;
  const facts: readonly (readonly [string, ReactNode])[] = [
    ["Strategy", session.strategy],
    ["Parameters", params(session.params)],
    ["Bar", begun ? `${count(session.last_index + 1)} · ${moment(session.last_ts_ns, isDaily(timeframe))}` : "none yet"],
    ["Position", <span key="position" data-testid="position">{quantity(session.position)}</span>],
    ["Orders", count(session.orders)],
    ["Fills", <span key="fills" data-testid="fill-count">{count(session.fills)}</span>],
    ["Speed", session.bars_per_second > 0 ? `${session.bars_per_second} bars/s` : "as fast as it goes"],
    ["Quantity", quantity(session.config.quantity)],
    ["Orders fill", words(session.config.fill_rule)],
  ];
  return (
    <Card title="Paper session" aside={<StatusTag status={session.status} />}>
      <div className={css["panel"]}>
        <div>
          <div className={css["big"]} data-testid="equity">{money(equity)}</div>
          <Change value={profit} /> (<Change value={profit / session.config.cash} fraction />)
        </div>
        <Controls session={session} busy={steer.isPending} onSteer={(verb) => steer.mutate(verb)} onAgain={onAgain} />
        {steer.isError && <Failure error={steer.error} doing="steer the session" context="execution" />}
        {session.error && <p role="alert"><strong>It failed:</strong> {session.error}</p>}
        <dl className={css["facts"]}>
          {facts.map(([name, value]) => (
            <Fact key={name} name={name} value={value} />
          ))}
        </dl>
      </div>
    </Card>
  );
}

function Fact({ name, value }: { name: string; value: ReactNode }): ReactNode {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

interface ControlsProps {
  session: Session;
  busy: boolean;
  onSteer: (verb: Steer) => void;
  onAgain: () => void;
}

function Controls({ session, busy, onSteer, onAgain }: ControlsProps): ReactNode {
  if (isFinal(session)) {
    return (
      <div className={css["controls"]}>
        <Button small onClick={onAgain}>Start another like it</Button>
      </div>
    );
  }
  const paused = session.status === "paused";
  return (
    <div className={css["controls"]}>
      <Button small disabled={busy} onClick={() => onSteer(paused ? "resume" : "pause")}>
        {paused ? "▶ Resume" : "❚❚ Pause"}
      </Button>
      <Button
        small
        look="danger"
        disabled={busy}
        title="Cancels what rests and ends the session for good"
        onClick={() => {
          if (confirm("Stop this session for good? Resting orders are cancelled.")) onSteer("stop");
        }}
      >
        ■ Stop
      </Button>
    </div>
  );
}
