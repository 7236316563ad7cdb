// Opening accounts, the check list before live trading, and arming.
import { type UseMutationResult, type UseQueryResult, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { body, http } from "../api/client";
import type { Account, AccountWish, Readiness } from "../api/types";
import { fresh } from "./trading";

export function useOpenAccount(): UseMutationResult<Account, Error, AccountWish> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (wish) => {
      const asked = http.POST("/api/v1/accounts", { body: wish as Required<AccountWish>, params: fresh() });
      return (await body(asked)) as Account;
    },
    onSuccess: () => void client.invalidateQueries({ queryKey: ["accounts"] }),
  });
}

export function useReadiness(account: string): UseQueryResult<Readiness> {
  return useQuery({
    queryKey: ["readiness", account],
    queryFn: () => body(http.GET("/api/v1/accounts/{account}/readiness", { params: { path: { account } } })),
    enabled: account !== "",
    refetchInterval: 5_000,
  });
}

export function useArm(account: string): UseMutationResult<Readiness, Error, { hours: number; person: string }> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (wish) =>
      body(http.POST("/api/v1/accounts/{account}/arm", { body: wish, params: { path: { account }, ...fresh() } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["readiness", account] });
      void client.invalidateQueries({ queryKey: ["accounts"] });
    },
  });
}
