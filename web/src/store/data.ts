// Datasets and their bars.
import {
  type InfiniteData,
  type UseInfiniteQueryResult,
  type UseQueryResult,
  keepPreviousData,
  useInfiniteQuery,
  useQuery,
} from "@tanstack/react-query";
import { body, http } from "../api/client";
import type { Bars, Dataset, Quality } from "../api/types";
import { seconds } from "../values/time";

export function useDatasets(): UseQueryResult<readonly Dataset[]> {
  return useQuery({
    queryKey: ["datasets"],
    queryFn: async () => (await body(http.GET("/api/v1/datasets"))).datasets,
    staleTime: 5_000,
    refetchInterval: 30_000,
  });
}

export function useQuality(dataset: string): UseQueryResult<Quality> {
  return useQuery({
    queryKey: ["quality", dataset],
    queryFn: () => body(http.GET("/api/v1/datasets/{dataset}/quality", { params: { path: { dataset } } })),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: dataset !== "",
  });
}

export const PAGE_BARS = 2_000;

export interface BarQuery {
  dataset: string;
  /** Bars opening before this UTC second; null is the end of the dataset. */
  beforeS: number | null;
}

/** Bars page by page, the latest page first; `fetchNextPage` brings the one before. */
export function useBars({ dataset, beforeS }: BarQuery): UseInfiniteQueryResult<InfiniteData<Bars>> {
  return useInfiniteQuery({
    queryKey: ["bars", dataset, beforeS],
    initialPageParam: beforeS,
    queryFn: ({ pageParam }) =>
      body(
        http.GET("/api/v1/datasets/{dataset}/bars", {
          params: {
            path: { dataset },
            query: { limit: PAGE_BARS, tail: true, ...(pageParam === null ? {} : { to_s: pageParam }) },
          },
        }),
      ),
    getNextPageParam: (page) => {
      const [first] = page.ts_ns;
      return first === undefined || page.ts_ns.length < PAGE_BARS ? undefined : seconds(first);
    },
    placeholderData: (previous, query) =>
      query?.queryKey[1] === dataset ? keepPreviousData(previous) : undefined,
    enabled: dataset !== "",
    staleTime: Number.POSITIVE_INFINITY,
  });
}
