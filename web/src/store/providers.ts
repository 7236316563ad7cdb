// Providers, how they have been, and their keys: a key is sent once and kept nowhere here.
import { type UseMutationResult, type UseQueryResult, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { body, http } from "../api/client";
import { NO_SESSION } from "../api/resume";
import type { Provider } from "../api/types";
import { useFeed } from "./feed";
import { fresh } from "./trading";

const QUERY = ["providers"];

export function useProviders(): UseQueryResult<readonly Provider[]> {
  const client = useQueryClient();
  const again = (): void => void client.invalidateQueries({ queryKey: QUERY });
  useFeed({ topics: ["data.provider_key_changed.v1"], session: NO_SESSION, onEvents: again, onMissed: again });
  return useQuery({
    queryKey: QUERY,
    queryFn: async () => (await body(http.GET("/api/v1/providers"))).providers,
    refetchInterval: 5_000,
  });
}

export interface KeyWish {
  secret: string;
  replace: boolean;
}

export function useSetKey(provider: string): UseMutationResult<Provider, Error, KeyWish> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (wish) =>
      body(http.PUT("/api/v1/providers/{provider}/key", { body: wish, params: { path: { provider }, ...fresh() } })),
    onSuccess: () => void client.invalidateQueries({ queryKey: QUERY }),
    gcTime: 0,
  });
}

export function useRemoveKey(provider: string): UseMutationResult<Provider, Error, void> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => body(http.DELETE("/api/v1/providers/{provider}/key", { params: { path: { provider }, ...fresh() } })),
    onSuccess: () => void client.invalidateQueries({ queryKey: QUERY }),
  });
}
