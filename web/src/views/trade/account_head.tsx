// How an account stands: money, losses, drawdown and its gate, in one row of figures.
import type { ReactNode } from "react";
import type { Account } from "../../api/types";
import { decimal, signOf, signed } from "../../values/decimal";
import { momentOf, seconds } from "../../values/time";
import { Tag, type Tone } from "../parts/basic";
import parts from "../parts/parts.module.css";
import css from "./trade.module.css";

export const GATE_TONES: Readonly<Record<string, Tone>> = {
  active: "good",
  reducing: "warn",
  halted: "bad",
  killed: "bad",
};

/** LIVE is money; everything else is marked as simulated. */
export function ModeTag({ account }: { account: Account }): ReactNode {
  const live = account.mode === "live";
  return (
    <span className={css["mode"]} data-live={live} title={live ? "Orders of this account go to a venue with money" : "No money moves: fills are simulated"}>
      {live ? "LIVE" : account.mode === "paper" ? "PAPER · SIM" : "SIM"}
    </span>
  );
}

/** An amount with its sign, coloured by it; its digits are the server's. */
export function Amount({ text }: { text: string | null | undefined }): ReactNode {
  const sign = text ? signOf(text) : 0;
  return <span className={sign === 0 ? undefined : parts[sign > 0 ? "up" : "down"]}>{signed(text)}</span>;
}

export function AccountHead({ account }: { account: Account }): ReactNode {
  const paused = account.paused_until_ts_ns > Date.now() * 1e6;
  return (
    <section className={css["figures"]} aria-label={`Account ${account.id}`} data-testid="account-head">
      <Figure name="Equity"><span data-testid="account-equity">{decimal(account.equity)}</span> <small>{account.currency}</small></Figure>
      <Figure name="Balance">{decimal(account.balance)}</Figure>
      <Figure name="Day"><Amount text={account.day_pnl} /></Figure>
      <Figure name="Week"><Amount text={account.week_pnl} /></Figure>
      <Figure name="Drawdown">{decimal(account.drawdown)}</Figure>
      <Figure name="Margin used">{decimal(account.margin_used)}</Figure>
      <Figure name="Trades today">{account.trades_today}</Figure>
      {account.comparison && <Compared found={account.comparison} />}
      <Figure name="Gate">
        <Tag tone={GATE_TONES[account.gate] ?? "plain"}>{account.gate}</Tag>
        {account.gate_reason && <small title={account.gate_reason}> {account.gate_reason}</small>}
        {paused && <small> entries paused until {momentOf(seconds(account.paused_until_ts_ns))} UTC</small>}
      </Figure>
    </section>
  );
}

/** The last comparison with the venue: agreed or not, when, and the money of both sides. */
function Compared({ found }: { found: NonNullable<Account["comparison"]> }): ReactNode {
  const money = found.balances.map((one) => `${one.currency}: ${decimal(one.here)} here, ${decimal(one.there)} at the venue`);
  return (
    <Figure name="Venue">
      <span data-testid="account-comparison" title={money.join("\n")}>
        <Tag tone={found.gap ? "bad" : found.agrees ? "good" : "warn"}>{found.gap ? "differs" : found.agrees ? "agrees" : "comparing"}</Tag>
      </span>
      <small> {momentOf(seconds(found.ts_ns))} UTC{found.gap && `: ${found.gap}`}</small>
    </Figure>
  );
}

export function Figure({ name, children }: { name: string; children: ReactNode }): ReactNode {
  return (
    <div className={css["figure"]}>
      <span>{name}</span>
      <div>{children}</div>
    </div>
  );
}
