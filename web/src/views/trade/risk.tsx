// The risk page: how much of every limit is used, what is closed and why, and what was refused.
import { type ReactNode, useState } from "react";
import type { Account, LimitUse, RiskState } from "../../api/types";
import { useRisk } from "../../store/risk";
import { percent } from "../../values/format";
import { inUnit, named, placed } from "../../values/limit_units";
import { Button, Card, Tag } from "../parts/basic";
import { Loaded, Notice } from "../parts/notice";
import { BreakersCard, GatesCard } from "./gates";
import { DecisionsCard } from "./decisions";
import { LatencyCard, MarketCard } from "./market";
import css from "./risk.module.css";

const EVERY_MS = 3_000;

export function RiskPart({ account }: { account: Account }): ReactNode {
  const query = useRisk(account.id, EVERY_MS);
  return (
    <Loaded query={query} doing="read the state of risk" context="execution" height={420}>
      {(risk) => (
        <div className={css["page"]}>
          <Durability risk={risk} />
          <div className={css["columns"]}>
            <LimitsCard limits={risk.limits} />
            <div className={css["stack"]}>
              <GatesCard gates={risk.gates} />
              <BreakersCard breakers={risk.breakers} />
              <MarketCard vix={risk.vix} />
              <LatencyCard latencies={risk.latency_us} />
            </div>
          </div>
          <DecisionsCard account={account.id} />
        </div>
      )}
    </Loaded>
  );
}

function Durability({ risk }: { risk: RiskState }): ReactNode {
  if (risk.durable) return null;
  return (
    <Card>
      <Notice tone="bad" title="The journal is not durable">What is acknowledged now would be lost with the power.</Notice>
    </Card>
  );
}

interface Line {
  use: LimitUse;
  title: string;
  used: string;
  bound: string;
}

function linesOf(limits: readonly LimitUse[]): Line[] {
  return placed(limits, ({ code, name, scope }) => `${scope} ${code} ${name}`).map(({ line: use, place }) => {
    const { title, unit } = named(use.code, use.name, place + (use.code === "MAX_QTY" ? 1 : 0));
    return { use, title, used: inUnit(use.used, unit), bound: use.limit === null ? "waived" : inUnit(use.limit, unit) };
  });
}

function LimitsCard({ limits }: { limits: readonly LimitUse[] }): ReactNode {
  const [whole, setWhole] = useState(false);
  const lines = linesOf(limits).sort((a, b) => b.use.share - a.use.share);
  const bound = lines.filter(({ use }) => use.limit !== null);
  const shown = whole ? lines : bound;
  return (
    <Card
      title="Limits"
      label="Limits in use"
      aside={<Button small aria-pressed={whole} onClick={() => setWhole(!whole)}>{whole ? "Hide waived" : `Show ${lines.length - bound.length} waived`}</Button>}
    >
      {shown.length === 0 ? (
        <Notice title="No limit is kept">Every limit of this account was waived.</Notice>
      ) : (
        <ul className={css["limits"]} data-testid="limits">
          {shown.map((line, at) => (
            <li key={`${line.use.scope} ${line.use.name} ${at}`}><LimitRow {...line} /></li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function level(share: number): "full" | "near" | "free" {
  return share >= 1 ? "full" : share >= 0.75 ? "near" : "free";
}

function LimitRow({ use, title, used, bound }: Line): ReactNode {
  const waived = use.limit === null;
  const share = Math.min(1, Math.max(0, use.share));
  return (
    <div className={css["limit"]} data-level={waived ? "waived" : level(use.share)}>
      <div className={css["limitName"]}>
        {title} <small>{use.scope}</small>
      </div>
      <div className={css["limitText"]}>
        {waived ? <Tag>waived</Tag> : <>{used} <small>of {bound}</small></>}
      </div>
      <div
        className={css["track"]}
        role="meter"
        aria-label={`${title}, ${use.scope}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
        aria-valuetext={waived ? "waived" : `${percent(use.share, 1)} used`}
      >
        <span style={{ width: `${share * 100}%` }} />
      </div>
      <div className={css["room"]}>{waived ? "" : `${percent(Math.max(0, 1 - use.share), 1)} free`}</div>
    </div>
  );
}
