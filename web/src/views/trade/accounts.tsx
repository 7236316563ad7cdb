// All accounts, the form that opens one, and the check list and arming of those with money.
import { type ReactNode, useState } from "react";
import type { Account } from "../../api/types";
import { choose, useDesk } from "../../store/desk";
import { useArm, useReadiness } from "../../store/accounts";
import { decimal } from "../../values/decimal";
import { momentOf, seconds } from "../../values/time";
import { Button, Card, Tag } from "../parts/basic";
import { SelectField, TextField } from "../parts/field";
import { Failure, Loaded, Notice } from "../parts/notice";
import { type Column, Table } from "../parts/table";
import { Amount, GATE_TONES, ModeTag } from "./account_head";
import { AccountForm } from "./account_form";
import css from "./trade.module.css";

export function AccountsPart({ accounts }: { accounts: readonly Account[] }): ReactNode {
  const desk = useDesk();
  const [opening, setOpening] = useState(accounts.length === 0);
  const chosen = accounts.find(({ id }) => id === desk.account) ?? accounts[0];
  const action: Column<Account> = {
    key: "choose",
    title: "Actions",
    right: true,
    cell: (account) => (
      <Button small aria-pressed={account.id === chosen?.id} aria-label={`Choose ${account.id}`} onClick={() => choose({ account: account.id })}>
        {account.id === chosen?.id ? "Chosen" : "Choose"}
      </Button>
    ),
  };
  return (
    <div className={css["stack"]}>
      <Card title="Accounts" aside={<Button small aria-expanded={opening} onClick={() => setOpening(!opening)}>Open an account…</Button>}>
        {opening && <AccountForm onOpened={(id) => { choose({ account: id }); setOpening(false); }} />}
        {accounts.length === 0 ? (
          <Notice title="No account yet">The account <code>paper</code> opens by itself with the first order.</Notice>
        ) : (
          <Table label="Accounts" columns={[...COLUMNS, action]} rows={accounts} rowKey={(account) => account.id} />
        )}
      </Card>
      {chosen && <ReadinessCard key={chosen.id} account={chosen} />}
    </div>
  );
}

const COLUMNS: readonly Column<Account>[] = [
  { key: "id", title: "Account", sort: (account) => account.id, cell: (account) => <>{account.id} {account.name && <small>{account.name}</small>}</> },
  { key: "mode", title: "Mode", sort: (account) => account.mode, cell: (account) => <ModeTag account={account} /> },
  { key: "venue", title: "Venue", sort: (account) => account.venue, cell: (account) => account.venue },
  { key: "balance", title: "Balance", right: true, cell: (account) => decimal(account.balance) },
  { key: "equity", title: "Equity", right: true, cell: (account) => <>{decimal(account.equity)} <small>{account.currency}</small></> },
  { key: "day", title: "Day", right: true, cell: (account) => <Amount text={account.day_pnl} /> },
  { key: "orders", title: "Working", right: true, cell: (account) => account.open_orders },
  { key: "gate", title: "Gate", cell: (account) => <Tag tone={GATE_TONES[account.gate] ?? "plain"}>{account.gate}</Tag> },
  { key: "armed", title: "Armed until, UTC", cell: (account) => (account.mode !== "live" ? "not needed" : armedUntil(account.armed_until_ts_ns)) },
];

function armedUntil(tsNs: number): string {
  return tsNs > Date.now() * 1e6 ? momentOf(seconds(tsNs)) : "not armed";
}

function ReadinessCard({ account }: { account: Account }): ReactNode {
  const query = useReadiness(account.id);
  const live = account.mode === "live";
  return (
    <Card title={`Before ${account.id} trades live`} aside={live ? "this account moves money" : "the same list, for practice"} label="Readiness">
      <Loaded query={query} doing="read the check list" context="execution" height={200}>
        {(readiness) => (
          <>
            <ul className={css["checks"]} data-testid="readiness">
              {readiness.checks.map((check) => (
                <li key={check.name}>
                  <Tag tone={check.passed ? "good" : "bad"}>{check.passed ? "ready" : "missing"}</Tag>
                  <strong>{check.name}</strong>
                  <span>{check.detail}</span>
                </li>
              ))}
            </ul>
            {live ? (
              <Arming account={account} ready={readiness.ready} armedUntilTsNs={readiness.armed_until_ts_ns} />
            ) : (
              <p className={css["quiet"]}>Only accounts of mode live are armed. This one sends nothing to a market.</p>
            )}
          </>
        )}
      </Loaded>
    </Card>
  );
}

const HOURS = ["1", "4", "8", "24"].map((value) => ({ value, label: `${value} h` }));

function Arming({ account, ready, armedUntilTsNs }: { account: Account; ready: boolean; armedUntilTsNs: number }): ReactNode {
  const arm = useArm(account.id);
  const { person } = useDesk();
  const [hours, setHours] = useState("8");
  const [typed, setTyped] = useState("");
  const armed = armedUntilTsNs > Date.now() * 1e6;
  return (
    <form
      className={css["decide"]}
      aria-label={`Arm ${account.id}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (typed.trim() === account.id) arm.mutate({ hours: Number(hours), person }, { onSuccess: () => setTyped("") });
      }}
    >
      <SelectField label="For" value={hours} options={HOURS} onChange={setHours} />
      <TextField label="Type its id to arm it" value={typed} onChange={setTyped} placeholder={account.id} hint={ready ? "orders then move money" : "the list above is not complete"} />
      <TextField label="Your name" value={person} onChange={(name) => choose({ person: name })} />
      <div className={css["buttons"]}>
        <Button type="submit" look="danger" disabled={typed.trim() !== account.id || arm.isPending}>Arm for {hours} h</Button>
        <Button disabled={!armed || arm.isPending} onClick={() => arm.mutate({ hours: 0, person })}>Disarm</Button>
      </div>
      {arm.isError && <Failure error={arm.error} doing="arm the account" context="execution" />}
    </form>
  );
}
