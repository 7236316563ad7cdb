// The rows that were refused: where each stood, and why.
import { type ReactNode, useState } from "react";
import type { QuarantinePage } from "../../api/types";
import { REFUSED_A_PAGE, useQuarantine } from "../../store/catalogue";
import { count } from "../../values/format";
import { Button, Card } from "../parts/basic";
import { Loaded } from "../parts/notice";
import { type Column, Table } from "../parts/table";
import css from "./data.module.css";

type Refused = QuarantinePage["rows"][number];

const PRICES = ["open", "high", "low", "close", "volume"] as const;

const COLUMNS: readonly Column<Refused>[] = [
  { key: "row", title: "Row", right: true, cell: ({ row }) => count(row) },
  { key: "file", title: "Of", cell: ({ file }) => file },
  { key: "reason", title: "Why", cell: ({ reason }) => reason },
  { key: "time", title: "Time, UTC", cell: ({ time }) => time.replace("T", " ").replace("Z", "") || "–" },
  ...PRICES.map((name): Column<Refused> => ({ key: name, title: name, right: true, cell: (row) => row[name] ?? "–" })),
  { key: "text", title: "What stood there", cell: ({ text }) => text && <code className={css["why"]} title={text}>{text}</code> },
];

export function QuarantineCard({ hash }: { hash: string }): ReactNode {
  const [first, setFirst] = useState(0);
  const query = useQuarantine(hash, first);
  return (
    <Loaded query={query} doing="read the quarantine" context="data" height={220}>
      {({ total, reasons, rows, first: at }) => (
        <Card title="Quarantine" label="Quarantine" aside={Object.entries(reasons).map(([reason, often]) => `${reason} ${count(often)}`).join(" · ")}>
          <Table label="Refused rows" columns={COLUMNS} rows={rows.map((row, place) => ({ ...row, key: at + place }))} rowKey={(row) => (row as Refused & { key: number }).key} />
          {total > REFUSED_A_PAGE && (
            <nav className={css["foot"]} aria-label="Pages of refused rows">
              <span className={css["quiet"]}>{count(at + 1)} to {count(at + rows.length)} of {count(total)}</span>
              <Button small disabled={first === 0} onClick={() => setFirst(first - REFUSED_A_PAGE)}>Previous</Button>
              <Button small disabled={first + REFUSED_A_PAGE >= total} onClick={() => setFirst(first + REFUSED_A_PAGE)}>Next</Button>
            </nav>
          )}
        </Card>
      )}
    </Loaded>
  );
}
