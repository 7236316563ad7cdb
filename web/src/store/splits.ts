// Splits by their folds, and what people decide: to make one, to make bars, to seal some.
import { type UseMutationResult, type UseQueryResult, keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { body, http } from "../api/client";
import type { BarsWish, Dataset, SealWish, Split, SplitPlan, SplitWish, Vault } from "../api/types";
import { fresh } from "./trading";

export const FOLDS_A_PAGE = 12;

/** One page of folds of a split; a split never changes. */
export function useFolds(hash: string, firstFold: number): UseQueryResult<SplitPlan> {
  return useQuery({
    queryKey: ["folds", hash, firstFold],
    queryFn: () =>
      body(
        http.GET("/api/v1/splits/{split}", {
          params: { path: { split: hash }, query: { first_fold: firstFold, folds: FOLDS_A_PAGE } },
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });
}

/** Split the version `dataset` (`name@hash`). */
export function useMakeSplit(dataset: string): UseMutationResult<Split, Error, SplitWish> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (wish) =>
      body(http.POST("/api/v1/datasets/{dataset}/splits", { body: wish as Required<SplitWish>, params: { path: { dataset }, ...fresh() } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["splits"] }),
  });
}

/** Make bars of a version, a dataset of its own. */
export function useMakeBars(dataset: string): UseMutationResult<Dataset, Error, BarsWish> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (wish) =>
      body(http.POST("/api/v1/datasets/{dataset}/bars", { body: wish as Required<BarsWish>, params: { path: { dataset }, ...fresh() } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["datasets"] }),
  });
}

/** Seal bars of all versions of a name, for good. */
export function useSeal(dataset: string): UseMutationResult<Vault, Error, SealWish> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (wish) =>
      body(http.POST("/api/v1/datasets/{dataset}/vault/seal", { body: wish as Required<SealWish>, params: { path: { dataset }, ...fresh() } })),
    onSuccess: () => client.invalidateQueries(),
  });
}
