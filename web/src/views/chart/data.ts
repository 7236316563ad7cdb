// Everything the chart page shows of one source, gathered from the store.
import { useMemo } from "react";
import type { EquityPoint, Fill, Order, Run, Session } from "../../api/types";
import { useBars } from "../../store/data";
import { useRun, useRunSeries, useRunTrades } from "../../store/engine";
import { useEquity, useFills, useOrders, useSession } from "../../store/execution";
import { type LiveChart, useLiveChart } from "../../store/live_chart";
import { type Bar, joinBars } from "../../values/plot";
import { seconds } from "../../values/time";
import type { Source } from "./source";

export interface ChartData {
  dataset: string;
  bars: readonly Bar[];
  /** Bars that came over REST; the others are live. */
  fetched: number;
  beforeS: number | null;
  live: LiveChart | undefined;
  session: Session | undefined;
  run: Run | undefined;
  orders: readonly Order[];
  fills: readonly Fill[];
  equity: readonly EquityPoint[];
  timeframe: string;
  tickSize: string;
  currency: string;
  synthetic: boolean;
  loading: boolean;
  error: { error: unknown; doing: string; context: string } | null;
  retry: () => void;
  older: () => void;
}

const FAR_NS = 9e18;
const MOST_POINTS = 10_000;
const NO_BARS: never[] = [];

function useEquityPoints(session: string, run: Run | undefined): readonly EquityPoint[] {
  const live = useEquity(session);
  const series = useRunSeries(run?.id ?? "", run?.status === "done", MOST_POINTS);
  return useMemo(() => {
    if (session) return live.data ?? NO_BARS;
    const data = series.data;
    if (!data) return NO_BARS;
    return data.ts_ns.map((tsNs, at) => [tsNs, data.equity[at] ?? 0, data.position[at] ?? 0] as const);
  }, [session, live.data, series.data]);
}

export function useChartData(source: Source): ChartData {
  const sessionId = source.kind === "session" ? source.id : "";
  const runId = source.kind === "run" ? source.id : "";
  const session = useSession(sessionId);
  const run = useRun(runId);
  const live = useLiveChart(sessionId ? session.data : undefined);
  const orders = useOrders(sessionId);
  const sessionFills = useFills(sessionId);
  const trades = useRunTrades(runId, run.data?.status === "done");
  const equity = useEquityPoints(sessionId, run.data);

  const ready = source.kind !== "session" || live !== undefined;
  const known =
    source.kind === "dataset" ? source.id : (session.data?.dataset ?? (run.data?.dataset || run.data?.request.dataset) ?? "");
  const dataset = ready ? known : "";
  const to = run.data?.request.to_ts_ns;
  const beforeS = live?.beforeS ?? (runId && to !== undefined && to < FAR_NS ? seconds(to) : null);
  const query = useBars({ dataset, beforeS });
  const pages = query.data?.pages;
  const liveBars = live?.bars ?? NO_BARS;
  const bars = useMemo(() => joinBars(pages ?? [], liveBars), [pages, liveBars]);
  const page = pages?.[0];
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;

  let error: ChartData["error"] = null;
  if (session.isError && !session.data) error = { error: session.error, doing: "load the session", context: "execution" };
  else if (run.isError && !run.data) error = { error: run.error, doing: "load the backtest", context: "engine" };
  else if (query.isError && !page) error = { error: query.error, doing: "load the bars", context: "data" };

  return {
    dataset: known,
    bars,
    fetched: pages?.reduce((sum, one) => sum + one.ts_ns.length, 0) ?? 0,
    beforeS,
    live,
    session: session.data,
    run: run.data,
    orders: orders.data ?? NO_BARS,
    fills: (sessionId ? sessionFills.data : trades.data?.fills) ?? NO_BARS,
    equity,
    timeframe: page?.timeframe ?? "",
    tickSize: String(page?.instrument.tick_size ?? session.data?.config.instrument.tick_size ?? "0.01"),
    currency: page?.instrument.currency ?? "",
    synthetic: page?.synthetic ?? false,
    loading: !page && !error,
    error,
    retry: () => {
      void session.refetch();
      void query.refetch();
    },
    older: () => {
      if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
    },
  };
}
