// The page that stays open all day: bars with what the strategy thought and did at them.
import { type ReactNode, useMemo, useState } from "react";
import { useDatasets } from "../../store/data";
import { useSessions } from "../../store/execution";
import { setSearch, useSearch } from "../../store/location";
import { recall, remember } from "../../store/preferences";
import { useIndicatorKinds } from "../../store/transformer";
import { decimals } from "../../values/format";
import { cleanSpecs } from "../../values/specs";
import { isDaily } from "../../values/time";
import { fromRequest } from "../../values/trade_form";
import { Button, Card, Skeleton } from "../parts/basic";
import { Failure, Notice } from "../parts/notice";
import { PageHead } from "../parts/page";
import css from "./chart.module.css";
import { type ChartData, useChartData } from "./data";
import { IndicatorPicker } from "./indicator_picker";
import { ChartPanel } from "./panel";
import { RunPanel } from "./run_panel";
import { SessionForm } from "./session_form";
import { SessionPanel } from "./session_panel";
import { type Source, fallback, sourceOf } from "./source";
import { SourcePicker } from "./source_picker";
import { Tables } from "./tables";
import { Toggles, useShown } from "./toggles";

const INDICATORS = "fks.chart.indicators";

/** The indicators of the address, or those drawn last. */
function useSpecs(search: URLSearchParams): readonly string[] {
  const key = (search.has("i") ? search.getAll("i") : (recall(INDICATORS) ?? "").split(" ")).join(" ");
  return useMemo(() => cleanSpecs(key.split(" ").filter(Boolean)), [key]);
}

function chooseSpecs(specs: readonly string[]): void {
  remember(INDICATORS, specs.join(" "));
  // An empty "i" says that none are wanted, which is not the same as not having chosen.
  setSearch({ i: specs.length > 0 ? specs : "" }, "replace");
}

export function ChartPage(): ReactNode {
  const search = useSearch();
  const sessions = useSessions();
  const datasets = useDatasets();
  const settled = !sessions.isPending && !datasets.isPending;
  const asked = sourceOf(search);
  // What is shown by default must not change under the reader when sessions come and go.
  const [first, setFirst] = useState<Source | null>(null);
  const found = asked ?? first ?? (settled ? fallback(sessions.data, datasets.data) : null);
  if (!asked && !first && found) setFirst(found);
  const specs = useSpecs(search);
  return (
    <div className={css["page"]}>
      {found ? (
        <Shown
          key={`${found.kind} ${found.id}`}
          source={found}
          specs={specs}
          picker={<SourcePicker source={found} sessions={sessions.data ?? []} datasets={datasets.data ?? []} />}
          starting={search.has("start")}
        />
      ) : (
        <>
          <PageHead title="Chart" />
          <Card>
            {!settled ? (
              <Skeleton height={480} />
            ) : datasets.isError ? (
              <Failure error={datasets.error} doing="list the datasets" context="data" retry={() => void datasets.refetch()} />
            ) : (
              <Notice title="Nothing to draw yet">
                Import prices first: <code>fks data import prices.csv --name mine</code>
              </Notice>
            )}
          </Card>
        </>
      )}
    </div>
  );
}

interface ShownProps {
  source: Source;
  specs: readonly string[];
  picker: ReactNode;
  starting: boolean;
}

/** The form for another session like the one shown. */
function again(data: ChartData): ReturnType<typeof fromRequest> | null {
  const { session } = data;
  if (!session) return null;
  const { quantity, cash, fill_rule, costs } = session.config;
  const { strategy, dataset, params } = session;
  return fromRequest({ strategy, dataset, params, quantity, cash, fill_rule, costs }, []);
}

function Shown({ source, specs, picker, starting }: ShownProps): ReactNode {
  const data = useChartData(source);
  const kinds = useIndicatorKinds();
  const [shown, toggle] = useShown();
  const { session, run } = data;
  const trades = source.kind !== "dataset";
  const look = { places: decimals(data.tickSize), daily: isDaily(data.timeframe) };
  const what = session ? `${session.strategy} on ${session.dataset}` : run ? `${run.request.strategy} on ${data.dataset}` : data.dataset;
  const close = (): void => setSearch({ start: null }, "replace");
  const open = (): void => setSearch({ start: "1" }, "replace");
  return (
    <>
      <PageHead title="Chart" tab={what}>
        <Button look="primary" onClick={open}>Start a paper session</Button>
      </PageHead>
      <div className={css["bar"]}>
        {picker}
        <IndicatorPicker kinds={kinds.data ?? []} specs={specs} onChange={chooseSpecs} />
        {trades && <Toggles shown={shown} toggle={toggle} />}
      </div>
      {kinds.isError && <Card><Failure error={kinds.error} doing="list the indicators" context="transformer" retry={() => void kinds.refetch()} /></Card>}
      <div className={css["body"]} data-wide={!session && !run} data-tables={trades}>
        <ChartPanel data={data} subject={`${source.kind} ${source.id}`} specs={specs} kinds={kinds.data ?? []} shown={shown} />
        {session && (
          <div className={css["side"]}>
            <SessionPanel session={session} timeframe={data.timeframe} onAgain={open} />
          </div>
        )}
        {run && !session && <div className={css["side"]}><RunPanel run={run} /></div>}
      </div>
      {trades && <Tables data={data} look={look} />}
      {starting && <SessionForm dataset={data.dataset} start={again(data)} onClose={close} />}
    </>
  );
}
