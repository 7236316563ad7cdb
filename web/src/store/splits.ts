// Splits by their folds, and what people decide: to make one, to seal bars.
import { type UseMutationResult, type UseQueryResult, keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { body, http } from "../api/client";
import type { SealWish, Split, SplitPlan, SplitWish, Vault } from "../api/types";
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

/** Seal bars of all versions of a name, for good. */
export function useSeal(dataset: string): UseMutationResult<Vault, Error, SealWish> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (wish) =>
      body(http.POST("/api/v1/datasets/{dataset}/vault/seal", { body: wish as Required<SealWish>, params: { path: { dataset }, ...fresh() } })),
    onSuccess: () => client.invalidateQueries(),
  });
}
