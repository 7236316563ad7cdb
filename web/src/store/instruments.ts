// The registry of instruments, and what a symbol means on a day.
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { body, http } from "../api/client";
import type { Instrument, Resolved } from "../api/types";

export function useInstruments(): UseQueryResult<readonly Instrument[]> {
  return useQuery({
    queryKey: ["instruments"],
    queryFn: async () => (await body(http.GET("/api/v1/instruments"))).instruments,
    staleTime: 30_000,
  });
}

/** What a spelling means on a day ("" is today); nothing is asked of an empty one. */
export function useResolved(symbol: string, on: string): UseQueryResult<Resolved> {
  return useQuery({
    queryKey: ["resolved", symbol, on],
    queryFn: () => body(http.GET("/api/v1/instruments/resolve", { params: { query: { symbol, ...(on && { on }) } } })),
    enabled: symbol !== "",
    staleTime: 30_000,
  });
}
