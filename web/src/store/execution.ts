// Paper sessions: their record, kept up to date by the socket, and the buttons that steer them.
import {
  type QueryClient,
  type UseMutationResult,
  type UseQueryResult,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import { body, http, newKey } from "../api/client";
import type { FeedEvent } from "../api/events";
import type { EquityPoint, Fill, Order, Position, Session, SessionRequest } from "../api/types";
import { useFeed } from "./feed";
import { OVER, apply } from "./session_events";

const SESSION_TOPICS = [
  "execution.session_started.v1",
  "execution.session_changed.v1",
  "execution.session_recovered.v1",
];

export function isRunning(session: Session): boolean {
  return session.status === "running";
}

export function isFinal(session: Session): boolean {
  return OVER.has(session.status);
}

const keys = {
  sessions: ["sessions"] as const,
  session: (id: string) => ["session", id] as const,
  orders: (id: string) => ["session", id, "orders"] as const,
  fills: (id: string) => ["session", id, "fills"] as const,
  equity: (id: string) => ["session", id, "equity"] as const,
};

export function useSessions(): UseQueryResult<readonly Session[]> {
  const client = useQueryClient();
  const refresh = (): void => void client.invalidateQueries({ queryKey: keys.sessions });
  useFeed({ topics: SESSION_TOPICS, onEvents: refresh, onMissed: refresh });
  return useQuery({
    queryKey: keys.sessions,
    queryFn: async () =>
      (await body(http.GET("/api/v1/sessions", { params: { query: { limit: 100 } } }))).sessions,
    refetchInterval: (query) => (query.state.data?.some(isRunning) ? 2_000 : 15_000),
  });
}

function path(id: string): { path: { session_id: string } } {
  return { path: { session_id: id } };
}

export function useSession(id: string): UseQueryResult<Session> {
  return useQuery({
    queryKey: keys.session(id),
    queryFn: () => body(http.GET("/api/v1/sessions/{session_id}", { params: path(id) })),
    enabled: id !== "",
    refetchInterval: (query) => (query.state.data && isFinal(query.state.data) ? false : 10_000),
  });
}

export function useOrders(id: string): UseQueryResult<readonly Order[]> {
  return useQuery({
    queryKey: keys.orders(id),
    queryFn: async () =>
      (await body(http.GET("/api/v1/sessions/{session_id}/orders", { params: path(id) }))).orders,
    enabled: id !== "",
  });
}

export function useFills(id: string): UseQueryResult<readonly Fill[]> {
  return useQuery({
    queryKey: keys.fills(id),
    queryFn: async () =>
      (await body(http.GET("/api/v1/sessions/{session_id}/fills", { params: path(id) }))).fills,
    enabled: id !== "",
  });
}

export async function fetchEquity(id: string, limit: number): Promise<readonly EquityPoint[]> {
  const answer = await body(
    http.GET("/api/v1/sessions/{session_id}/equity", {
      params: { ...path(id), query: { limit } },
    }),
  );
  return answer.points.map(({ ts_ns, equity, position }) => [ts_ns, equity, position] as const);
}

export function useEquity(id: string): UseQueryResult<readonly EquityPoint[]> {
  return useQuery({
    queryKey: keys.equity(id),
    queryFn: () => fetchEquity(id, 10_000),
    enabled: id !== "",
  });
}

/** The last points of a session's equity for a small picture. */
export function useSpark(session: Session): UseQueryResult<readonly EquityPoint[]> {
  return useQuery({
    queryKey: ["spark", session.id],
    queryFn: () => fetchEquity(session.id, 300),
    refetchInterval: isRunning(session) ? 2_000 : false,
    staleTime: isFinal(session) ? Number.POSITIVE_INFINITY : 1_000,
  });
}

export function usePositions(): UseQueryResult<readonly Position[]> {
  return useQuery({
    queryKey: ["positions"],
    queryFn: async () => (await body(http.GET("/api/v1/positions"))).positions,
    refetchInterval: 3_000,
  });
}

function applyTo(client: QueryClient, id: string, events: readonly FeedEvent[]): void {
  const before = {
    session: client.getQueryData<Session>(keys.session(id)),
    orders: client.getQueryData<readonly Order[]>(keys.orders(id)) ?? [],
    fills: client.getQueryData<readonly Fill[]>(keys.fills(id)) ?? [],
    equity: client.getQueryData<readonly EquityPoint[]>(keys.equity(id)) ?? [],
  };
  const after = apply(before, id, events);
  if (after.session !== before.session) client.setQueryData(keys.session(id), after.session);
  for (const part of ["orders", "fills", "equity"] as const) {
    const key = keys[part](id);
    // What has not been fetched yet stays so: a part would be taken for the whole.
    if (after[part] !== before[part] && client.getQueryData(key)) client.setQueryData(key, after[part]);
  }
}

const RECENT = 5_000;

/** Apply recent events again whenever an answer arrives that may be older than they are. */
function useReapply(id: string, recent: { current: readonly FeedEvent[] }): void {
  const client = useQueryClient();
  useEffect(
    () =>
      client.getQueryCache().subscribe(({ type, query, ...rest }) => {
        const [kind, of, part] = query.queryKey;
        if (type !== "updated" || kind !== "session" || of !== id || part === undefined) return;
        const action = "action" in rest ? rest.action : undefined;
        if (action?.type !== "success" || action.manual === true) return;
        queueMicrotask(() => applyTo(client, id, recent.current));
      }),
    [client, id, recent],
  );
}

const LIVE_TOPICS = ["execution.", "engine.signal_raised.v1", "data.bar_closed.v1"];

/** Keep the record of one session live; `onEvents` also gets each batch, for bars and signals. */
export function useSessionFeed(
  id: string,
  enabled: boolean,
  onEvents: (events: readonly FeedEvent[]) => void,
  onMissed: () => void,
): void {
  const client = useQueryClient();
  const recent = useRef<readonly FeedEvent[]>([]);
  useReapply(id, recent);
  useEffect(() => {
    recent.current = [];
  }, [id]);
  useFeed({
    topics: LIVE_TOPICS,
    session: id,
    enabled: enabled && id !== "",
    onEvents: (events) => {
      const lasting = events.filter((event) => !event.topic.startsWith("execution.session_"));
      recent.current = [...recent.current, ...lasting].slice(-RECENT);
      applyTo(client, id, events);
      onEvents(events);
    },
    onMissed: () => {
      void client.invalidateQueries({ queryKey: keys.session(id) });
      onMissed();
    },
  });
}

export function useStartSession(): UseMutationResult<Session, Error, SessionRequest> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (request) =>
      body(
        http.POST("/api/v1/sessions", {
          // The schema marks fields with defaults as present; the server fills those left out.
          body: request as Required<SessionRequest>,
          params: { header: { "Idempotency-Key": newKey() } },
        }),
      ),
    onSuccess: (session) => {
      client.setQueryData(keys.session(session.id), session);
      void client.invalidateQueries({ queryKey: keys.sessions });
    },
  });
}

export type Steer = "pause" | "resume" | "stop";

export function useSteerSession(id: string): UseMutationResult<Session, Error, Steer> {
  const client = useQueryClient();
  const ask = useCallback(
    (verb: Steer) => {
      const options = { params: { ...path(id), header: { "Idempotency-Key": newKey() } } };
      if (verb === "pause") return body(http.POST("/api/v1/sessions/{session_id}/pause", options));
      if (verb === "resume") return body(http.POST("/api/v1/sessions/{session_id}/resume", options));
      return body(http.POST("/api/v1/sessions/{session_id}/stop", options));
    },
    [id],
  );
  return useMutation({
    mutationFn: ask,
    onSuccess: (session) => {
      client.setQueryData(keys.session(id), session);
      void client.invalidateQueries({ queryKey: keys.sessions });
    },
  });
}
