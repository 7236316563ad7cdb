// The audit records: what the controls refused, or all that they decided.
import { type ReactNode, useState } from "react";
import type { Decision } from "../../api/types";
import { tradeHref } from "../../store/location";
import { useDecisions } from "../../store/risk";
import { words } from "../../values/format";
import { momentOf, seconds } from "../../values/time";
import { Button, Card, Tag } from "../parts/basic";
import { Link } from "../parts/link";
import { Loaded, Notice } from "../parts/notice";
import { type Column, Table } from "../parts/table";
import css from "./risk.module.css";

export function DecisionsCard({ account }: { account: string }): ReactNode {
  const [refused, setRefused] = useState(true);
  const query = useDecisions(account, refused);
  return (
    <Card
      title={refused ? "Refused by the controls" : "Decided by the controls"}
      label="Decisions of the controls"
      aside={<Button small aria-pressed={!refused} onClick={() => setRefused(!refused)}>{refused ? "Show all" : "Only refused"}</Button>}
    >
      <Loaded query={query} doing="list the decisions" context="execution" height={160}>
        {(decisions) =>
          decisions.length === 0 ? (
            <Notice title={refused ? "Nothing was refused" : "Nothing was decided yet"}>Every order leaves a record here, with the version of the limits it was held against.</Notice>
          ) : (
            <Table label="Decisions" columns={COLUMNS} rows={decisions} rowKey={(decision) => `${decision.seq} ${decision.order_id}`} page={15} />
          )
        }
      </Loaded>
    </Card>
  );
}

const COLUMNS: readonly Column<Decision>[] = [
  { key: "time", title: "Time, UTC", cell: (decision) => momentOf(seconds(decision.ts_ns)).slice(5) },
  { key: "passed", title: "Decision", cell: (decision) => <Tag tone={decision.passed ? "good" : "bad"}>{decision.passed ? "passed" : "refused"}</Tag> },
  { key: "code", title: "Control", cell: (decision) => words(decision.code.toLowerCase()) },
  { key: "reason", title: "Reason", cell: (decision) => <span className={css["reason"]} title={decision.reason}>{decision.reason}</span> },
  { key: "symbol", title: "Symbol", cell: (decision) => decision.symbol },
  { key: "strategy", title: "Strategy", cell: (decision) => decision.strategy_id || "by hand" },
  { key: "version", title: "Limits", right: true, cell: (decision) => `v${decision.limits_version}` },
  { key: "seq", title: "Journal", right: true, cell: (decision) => decision.seq },
  {
    key: "story",
    title: "Story",
    right: true,
    cell: (decision) => decision.order_id > 0 && <Link href={tradeHref("orders", decision.order_id)} aria-label={`Story of order ${decision.order_id}`}>Story</Link>,
  },
];
