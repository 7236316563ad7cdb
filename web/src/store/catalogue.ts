// What is known of datasets beyond their bars. A version never changes, so what was asked of one by
// its hash is kept; what belongs to a name is asked again when the socket tells of a new version.
import { type UseQueryResult, keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { body, http } from "../api/client";
import { NO_SESSION } from "../api/resume";
import type { Coverage, Dataset, DatasetComparison, DatasetDifference, Days, Lineage, QuarantinePage, Split, Vault, Versions } from "../api/types";
import { seconds } from "../values/time";
import { useFeed } from "./feed";

const FOR_EVER = { staleTime: Number.POSITIVE_INFINITY } as const;
const OF_A_NAME = ["datasets", "dataset", "versions", "lineage", "splits", "vault"];

/** Ask again for what a stored dataset or split changed. */
export function useDatasetNews(): void {
  const client = useQueryClient();
  const again = (): void => {
    for (const part of OF_A_NAME) void client.invalidateQueries({ queryKey: [part] });
  };
  useFeed({ topics: ["data.dataset_stored.v1", "data.split_stored.v1"], session: NO_SESSION, onEvents: again, onMissed: again });
}

export function useDataset(dataset: string): UseQueryResult<Dataset> {
  return useQuery({
    queryKey: ["dataset", dataset],
    queryFn: () => body(http.GET("/api/v1/datasets/{dataset}", { params: { path: { dataset } } })),
  });
}

const PARTS = 160;

/** Where a version has data; `hash` names the version. */
export function useCoverage(hash: string): UseQueryResult<Coverage> {
  return useQuery({
    queryKey: ["coverage", hash],
    queryFn: () =>
      body(http.GET("/api/v1/datasets/{dataset}/coverage", { params: { path: { dataset: hash }, query: { parts: PARTS } } })),
    ...FOR_EVER,
  });
}

const MOST_PAGES = 8;

/** All days of a version, page by page: eight pages are more than eighty years. */
async function allDays(dataset: string): Promise<Days> {
  const ask = (query: { from_s?: number }): Promise<Days> =>
    body(http.GET("/api/v1/datasets/{dataset}/days", { params: { path: { dataset }, query } }));
  let found = await ask({});
  let next = found.next_from_ts_ns;
  for (let page = 1; next !== 0 && page < MOST_PAGES; page++) {
    const more = await ask({ from_s: seconds(next) });
    found = { ...found, days: [...found.days, ...more.days] };
    next = more.next_from_ts_ns;
  }
  return found;
}

export function useDays(hash: string): UseQueryResult<Days> {
  return useQuery({ queryKey: ["days", hash], queryFn: () => allDays(hash), ...FOR_EVER });
}

export function useVersions(dataset: string): UseQueryResult<Versions> {
  return useQuery({
    queryKey: ["versions", dataset],
    queryFn: () => body(http.GET("/api/v1/datasets/{dataset}/versions", { params: { path: { dataset } } })),
  });
}

/** What `other` changed against a version; asked for when both are chosen. */
export function useDifference(version: string, other: string): UseQueryResult<DatasetDifference> {
  return useQuery({
    queryKey: ["dataset-difference", version, other],
    queryFn: () =>
      body(http.GET("/api/v1/datasets/{dataset}/diff", { params: { path: { dataset: version }, query: { other, sample: 50 } } })),
    enabled: version !== "" && other !== "" && version !== other,
    ...FOR_EVER,
  });
}

export const REFUSED_A_PAGE = 25;

export function useQuarantine(hash: string, first: number): UseQueryResult<QuarantinePage> {
  return useQuery({
    queryKey: ["quarantine", hash, first],
    queryFn: () =>
      body(http.GET("/api/v1/datasets/{dataset}/quarantine", { params: { path: { dataset: hash }, query: { first, limit: REFUSED_A_PAGE } } })),
    placeholderData: keepPreviousData,
    ...FOR_EVER,
  });
}

export function useLineage(dataset: string): UseQueryResult<Lineage> {
  return useQuery({
    queryKey: ["lineage", dataset],
    queryFn: () => body(http.GET("/api/v1/datasets/{dataset}/lineage", { params: { path: { dataset } } })),
  });
}

export function useSplits(dataset: string): UseQueryResult<readonly Split[]> {
  return useQuery({
    queryKey: ["splits", dataset],
    queryFn: async () =>
      (await body(http.GET("/api/v1/datasets/{dataset}/splits", { params: { path: { dataset } } }))).splits,
  });
}

export function useVault(dataset: string): UseQueryResult<Vault> {
  return useQuery({
    queryKey: ["vault", dataset],
    queryFn: () => body(http.GET("/api/v1/datasets/{dataset}/vault", { params: { path: { dataset } } })),
  });
}

/** How two datasets agree; nothing is asked before both are chosen. */
export function useComparison(dataset: string, other: string, toleranceTicks: number): UseQueryResult<DatasetComparison> {
  return useQuery({
    queryKey: ["dataset-comparison", dataset, other, toleranceTicks],
    queryFn: () =>
      body(
        http.GET("/api/v1/datasets/{dataset}/compare", {
          params: { path: { dataset }, query: { other, tolerance_ticks: toleranceTicks } },
        }),
      ),
    enabled: other !== "",
  });
}
