// The rules of a prop firm for an account: its phase, each rule with what is left, and payouts.
import type { ReactNode } from "react";
import type { Account, LimitUse, PropState } from "../../api/types";
import { useRisk } from "../../store/risk";
import { decimal } from "../../values/decimal";
import { inUnit, titleOf } from "../../values/figures";
import { conditions } from "../../values/rules";
import { Card, Tag, type Tone } from "../parts/basic";
import { Loaded, Notice } from "../parts/notice";
import { type Column, Table } from "../parts/table";
import { Amount, Figure } from "./account_head";
import css from "./trade.module.css";

const VERDICTS: Readonly<Record<string, Tone>> = { running: "live", passed: "good", payout: "good", failed: "bad" };

export function PropPart({ account }: { account: Account }): ReactNode {
  const query = useRisk(account.id, 3_000);
  const rules = account.prop;
  if (!rules) {
    return (
      <Card title="Rules of a prop firm" label="Prop rules">
        <Notice title={`${account.id} is under no firm's rules`}>An account is opened with a firm&apos;s rules and the phase it is in; they are data, and a set of samples comes with FKS.</Notice>
      </Card>
    );
  }
  return (
    <Loaded query={query} doing="read the state of the rules" context="execution" height={240}>
      {(risk) => {
        const state = risk.props.find((one) => one.account === account.id);
        return (
          <Card title={rules.firm || "Rules of the firm"} label="Prop rules" aside={`phase: ${rules.phase}`}>
            {state && <Standing state={state} currency={account.currency} />}
            <Table label="Rules of the firm" columns={COLUMNS} rows={risk.limits.filter(({ code }) => code === "PROP_RULE")} rowKey={({ name }) => name} />
            <p className={css["quiet"]}>{conditions(rules)}</p>
          </Card>
        );
      }}
    </Loaded>
  );
}

function Standing({ state, currency }: { state: PropState; currency: string }): ReactNode {
  return (
    <>
      <div className={css["figures"]} data-testid="prop">
        <Figure name="Verdict"><Tag tone={VERDICTS[state.verdict] ?? "plain"}>{state.verdict}</Tag></Figure>
        <Figure name="Profit"><Amount text={state.profit} /> <small>{currency}</small></Figure>
        <Figure name="Target">{decimal(state.target)}</Figure>
        <Figure name="May still fall">{decimal(state.left)}</Figure>
        <Figure name="Today">{decimal(state.day_left)}</Figure>
        <Figure name="Fails at">{decimal(state.floor)}</Figure>
        <Figure name="Days traded">{state.days}</Figure>
        <Figure name="Payout now">{decimal(state.payout)}</Figure>
      </div>
      {state.missing.length > 0 && <p className={css["quiet"]}>Still missing: {state.missing.join("; ")}.</p>}
    </>
  );
}

/** Reaching these is the aim; reaching the others ends the account or the day. */
const AIMS: ReadonlySet<string> = new Set(["profit_target", "trading_days"]);

function tone({ name, state }: LimitUse): Tone {
  if (AIMS.has(name)) return state === "reached" ? "good" : "plain";
  return state === "reached" ? "bad" : state === "near" ? "warn" : "good";
}

function word({ name, state }: LimitUse): string {
  return AIMS.has(name) ? (state === "reached" ? "reached" : "to do") : state === "reached" ? "broken" : state;
}

const COLUMNS: readonly Column<LimitUse>[] = [
  { key: "name", title: "Rule", cell: (use) => titleOf(use.name) },
  { key: "state", title: "State", cell: (use) => <Tag tone={tone(use)}>{word(use)}</Tag> },
  { key: "used", title: "So far", right: true, cell: (use) => inUnit(use.used, use.unit) },
  { key: "limit", title: "Rule's figure", right: true, cell: (use) => inUnit(use.limit, use.unit) },
  { key: "left", title: "Distance", right: true, cell: (use) => inUnit(use.headroom, use.unit) },
];
