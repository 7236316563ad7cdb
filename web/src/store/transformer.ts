// Indicator kinds and their values.
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { body, http } from "../api/client";
import type { IndicatorInfo, IndicatorWindow } from "../api/types";

export function useIndicatorKinds(): UseQueryResult<readonly IndicatorInfo[]> {
  return useQuery({
    queryKey: ["indicator-kinds"],
    queryFn: async () => (await body(http.GET("/api/v1/indicators"))).indicators,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export interface IndicatorQuery {
  dataset: string;
  specs: readonly string[];
  /** Values at bars opening before this UTC second; null is the end of the dataset. */
  beforeS: number | null;
  limit: number;
}

export function fetchIndicators(query: IndicatorQuery): Promise<IndicatorWindow> {
  const { dataset, specs, beforeS, limit } = query;
  return body(
    http.GET("/api/v1/datasets/{dataset}/indicators", {
      params: {
        path: { dataset },
        query: { spec: [...specs], limit, ...(beforeS === null ? {} : { to_s: beforeS }) },
      },
    }),
  );
}

/** Indicator values; while newer ones are fetched the old ones stay. */
export function useIndicators(query: IndicatorQuery): UseQueryResult<IndicatorWindow> {
  return useQuery({
    queryKey: ["indicators", query.dataset, query.specs, query.beforeS, query.limit],
    queryFn: () => fetchIndicators(query),
    enabled: query.dataset !== "" && query.specs.length > 0 && query.limit > 0,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 10_000,
    placeholderData: (previous, old) => (old?.queryKey[1] === query.dataset ? previous : undefined),
  });
}
