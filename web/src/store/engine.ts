// Strategies and backtests: start, watch, read, compare, cancel.
import {
  type UseMutationResult,
  type UseQueryResult,
  keepPreviousData,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import type { FeedEvent } from "../api/events";
import { body, http, newKey } from "../api/client";
import type { BacktestRequest, Comparison, Run, RunSeries, RunTrades, Strategy } from "../api/types";
import { useFeed, useLink } from "./feed";

const TOPICS = ["engine.run_progressed.v1", "engine.run_finished.v1"];
const POLL_MS = 1_000;
const SLOW_POLL_MS = 5_000;
const MOST_TRADES = 10_000;

export function isOver(run: Run): boolean {
  return run.status === "done" || run.status === "failed" || run.status === "cancelled";
}

export function useStrategies(): UseQueryResult<readonly Strategy[]> {
  return useQuery({
    queryKey: ["strategies"],
    queryFn: async () => (await body(http.GET("/api/v1/strategies"))).strategies,
    staleTime: 60_000,
  });
}

export function useRuns(limit = 50): UseQueryResult<readonly Run[]> {
  const client = useQueryClient();
  const refresh = (): void => void client.invalidateQueries({ queryKey: ["runs"] });
  useFeed({
    topics: TOPICS,
    onEvents: (events) => {
      const finished = events.some((event) => event.topic === "engine.run_finished.v1");
      client.setQueryData<readonly Run[]>(["runs", limit], (runs) => runs?.map((run) => advance(run, events)));
      if (finished) refresh();
    },
    onMissed: refresh,
  });
  return useQuery({
    queryKey: ["runs", limit],
    queryFn: async () => (await body(http.GET("/api/v1/backtests", { params: { query: { limit } } }))).runs,
    refetchInterval: (query) => (query.state.data?.some((run) => !isOver(run)) ? SLOW_POLL_MS : 30_000),
  });
}

/** A run, kept up to date by the socket, and by asking where there is none. */
export function useRun(id: string): UseQueryResult<Run> {
  const client = useQueryClient();
  const { link } = useLink();
  const query = useQuery({
    queryKey: ["run", id],
    queryFn: () => body(http.GET("/api/v1/backtests/{run_id}", { params: { path: { run_id: id } } })),
    refetchInterval: ({ state }) =>
      state.data && isOver(state.data) ? false : link === "live" ? SLOW_POLL_MS : POLL_MS,
    enabled: id !== "",
  });
  useFeed({
    topics: TOPICS,
    enabled: query.data !== undefined && !isOver(query.data),
    onEvents: (events) => client.setQueryData<Run>(["run", id], (run) => run && advance(run, events)),
    onMissed: () => void client.invalidateQueries({ queryKey: ["run", id] }),
  });
  return query;
}

/** A run after some events. */
export function advance(run: Run, events: readonly FeedEvent[]): Run {
  let next = run;
  for (const event of events) {
    if (event.topic === "engine.run_finished.v1" && event.data.run.id === run.id) next = event.data.run;
    if (event.topic === "engine.run_progressed.v1" && event.data.run_id === run.id && !isOver(next)) {
      const progress = Math.max(next.progress, event.data.progress);
      next = { ...next, status: "running", progress, bars: event.data.bars };
    }
  }
  return next;
}

export function useRunSeries(id: string, enabled: boolean, points = 3_000): UseQueryResult<RunSeries> {
  return useQuery({
    queryKey: ["run-series", id, points],
    queryFn: () =>
      body(
        http.GET("/api/v1/backtests/{run_id}/series", {
          params: { path: { run_id: id }, query: { points } },
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
    enabled,
  });
}

export function useRunTrades(id: string, enabled: boolean): UseQueryResult<RunTrades> {
  return useQuery({
    queryKey: ["run-trades", id],
    queryFn: () =>
      body(
        http.GET("/api/v1/backtests/{run_id}/trades", {
          params: { path: { run_id: id }, query: { limit: MOST_TRADES } },
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
    enabled,
  });
}

export function useComparison(ids: readonly string[]): UseQueryResult<Comparison> {
  return useQuery({
    queryKey: ["comparison", ids],
    queryFn: () =>
      body(http.GET("/api/v1/backtests/compare", { params: { query: { run: [...ids] } } })),
    enabled: ids.length >= 2,
    placeholderData: keepPreviousData,
  });
}

export function useStartBacktest(): UseMutationResult<Run, Error, BacktestRequest> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (request) =>
      body(
        http.POST("/api/v1/backtests", {
          // The schema marks fields with defaults as present; the server fills those left out.
          body: request as Required<BacktestRequest>,
          params: { header: { "Idempotency-Key": newKey() } },
        }),
      ),
    onSuccess: (run) => {
      client.setQueryData(["run", run.id], run);
      void client.invalidateQueries({ queryKey: ["runs"] });
    },
  });
}

export function useCancelRun(): UseMutationResult<Run, Error, string> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id) =>
      body(http.DELETE("/api/v1/backtests/{run_id}", { params: { path: { run_id: id } } })),
    onSuccess: (run) => client.setQueryData(["run", run.id], run),
  });
}
