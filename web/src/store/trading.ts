// Trading accounts, their orders and positions: fetched once, kept up to date by the socket.
import {
  type UseMutationResult,
  type UseQueryResult,
  keepPreviousData,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { body, http, newKey } from "../api/client";
import type { FeedEvent } from "../api/events";
import { NO_SESSION } from "../api/resume";
import type {
  Account,
  AccountOrder,
  AccountPosition,
  AmendWish,
  Depth,
  OrderCheck,
  OrderWish,
  Performance,
  TradeStory,
} from "../api/types";
import { useFeed, useLink } from "./feed";
import { type OrderFilter, withAccountEvents, withOrder, withOrderEvents, withPositionEvents } from "./trading_events";

const HISTORY = 200;
const MOST_WORKING = 1_000;
const SLOW_MS = 15_000;
const FAST_MS = 3_000;

/** A header with a fresh key, so that a request repeated by the network has one effect. */
export function fresh(): { header: { "Idempotency-Key": string } } {
  return { header: { "Idempotency-Key": newKey() } };
}

/** How often to ask while the socket brings no news. */
export function usePoll(): number {
  return useLink().link === "live" ? SLOW_MS : FAST_MS;
}

export function useAccounts(): UseQueryResult<readonly Account[]> {
  const client = useQueryClient();
  const poll = usePoll();
  useFeed({
    topics: ["execution.account_changed.v1"],
    session: NO_SESSION,
    onEvents: (events) =>
      client.setQueryData<readonly Account[]>(["accounts"], (known) => known && withAccountEvents(known, events)),
    onMissed: () => void client.invalidateQueries({ queryKey: ["accounts"] }),
  });
  return useQuery({
    queryKey: ["accounts"],
    queryFn: async () => (await body(http.GET("/api/v1/accounts"))).accounts,
    refetchInterval: Math.min(poll, 5_000),
  });
}

/** Orders of an account and symbol ("" is all): those that work, or the newest of all. */
export function useAccountOrders(account: string, symbol: string, working: boolean): UseQueryResult<readonly AccountOrder[]> {
  const client = useQueryClient();
  const refetchInterval = usePoll();
  const queryKey = ["account-orders", account, symbol, working] as const;
  const filter: OrderFilter = { account, symbol, working };
  useFeed({
    topics: ["execution.order_updated.v1"],
    session: NO_SESSION,
    onEvents: (events) =>
      client.setQueryData<readonly AccountOrder[]>(queryKey, (known) => known && withOrderEvents(known, events, filter)),
    onMissed: () => void client.invalidateQueries({ queryKey: ["account-orders"] }),
  });
  return useQuery({
    queryKey,
    queryFn: async () => {
      const query = { account, symbol, working, limit: working ? MOST_WORKING : HISTORY };
      return (await body(http.GET("/api/v1/orders", { params: { query } }))).orders;
    },
    refetchInterval,
  });
}

export function useAccountPositions(account: string): UseQueryResult<readonly AccountPosition[]> {
  const client = useQueryClient();
  const refetchInterval = usePoll();
  const queryKey = ["account-positions", account] as const;
  useFeed({
    topics: ["execution.position_updated.v1"],
    session: NO_SESSION,
    onEvents: (events) =>
      client.setQueryData<readonly AccountPosition[]>(queryKey, (known) => known && withPositionEvents(known, account, events)),
    onMissed: () => void client.invalidateQueries({ queryKey }),
  });
  return useQuery({
    queryKey,
    queryFn: async () =>
      (await body(http.GET("/api/v1/accounts/{account}/positions", { params: { path: { account } } }))).positions,
    enabled: account !== "",
    refetchInterval: Math.min(refetchInterval, FAST_MS),
  });
}

export function usePerformance(account: string): UseQueryResult<Performance> {
  return useQuery({
    queryKey: ["account-performance", account],
    queryFn: () =>
      body(http.GET("/api/v1/accounts/{account}/performance", { params: { path: { account }, query: { limit: 500 } } })),
    enabled: account !== "",
    refetchInterval: 10_000,
  });
}

const STORY_TOPICS = ["execution.order_updated.v1", "execution.trade_filled.v1"];

function tellsOf(id: number, event: FeedEvent): boolean {
  if (event.topic === "execution.order_updated.v1") return event.data.order.id === id;
  return event.topic === "execution.trade_filled.v1" && event.data.fill.order_id === id;
}

export function useStory(id: number): UseQueryResult<TradeStory> {
  const client = useQueryClient();
  const queryKey = ["story", id] as const;
  const again = (): void => void client.invalidateQueries({ queryKey });
  useFeed({
    topics: STORY_TOPICS,
    session: NO_SESSION,
    onEvents: (events) => events.some((event) => tellsOf(id, event)) && again(),
    onMissed: again,
  });
  return useQuery({
    queryKey,
    queryFn: () => body(http.GET("/api/v1/orders/{order_id}/story", { params: { path: { order_id: id } } })),
  });
}

/** A book, asked for a few times a second while it is shown; a symbol without one is an error. */
export function useDepth(symbol: string): UseQueryResult<Depth> {
  return useQuery({
    queryKey: ["depth", symbol],
    queryFn: async () => {
      const options = { params: { path: { symbol }, query: { levels: 10 } } };
      // A level travels as an array; the schema describes it as an object.
      return (await body(http.GET("/api/v1/depth/{symbol}", options))) as unknown as Depth;
    },
    enabled: symbol !== "",
    refetchInterval: (query) => (query.state.error ? 10_000 : 500),
    retry: false,
  });
}

export const NO_BOOK = "execution.no_book";

/** What would happen to an order now; undefined asks for nothing. */
export function useOrderCheck(wish: OrderWish | undefined): UseQueryResult<OrderCheck> {
  const client = useQueryClient();
  const again = (): void => void client.invalidateQueries({ queryKey: ["order-check"] });
  useFeed({ topics: ["execution.trade_filled.v1", "execution.gate_changed.v1"], session: NO_SESSION, onEvents: again });
  return useQuery({
    queryKey: ["order-check", wish],
    queryFn: () => body(http.POST("/api/v1/orders/check", { body: wish as Required<OrderWish> })),
    enabled: wish !== undefined,
    staleTime: 0,
    gcTime: 5_000,
    retry: false,
    refetchInterval: (query) => (query.state.error ? false : 4_000),
    // What was said of the ticket before stays, marked as old, until the controls have answered.
    placeholderData: keepPreviousData,
  });
}

/** An id for an order not sent yet: sending it twice under one id places it once. */
export function newOrderId(): string {
  return newKey();
}

/** Put an order's newest state into every list that is shown. */
function useTakeOrder(): (order: AccountOrder) => void {
  const client = useQueryClient();
  return (order) => {
    for (const [queryKey, known] of client.getQueriesData<readonly AccountOrder[]>({ queryKey: ["account-orders"] })) {
      const [, account, symbol, working] = queryKey;
      const filter = { account: String(account), symbol: String(symbol), working: working === true };
      if (known) client.setQueryData(queryKey, withOrder(known, order, filter));
    }
    void client.invalidateQueries({ queryKey: ["account-orders"] });
    void client.invalidateQueries({ queryKey: ["account-positions"] });
    void client.invalidateQueries({ queryKey: ["decisions"] });
  };
}

export function usePlaceOrder(): UseMutationResult<AccountOrder, Error, OrderWish> {
  const take = useTakeOrder();
  return useMutation({
    mutationFn: (wish) =>
      // The schema marks fields with defaults as present; the server fills those left out.
      body(http.POST("/api/v1/orders", { body: wish as Required<OrderWish>, params: fresh() })),
    onSuccess: take,
  });
}

export function useCancelOrder(): UseMutationResult<AccountOrder, Error, number> {
  const take = useTakeOrder();
  return useMutation({
    mutationFn: (id) =>
      body(http.DELETE("/api/v1/orders/{order_id}", { params: { path: { order_id: id }, ...fresh() } })),
    onSuccess: take,
  });
}

export function useAmendOrder(id: number): UseMutationResult<AccountOrder, Error, AmendWish> {
  const take = useTakeOrder();
  return useMutation({
    mutationFn: (wish) =>
      body(http.PATCH("/api/v1/orders/{order_id}", { body: wish, params: { path: { order_id: id }, ...fresh() } })),
    onSuccess: take,
  });
}

export function useCancelAll(): UseMutationResult<{ order_ids: number[] }, Error, { account: string; symbol: string }> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (query) => body(http.POST("/api/v1/orders/cancel-all", { params: { query, ...fresh() } })),
    onSuccess: () => void client.invalidateQueries({ queryKey: ["account-orders"] }),
  });
}
