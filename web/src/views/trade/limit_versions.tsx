// The versions of an account's limits: what was changed, when, by whom and why.
import type { ReactNode } from "react";
import type { AccountStep } from "../../api/types";
import { useJournalPages } from "../../store/history";
import { momentOf, seconds } from "../../values/time";
import { Card } from "../parts/basic";
import { Older } from "../parts/older";
import type { Column } from "../parts/table";
import css from "./risk.module.css";

export function LimitVersions({ account, version }: { account: string; version: number }): ReactNode {
  const query = useJournalPages(account, "limits");
  return (
    <Card title="Versions of the limits" label="Versions of the limits" aside={<span data-testid="limits-version">version {version} is in force</span>}>
      <Older label="Changes of limits" query={query} columns={COLUMNS} rowKey={({ seq, detail }) => `${seq} ${detail}`} empty="Version 1 is in force since the account was opened. Each change stands here, with its reason." />
    </Card>
  );
}

const COLUMNS: readonly Column<AccountStep>[] = [
  { key: "time", title: "Time, UTC", cell: (step) => momentOf(seconds(step.ts_ns)).slice(5) },
  { key: "detail", title: "Change", cell: (step) => <span className={css["detail"]}>{step.detail}</span> },
  { key: "seq", title: "Journal", right: true, cell: (step) => step.seq },
];
