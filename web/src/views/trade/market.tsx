// What the market gates are told, and how long the way of an order takes.
import { type ReactNode, useState } from "react";
import type { RiskState } from "../../api/types";
import { useSetVix } from "../../store/risk";
import { DASH, count, duration, number, words } from "../../values/format";
import { Button, Card } from "../parts/basic";
import { TextField } from "../parts/field";
import { Failure, Notice } from "../parts/notice";
import { type Column, Table } from "../parts/table";
import css from "./risk.module.css";

export function MarketCard({ vix }: { vix: number | null | undefined }): ReactNode {
  const set = useSetVix();
  const [text, setText] = useState("");
  const [tried, setTried] = useState(false);
  const value = Number(text);
  const good = /^\d+(\.\d+)?$/.test(text) && value <= 1000;
  return (
    <Card title="Market" label="Market gates" aside={<>VIX <strong data-testid="vix">{vix === null || vix === undefined ? DASH : number(vix)}</strong></>}>
      <form
        className={css["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (good) set.mutate(value, { onSuccess: () => { setText(""); setTried(false); } });
        }}
      >
        <TextField
          label="VIX now"
          numeric
          value={text}
          onChange={(next) => setText(next.trim())}
          hint={vix === null || vix === undefined ? "not known: accounts that heed it take no new risk" : "an old one counts as unknown"}
          error={tried && !good ? "0 to 1000" : undefined}
        />
        <div className={css["foot"]}><Button small type="submit" disabled={set.isPending}>Tell it</Button></div>
        {set.isError && <Failure error={set.error} doing="tell the VIX" context="execution" />}
      </form>
    </Card>
  );
}

const PARTS = ["p50", "p99", "p999", "count"] as const;

interface Latency {
  name: string;
  parts: Partial<Record<(typeof PARTS)[number], number>>;
}

/** "place_p50", "place_count" and so on, gathered by what was measured. */
function gathered(latencies: RiskState["latency_us"]): Latency[] {
  const found = new Map<string, Latency>();
  for (const [key, value] of Object.entries(latencies)) {
    const part = PARTS.find((suffix) => key.endsWith(`_${suffix}`));
    if (part === undefined) continue;
    const name = key.slice(0, -part.length - 1);
    const latency = found.get(name) ?? { name, parts: {} };
    latency.parts[part] = value;
    found.set(name, latency);
  }
  return [...found.values()];
}

const time = (us: number | undefined): string => (us === undefined ? DASH : duration(us / 1e6));

const COLUMNS: readonly Column<Latency>[] = [
  { key: "name", title: "From order to answer", cell: ({ name }) => words(name) },
  { key: "p50", title: "Median", right: true, cell: ({ parts }) => time(parts.p50) },
  { key: "p99", title: "99 %", right: true, cell: ({ parts }) => time(parts.p99) },
  { key: "p999", title: "99.9 %", right: true, cell: ({ parts }) => time(parts.p999) },
  { key: "count", title: "Measured", right: true, cell: ({ parts }) => count(parts.count) },
];

export function LatencyCard({ latencies }: { latencies: RiskState["latency_us"] }): ReactNode {
  const rows = gathered(latencies);
  return (
    <Card title="Latency" label="Latency percentiles" aside="since the start">
      {rows.length === 0 ? (
        <Notice title="Nothing measured yet">The first order after the start is the first to be timed.</Notice>
      ) : (
        <Table label="Latencies" columns={COLUMNS} rows={rows} rowKey={({ name }) => name} />
      )}
    </Card>
  );
}
