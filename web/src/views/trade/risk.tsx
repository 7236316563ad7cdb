// The risk page: how much of every limit is used, what is closed and why, and what was refused.
import type { ReactNode } from "react";
import type { Account, RiskState } from "../../api/types";
import { useRisk } from "../../store/risk";
import { Card } from "../parts/basic";
import { Loaded, Notice } from "../parts/notice";
import { BreakersCard, GatesCard } from "./gates";
import { DecisionsCard } from "./decisions";
import { LimitVersions } from "./limit_versions";
import { LimitsCard } from "./limits";
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
            <div className={css["stack"]}>
              <LimitsCard account={account} limits={risk.limits} />
              <LimitVersions account={account.id} version={account.limits_version} />
            </div>
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
