// The latest backtests.
import type { ReactNode } from "react";
import { useRuns } from "../../store/engine";
import { Card } from "../parts/basic";
import { Link } from "../parts/link";
import { Loaded, Notice } from "../parts/notice";
import { RunTable } from "../parts/runs";

const MOST = 6;

export function RunsCard(): ReactNode {
  const query = useRuns();
  return (
    <Card title="Backtests" aside={<Link href="/backtests">All, and a new one</Link>}>
      <Loaded query={query} doing="list the backtests" context="engine" height={200}>
        {(runs) =>
          runs.length === 0 ? (
            <Notice title="No backtest yet">
              <p>
                <Link href="/backtests">Run one</Link>: it takes a second on the prices that come with FKS.
              </p>
            </Notice>
          ) : (
            <RunTable runs={runs.slice(0, MOST)} brief />
          )
        }
      </Loaded>
    </Card>
  );
}
