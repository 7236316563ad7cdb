// One backtest: while it runs its progress, afterwards all that it found.
import type { ReactNode } from "react";
import type { Run } from "../../api/types";
import { isOver, useCancelRun, useRun, useRuns } from "../../store/engine";
import { go } from "../../store/location";
import { count, params, percent } from "../../values/format";
import { HEADLINE, figureOf, figures, metric } from "../../values/metrics";
import { moment } from "../../values/time";
import { Button, Card, Progress, StatusTag, Synthetic } from "../parts/basic";
import { Link } from "../parts/link";
import { Loaded, Notice } from "../parts/notice";
import { PageHead } from "../parts/page";
import { Facts, Figures, NotModelled, TearSheet } from "./result";
import { RunChart } from "./run_chart";
import { TradesCard } from "./trades";
import css from "./backtests.module.css";

export function RunPage({ id }: { id: string }): ReactNode {
  const query = useRun(id);
  const run = query.data;
  return (
    <>
      <PageHead
        title={run ? run.request.strategy : "Backtest"}
        tab={run ? `${run.request.strategy} · backtest` : "Backtest"}
        sub={
          run && (
            <>
              {run.request.dataset} · {params(run.request.params)} · {moment(run.created_at_ns)} UTC{" "}
              <StatusTag status={run.status} /> <Synthetic shown={run.synthetic} />
            </>
          )
        }
      >
        {run?.status === "done" && <Actions run={run} />}
      </PageHead>
      <Loaded query={query} doing="load the backtest" context="engine" height={480}>
        {(loaded) => (isOver(loaded) ? <Over run={loaded} /> : <Running run={loaded} />)}
      </Loaded>
    </>
  );
}

function Actions({ run }: { run: Run }): ReactNode {
  const others = (useRuns().data ?? []).filter(({ id, status }) => id !== run.id && status === "done");
  const id = encodeURIComponent(run.id);
  return (
    <div className={css["actions"]}>
      <Button small onClick={() => go(`/chart?run=${id}`)}>Show on the chart</Button>
      {others.length > 0 && (
        <select
          aria-label="Compare with"
          value=""
          onChange={(event) => go(`/compare?run=${id}&run=${encodeURIComponent(event.target.value)}`)}
          style={{ width: 210, height: 26 }}
        >
          <option value="">Compare with…</option>
          {others.map((other) => (
            <option key={other.id} value={other.id}>
              {other.request.strategy} · {params(other.request.params)} · {moment(other.created_at_ns)}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}

function Running({ run }: { run: Run }): ReactNode {
  const cancel = useCancelRun();
  return (
    <Card title={run.status === "queued" ? "Waiting for its turn" : "Running"} aside={percent(run.progress, 0)}>
      <div className={css["running"]}>
        <Progress value={run.progress} label="Progress" />
        <div className={css["actions"]}>
          <span>{count(run.bars)} bars so far</span>
          <Button small look="danger" disabled={cancel.isPending} onClick={() => cancel.mutate(run.id)}>Cancel</Button>
        </div>
      </div>
    </Card>
  );
}

function Over({ run }: { run: Run }): ReactNode {
  if (run.status === "failed") {
    return (
      <Card>
        <Notice tone="bad" title="The backtest failed"><p>{run.error || "no reason was given"}</p></Notice>
      </Card>
    );
  }
  if (run.status === "cancelled") {
    return (
      <Card>
        <Notice title="The backtest was cancelled">
          <p><Link href="/backtests">Run another</Link></p>
        </Notice>
      </Card>
    );
  }
  return (
    <div className={css["stack"]}>
      <Headline run={run} />
      <RunChart run={run} />
      <Figures run={run} />
      <TradesCard run={run} />
      <div className={css["two"]}>
        <Facts run={run} />
        <NotModelled run={run} />
      </div>
      <TearSheet run={run} />
    </div>
  );
}

function Headline({ run }: { run: Run }): ReactNode {
  const values = figures(run);
  return (
    <dl className={css["headline"]}>
      {["final_equity", ...HEADLINE].map((key) => (
        <div key={key} data-testid={`metric-${key}`}>
          <dt>{figureOf(key).label}</dt>
          <dd>{metric(key, values[key])}</dd>
        </div>
      ))}
    </dl>
  );
}
