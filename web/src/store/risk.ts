// Limits in use, gates, the kill switch, what the controls decided, and signals that wait.
import { type UseMutationResult, type UseQueryResult, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { body, http } from "../api/client";
import { NO_SESSION } from "../api/resume";
import type { Decision, HeldSignal, RiskState, Scope, SignalRoute } from "../api/types";
import { useFeed } from "./feed";
import { fresh, usePoll } from "./trading";
import { withSignalEvents } from "./trading_events";

const GATES = ["execution.gate_changed.v1"];

/** The state of risk of an account, or of all for "". */
export function useRisk(account: string, everyMs = 0): UseQueryResult<RiskState> {
  const client = useQueryClient();
  const poll = usePoll();
  const again = (): void => void client.invalidateQueries({ queryKey: ["risk"] });
  useFeed({ topics: GATES, session: NO_SESSION, onEvents: again, onMissed: again });
  return useQuery({
    queryKey: ["risk", account],
    queryFn: () => body(http.GET("/api/v1/risk", { params: { query: { account } } })),
    refetchInterval: everyMs || poll,
  });
}

export function useDecisions(account: string, refused: boolean): UseQueryResult<readonly Decision[]> {
  const client = useQueryClient();
  const refetchInterval = usePoll();
  const again = (): void => void client.invalidateQueries({ queryKey: ["decisions"] });
  useFeed({ topics: ["execution.order_decided.v1"], session: NO_SESSION, onEvents: again, onMissed: again });
  return useQuery({
    queryKey: ["decisions", account, refused],
    queryFn: async () =>
      (await body(http.GET("/api/v1/risk/decisions", { params: { query: { account, refused, limit: 200 } } }))).decisions,
    refetchInterval,
  });
}

/** After any of these the whole picture may differ. */
function useRefreshAll(): () => void {
  const client = useQueryClient();
  return () => {
    for (const part of ["risk", "accounts", "account-orders", "account-positions", "order-check", "decisions"]) {
      void client.invalidateQueries({ queryKey: [part] });
    }
  };
}

export interface KillWish {
  reason: string;
  person: string;
  flatten: boolean;
}

export function useKill(): UseMutationResult<RiskState, Error, KillWish> {
  const onSuccess = useRefreshAll();
  return useMutation({
    mutationFn: ({ reason, person, flatten }) => {
      const wish = { scope: "global" as const, target: "", reason, person, flatten, confirm_flatten: flatten ? "FLATTEN" : "" };
      return body(http.POST("/api/v1/risk/kill", { body: wish, params: fresh() }));
    },
    onSuccess,
    // A kill switch that could not be reached is tried again by hand, not silently later.
    retry: false,
    networkMode: "always",
  });
}

export interface RearmWish {
  scope: Scope;
  target: string;
  reason: string;
  person: string;
}

export function useRearm(): UseMutationResult<RiskState, Error, RearmWish> {
  const onSuccess = useRefreshAll();
  return useMutation({
    mutationFn: (wish) => body(http.POST("/api/v1/risk/rearm", { body: wish, params: fresh() })),
    onSuccess,
  });
}

export interface GateWish extends RearmWish {
  gate: "reducing" | "halted";
}

export function useCloseGate(): UseMutationResult<RiskState, Error, GateWish> {
  const onSuccess = useRefreshAll();
  return useMutation({
    mutationFn: (wish) => body(http.POST("/api/v1/risk/gates", { body: wish, params: fresh() })),
    onSuccess,
  });
}

export function useSetRoute(): UseMutationResult<SignalRoute, Error, SignalRoute> {
  const onSuccess = useRefreshAll();
  return useMutation({
    mutationFn: (route) => body(http.PUT("/api/v1/risk/routes", { body: route, params: fresh() })),
    onSuccess,
  });
}

export function useSetVix(): UseMutationResult<RiskState, Error, number> {
  const onSuccess = useRefreshAll();
  return useMutation({
    mutationFn: (vix) => body(http.POST("/api/v1/risk/market", { body: { vix }, params: fresh() })),
    onSuccess,
  });
}

export function useHeldSignals(): UseQueryResult<readonly HeldSignal[]> {
  const client = useQueryClient();
  const refetchInterval = usePoll();
  const queryKey = ["held-signals"] as const;
  useFeed({
    topics: ["execution.signal_queued.v1"],
    session: NO_SESSION,
    onEvents: (events) =>
      client.setQueryData<readonly HeldSignal[]>(queryKey, (known) => known && withSignalEvents(known, events)),
    onMissed: () => void client.invalidateQueries({ queryKey }),
  });
  return useQuery({
    queryKey,
    queryFn: async () => (await body(http.GET("/api/v1/approvals", { params: { query: { waiting: true } } }))).signals,
    refetchInterval,
  });
}

export interface Verdict {
  approve: boolean;
  ids: number[];
  person: string;
  note: string;
}

export function useDecideSignals(): UseMutationResult<readonly HeldSignal[], Error, Verdict> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (verdict) =>
      (await body(http.POST("/api/v1/approvals/decide", { body: verdict, params: fresh() }))).signals,
    onSuccess: () => void client.invalidateQueries({ queryKey: ["held-signals"] }),
  });
}
