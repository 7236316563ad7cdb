// Changing the limits of an account: what a change would do, the change, and its versions.
import { type UseMutationResult, useMutation, useQueryClient } from "@tanstack/react-query";
import { body, http } from "../api/client";
import type { Account, LimitPreview } from "../api/types";
import { fresh } from "./trading";

export type Draft = Readonly<Record<string, string>>;

/** Ask what a change would do; nothing is changed. */
export function usePreviewLimits(account: string): UseMutationResult<LimitPreview, Error, Draft> {
  return useMutation({
    mutationFn: (limits) =>
      body(http.POST("/api/v1/accounts/{account}/limits/check", { body: { limits }, params: { path: { account } } })),
  });
}

export interface LimitChange {
  limits: Draft;
  reason: string;
  person: string;
  /** The version that was looked at: the server refuses the change where another one is in force. */
  expected_version: number;
}

export function useSetLimits(account: string): UseMutationResult<Account, Error, LimitChange> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (wish) => {
      const asked = http.PUT("/api/v1/accounts/{account}/limits", { body: wish, params: { path: { account }, ...fresh() } });
      return (await body(asked)) as Account;
    },
    onSuccess: () => {
      for (const part of ["risk", "accounts", "order-check", "history"]) void client.invalidateQueries({ queryKey: [part] });
    },
  });
}
