// Overrides of soft limits: asked for by one person, approved by another, used once.
import { type UseMutationResult, type UseQueryResult, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { body, http } from "../api/client";
import type { OrderWish, Override } from "../api/types";
import { fresh } from "./trading";

export function useOverrides(account: string): UseQueryResult<readonly Override[]> {
  return useQuery({
    queryKey: ["overrides", account],
    queryFn: async () => (await body(http.GET("/api/v1/risk/overrides", { params: { query: { account } } }))).overrides,
    refetchInterval: 2_000,
  });
}

export interface Asked {
  order: OrderWish;
  reason: string;
  person: string;
}

export function useAskOverride(): UseMutationResult<Override, Error, Asked> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ order, reason, person }) =>
      body(http.POST("/api/v1/risk/overrides", { body: { order: order as Required<OrderWish>, reason, person }, params: fresh() })),
    onSuccess: () => void client.invalidateQueries({ queryKey: ["overrides"] }),
  });
}

export function useApproveOverride(): UseMutationResult<Override, Error, { number: number; person: string }> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ number, person }) =>
      body(http.POST("/api/v1/risk/overrides/{number}/approve", { body: { person }, params: { path: { number }, ...fresh() } })),
    onSuccess: () => void client.invalidateQueries({ queryKey: ["overrides"] }),
  });
}
