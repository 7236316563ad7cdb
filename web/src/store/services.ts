// The state of every context, as master tells it.
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { body, http } from "../api/client";
import type { Services } from "../api/types";

const EVERY_MS = 5_000;

export function useServices(): UseQueryResult<Services> {
  return useQuery({
    queryKey: ["services"],
    queryFn: () => body(http.GET("/api/services")),
    refetchInterval: EVERY_MS,
  });
}
