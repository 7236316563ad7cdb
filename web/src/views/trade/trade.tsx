// The trade area: one account at a time, and the parts that show it.
import type { ReactNode } from "react";
import type { Account } from "../../api/types";
import { choose, useDesk } from "../../store/desk";
import { type TradePart, tradeHref } from "../../store/location";
import { useHeldSignals } from "../../store/risk";
import { useAccounts } from "../../store/trading";
import { Card } from "../parts/basic";
import { Link } from "../parts/link";
import { Loaded, Notice } from "../parts/notice";
import { PageHead } from "../parts/page";
import { Tabs } from "../parts/tabs";
import { AccountHead, ModeTag } from "./account_head";
import { AccountsPart } from "./accounts";
import { ApprovalsPart } from "./approvals";
import { HistoryPart } from "./history";
import { OrdersPart } from "./orders";
import { OverridesPart } from "./overrides";
import { PositionsPart } from "./positions";
import { PropPart } from "./prop";
import { RiskPart } from "./risk";
import { RoutesPart } from "./routes";
import css from "./trade.module.css";

const TITLES: Readonly<Record<TradePart, string>> = {
  orders: "Orders",
  positions: "Positions",
  history: "History",
  risk: "Risk",
  overrides: "Overrides",
  approvals: "Approvals",
  routes: "Routes",
  prop: "Prop rules",
  accounts: "Accounts",
};

export function TradePage({ part }: { part: TradePart }): ReactNode {
  const accounts = useAccounts();
  return (
    <>
      <PageHead title="Trade" tab={`${TITLES[part]} · Trade`} sub={<AccountPicker accounts={accounts.data ?? []} />}>
        <Parts part={part} />
      </PageHead>
      <Loaded query={accounts} doing="list the accounts" context="execution" height={420}>
        {(list) => <Part part={part} accounts={list} />}
      </Loaded>
    </>
  );
}

function Part({ part, accounts }: { part: TradePart; accounts: readonly Account[] }): ReactNode {
  const { account: id } = useDesk();
  const account = accounts.find((known) => known.id === id) ?? accounts[0];
  if (part === "accounts") return <AccountsPart accounts={accounts} />;
  if (part === "approvals") return <ApprovalsPart />;
  if (part === "routes") return <RoutesPart accounts={accounts} />;
  if (!account) {
    return (
      <Card>
        <Notice title="No account yet">
          <p>
            The account <code>paper</code> opens by itself with the first order. <Link href={tradeHref("accounts")}>Open an account</Link> with limits of your own.
          </p>
        </Notice>
        {part === "orders" && <OrdersPart account={undefined} />}
      </Card>
    );
  }
  return (
    <div className={css["stack"]}>
      <AccountHead account={account} />
      {part === "orders" && <OrdersPart account={account} />}
      {part === "positions" && <PositionsPart account={account} />}
      {part === "history" && <HistoryPart key={account.id} account={account.id} />}
      {part === "risk" && <RiskPart key={account.id} account={account} />}
      {part === "overrides" && <OverridesPart key={account.id} account={account.id} />}
      {part === "prop" && <PropPart account={account} />}
    </div>
  );
}

function AccountPicker({ accounts }: { accounts: readonly Account[] }): ReactNode {
  const { account } = useDesk();
  const chosen = accounts.find(({ id }) => id === account) ?? accounts[0];
  if (!chosen) return null;
  return (
    <div className={css["picker"]}>
      <select aria-label="Account" value={chosen.id} onChange={(event) => choose({ account: event.target.value })}>
        {accounts.map(({ id, mode }) => (
          <option key={id} value={id}>{`${id} (${mode})`}</option>
        ))}
      </select>
      <ModeTag account={chosen} />
    </div>
  );
}

function Parts({ part }: { part: TradePart }): ReactNode {
  const waiting = useHeldSignals().data?.length ?? 0;
  const tabs = (Object.keys(TITLES) as TradePart[]).map((name) => ({
    href: tradeHref(name),
    label: TITLES[name],
    current: name === part,
    waiting: name === "approvals" ? waiting : 0,
  }));
  return <Tabs label="Parts of the trade area" tabs={tabs} />;
}
