// Assets that the server keeps fresh by itself.
import { type UseMutationResult, type UseQueryResult, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { body, http } from "../api/client";
import { NO_SESSION } from "../api/resume";
import type { TrackWish, TrackedState } from "../api/types";
import { useFeed } from "./feed";
import { fresh, usePoll } from "./trading";

const QUERY = ["tracked"];

export function useTracked(): UseQueryResult<readonly TrackedState[]> {
  const again = useAgain();
  const poll = usePoll();
  useFeed({
    topics: ["data.asset_progressed.v1", "data.asset_refreshed.v1", "data.asset_failed.v1"],
    session: NO_SESSION,
    onEvents: again,
    onMissed: again,
  });
  return useQuery({
    queryKey: QUERY,
    queryFn: async () => (await body(http.GET("/api/v1/tracked"))).assets,
    // One that is being fetched is looked at more often.
    refetchInterval: (query) => (query.state.data?.some(({ state }) => state === "running") ? 1_000 : poll),
  });
}

function useAgain(): () => void {
  const client = useQueryClient();
  return () => void client.invalidateQueries({ queryKey: QUERY });
}

export function useTrack(): UseMutationResult<TrackedState, Error, TrackWish> {
  const again = useAgain();
  return useMutation({
    mutationFn: (wish) => body(http.POST("/api/v1/tracked", { body: wish as Required<TrackWish>, params: fresh() })),
    onSuccess: again,
  });
}

export function useRefreshAsset(): UseMutationResult<TrackedState, Error, string> {
  const again = useAgain();
  return useMutation({
    mutationFn: (name) => body(http.POST("/api/v1/tracked/{name}/refresh", { params: { path: { name }, ...fresh() } })),
    onSuccess: again,
  });
}

export function useUntrack(): UseMutationResult<unknown, Error, string> {
  const again = useAgain();
  return useMutation({
    mutationFn: (name) => body(http.DELETE("/api/v1/tracked/{name}", { params: { path: { name }, ...fresh() } })),
    onSuccess: again,
  });
}
