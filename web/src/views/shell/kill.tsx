// The kill switch: on every page, pressed for a while before it falls, and how trading goes on.
import { type ReactNode, useState } from "react";
import { choose, useDesk } from "../../store/desk";
import { useKill, useRearm, useRisk } from "../../store/risk";
import { Button, Hidden } from "../parts/basic";
import { Dialog } from "../parts/dialog";
import { TextField } from "../parts/field";
import { useHold } from "../parts/hold";
import { Failure } from "../parts/notice";
import css from "./kill.module.css";
import shell from "./shell.module.css";

const HOLD_MS = 1_500;

export function KillButton(): ReactNode {
  const risk = useRisk("");
  const kill = useKill();
  const { person } = useDesk();
  const hold = useHold(HOLD_MS, () => kill.mutate({ reason: "kill button of the screen", person, flatten: false }));
  const killed = risk.data?.killed ?? false;
  const held = hold.progress > 0;
  const label = kill.isPending ? "Killing…" : killed ? "Killed" : held ? "Keep holding…" : "Kill";
  return (
    <div className={css["box"]}>
      <button
        type="button"
        className={css["kill"]}
        data-killed={killed}
        data-testid="kill"
        disabled={kill.isPending}
        aria-label={killed ? "Kill switch: killed. Hold for 1.5 seconds to kill again" : "Kill switch: hold for 1.5 seconds"}
        aria-describedby="kill-how"
        title="Hold for 1.5 seconds: nothing new leaves, all that works is cancelled"
        onContextMenu={(event) => event.preventDefault()}
        {...hold.handlers}
      >
        <span className={css["fill"]} style={{ width: `${hold.progress * 100}%` }} aria-hidden="true" />
        <svg width="14" height="14" viewBox="0 0 14 14" fill="none" stroke="currentColor" strokeWidth="1.6" aria-hidden="true">
          <path d="M7 1.5v5M3.8 3.6a5 5 0 1 0 6.4 0" />
        </svg>
        <span className={css["word"]}>{label}</span>
      </button>
      <Hidden>
        <span id="kill-how">Hold the mouse button, Space or Enter for 1.5 seconds. Letting go before does nothing.</span>
        <span role="status">{held ? "Keep holding to stop all trading" : ""}</span>
      </Hidden>
      {kill.isError && (
        <div className={css["failed"]}>
          <Failure error={kill.error} doing="reach the kill switch" context="execution" />
          <p>Without the server: run <code>fks kill</code>, or make the file <code>kill.lock</code> in the home folder.</p>
          <Button small onClick={() => kill.reset()}>Close</Button>
        </div>
      )}
    </div>
  );
}

/** Says on every page that trading is killed, and leads to re-arming. */
export function KillBanner(): ReactNode {
  const risk = useRisk("");
  const [asking, setAsking] = useState(false);
  if (!risk.data?.killed) return null;
  return (
    <div className={css["banner"]} role="alert" data-testid="killed">
      <div>
        <strong>Trading is killed.</strong> {risk.data.kill_reason ? `Reason: ${risk.data.kill_reason}.` : ""} Nothing new leaves for a venue; what worked is cancelled.
      </div>
      <Button small onClick={() => setAsking(true)}>Re-arm…</Button>
      {asking && <RearmDialog onClose={() => setAsking(false)} />}
    </div>
  );
}

interface RearmProps {
  scope?: "global" | "account" | "strategy" | "venue" | "symbol";
  target?: string;
  onClose: () => void;
}

/** Asks for a reason, and shows the server's refusal (a cool-down, a second person) word by word. */
export function RearmDialog({ scope = "global", target = "", onClose }: RearmProps): ReactNode {
  const rearm = useRearm();
  const { person } = useDesk();
  const [reason, setReason] = useState("");
  const [asked, setAsked] = useState(false);
  const short = reason.trim().length < 3;
  const send = (): void => {
    setAsked(true);
    if (!short) rearm.mutate({ scope, target, reason: reason.trim(), person }, { onSuccess: onClose });
  };
  return (
    <Dialog title={target ? `Re-arm ${scope} ${target}` : "Re-arm trading"} onClose={onClose} className={shell["dialog"]}>
      <form className={css["form"]} onSubmit={(event) => { event.preventDefault(); send(); }}>
        <p>New orders may leave again. After a fall there is a cool-down; the reason is kept in the journal.</p>
        <TextField
          label="Reason"
          value={reason}
          onChange={setReason}
          hint="what was found, and why it is safe to go on"
          error={asked && short ? "at least three characters" : undefined}
        />
        <TextField label="Your name" value={person} onChange={(name) => choose({ person: name })} hint="as it stands in the journal" />
        {rearm.isError && <Failure error={rearm.error} doing="re-arm" context="execution" />}
        <div className={css["foot"]}>
          <Button onClick={onClose}>Leave it</Button>
          <Button type="submit" look="primary" disabled={rearm.isPending}>{rearm.isPending ? "Asking…" : "Re-arm"}</Button>
        </div>
      </form>
    </Dialog>
  );
}
