// Live streams of exchanges: what is kept, how it is, a book as it is now, trades as they come.
import { type UseMutationResult, type UseQueryResult, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { body, http } from "../api/client";
import { NO_SESSION } from "../api/resume";
import type { KeptStream, LiveBook, StreamWish } from "../api/types";
import { type Tape, withTrades } from "../values/tape";
import { useFeed } from "./feed";
import { fresh } from "./trading";

const QUERY = ["streams"];
const LIST_MS = 2_000;
const BOOK_MS = 700;

export function useStreams(): UseQueryResult<readonly KeptStream[]> {
  const client = useQueryClient();
  const again = (): void => void client.invalidateQueries({ queryKey: QUERY });
  useFeed({
    topics: ["data.stream_state_changed.v1", "data.stream_failed.v1"],
    session: NO_SESSION,
    onEvents: again,
    onMissed: again,
  });
  return useQuery({
    queryKey: QUERY,
    queryFn: async () => (await body(http.GET("/api/v1/streams"))).streams,
    refetchInterval: LIST_MS,
  });
}

const LEVELS = 12;

export function useLiveBook(stream: string, symbol: string): UseQueryResult<LiveBook> {
  return useQuery({
    queryKey: ["live-book", stream, symbol],
    queryFn: () =>
      body(http.GET("/api/v1/streams/{stream}/book", { params: { path: { stream }, query: { symbol, levels: LEVELS } } })),
    refetchInterval: BOOK_MS,
    retry: false,
  });
}

/** Trades of a symbol, the newest first: the newest of each tenth of a second is told. */
export function useTape(stream: string, symbol: string): Tape {
  const [tape, setTape] = useState<Tape>([]);
  useFeed({
    topics: ["data.trade_reported.v1"],
    session: NO_SESSION,
    onEvents: (events) => {
      const trades = events.flatMap((event) => (event.topic === "data.trade_reported.v1" ? event.data : []));
      setTape((last) => withTrades(last, trades.filter((one) => one.stream === stream && one.symbol === symbol)));
    },
  });
  return tape;
}

export interface StreamChange {
  name: string;
  wish: StreamWish;
}

export function useKeepStream(): UseMutationResult<KeptStream, Error, StreamChange> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ name: stream, wish }) =>
      body(http.PUT("/api/v1/streams/{stream}", { body: wish as Required<StreamWish>, params: { path: { stream }, ...fresh() } })),
    onSuccess: () => void client.invalidateQueries({ queryKey: QUERY }),
  });
}

export function useEndStream(): UseMutationResult<unknown, Error, string> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (stream) => body(http.DELETE("/api/v1/streams/{stream}", { params: { path: { stream }, ...fresh() } })),
    onSuccess: () => void client.invalidateQueries({ queryKey: QUERY }),
  });
}
