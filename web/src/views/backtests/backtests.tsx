// Run a backtest, and find those that were run.
import { type ReactNode, useState } from "react";
import type { Run } from "../../api/types";
import { useRuns } from "../../store/engine";
import { go } from "../../store/location";
import { Button, Card, Hidden } from "../parts/basic";
import { Loaded, Notice } from "../parts/notice";
import { PageHead } from "../parts/page";
import { RunTable } from "../parts/runs";
import type { Column } from "../parts/table";
import css from "./backtests.module.css";
import { BacktestForm } from "./form";

const MOST = 200;
const MOST_COMPARED = 6;

export function BacktestsPage(): ReactNode {
  return (
    <>
      <PageHead title="Backtests" />
      <div className={css["columns"]}>
        <Card title="New backtest">
          <BacktestForm />
        </Card>
        <Runs />
      </div>
    </>
  );
}

function Runs(): ReactNode {
  const query = useRuns(MOST);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const toggle = (id: string): void =>
    setChosen(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id].slice(-MOST_COMPARED));
  const pick: Column<Run> = {
    key: "pick",
    title: "",
    cell: (run) => (
      <label>
        <input type="checkbox" disabled={run.status !== "done"} checked={chosen.includes(run.id)} onChange={() => toggle(run.id)} />
        <Hidden>Compare {run.request.strategy}</Hidden>
      </label>
    ),
  };
  const compare = (): void => go(`/compare?${chosen.map((id) => `run=${encodeURIComponent(id)}`).join("&")}`);
  return (
    <Card
      title="Runs"
      aside={
        <Button small disabled={chosen.length < 2} onClick={compare}>
          {chosen.length < 2 ? "Choose two to compare" : `Compare ${chosen.length}`}
        </Button>
      }
    >
      <Loaded query={query} doing="list the backtests" context="engine" height={420}>
        {(runs) =>
          runs.length === 0 ? (
            <Notice title="No run yet">The form beside this starts the first: its defaults are a good beginning.</Notice>
          ) : (
            <RunTable runs={runs} extra={pick} />
          )
        }
      </Loaded>
    </Card>
  );
}
