// Routes: which strategy's signals go to which accounts, with or without a person, and how large.
import { type ReactNode, useState } from "react";
import type { Account, SignalRoute } from "../../api/types";
import { useRisk, useSetRoute } from "../../store/risk";
import { sizeText } from "../../values/rules";
import { Button, Card, Tag } from "../parts/basic";
import { CheckField, SelectField, TextField } from "../parts/field";
import { Failure, Loaded, Notice } from "../parts/notice";
import { type Column, Table } from "../parts/table";
import css from "./risk.module.css";

export function RoutesPart({ accounts }: { accounts: readonly Account[] }): ReactNode {
  const query = useRisk("");
  const set = useSetRoute();
  const [adding, setAdding] = useState(false);
  const sizes = new Map(accounts.map((account) => [account.id, sizeText(account.sizing)]));
  const columns: readonly Column<SignalRoute>[] = [
    { key: "strategy", title: "Strategy", sort: (route) => route.strategy_id, cell: (route) => route.strategy_id },
    { key: "account", title: "Account", sort: (route) => route.account, cell: (route) => route.account },
    { key: "size", title: "Size of a signal", cell: (route) => sizes.get(route.account) ?? "" },
    { key: "approval", title: "Approval", cell: (route) => (route.approval ? "by a person" : "by itself") },
    { key: "expiry", title: "Waits", right: true, cell: (route) => (route.approval ? `${route.expires_after_s} s` : "") },
    { key: "enabled", title: "State", cell: (route) => <Tag tone={route.enabled ? "good" : "plain"}>{route.enabled ? "on" : "off"}</Tag> },
    {
      key: "action",
      title: "Actions",
      right: true,
      stick: true,
      cell: (route) => (
        <Button small disabled={set.isPending} aria-label={`Turn ${route.strategy_id} to ${route.account} ${route.enabled ? "off" : "on"}`} onClick={() => set.mutate({ ...route, enabled: !route.enabled })}>
          {route.enabled ? "Turn off" : "Turn on"}
        </Button>
      ),
    },
  ];
  return (
    <Card title="Routes" label="Routes" aside={<Button small aria-expanded={adding} onClick={() => setAdding(!adding)}>Add or change a route…</Button>}>
      {adding && <RouteForm accounts={accounts} onDone={() => setAdding(false)} />}
      {set.isError && <Failure error={set.error} doing="change the route" context="execution" />}
      <Loaded query={query} doing="list the routes" context="execution" height={160}>
        {(risk) =>
          risk.routes.length === 0 ? (
            <Notice title="No route yet">A route leads the signals of a strategy to an account. One strategy may have routes to many accounts: each sizes the signal for itself.</Notice>
          ) : (
            <Table label="Routes of signals" columns={columns} rows={risk.routes} rowKey={(route) => `${route.strategy_id} ${route.account}`} />
          )
        }
      </Loaded>
    </Card>
  );
}

function RouteForm({ accounts, onDone }: { accounts: readonly Account[]; onDone: () => void }): ReactNode {
  const set = useSetRoute();
  const [strategy, setStrategy] = useState("");
  const [account, setAccount] = useState(accounts[0]?.id ?? "");
  const [approval, setApproval] = useState(true);
  const [wait, setWait] = useState("300");
  const [tried, setTried] = useState(false);
  const nameless = strategy.trim() === "";
  const badWait = !/^[1-9]\d{0,5}$/.test(wait);
  return (
    <form
      className={css["form"]}
      aria-label="Add or change a route"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (nameless || badWait || account === "") return;
        set.mutate({ strategy_id: strategy.trim(), account, approval, expires_after_s: Number(wait), enabled: true }, { onSuccess: onDone });
      }}
    >
      <TextField label="Strategy" value={strategy} onChange={setStrategy} hint="as its signals name it" error={tried && nameless ? "its name" : undefined} />
      <SelectField label="To the account" value={account} options={accounts.map(({ id, sizing }) => ({ value: id, label: `${id}: ${sizeText(sizing)}` }))} onChange={setAccount} />
      <TextField label="A signal waits, seconds" numeric value={wait} onChange={(text) => setWait(text.trim())} hint="then it expires" error={tried && badWait ? "a whole number above zero" : undefined} />
      <CheckField label="A person approves each signal" checked={approval} onChange={setApproval} />
      {set.isError && <Failure error={set.error} doing="set the route" context="execution" />}
      <div className={css["foot"]}>
        <Button small onClick={onDone}>Leave it</Button>
        <Button small type="submit" look="primary" disabled={set.isPending}>Set the route</Button>
      </div>
    </form>
  );
}
