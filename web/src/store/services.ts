// The state of every context, as master tells it.
import { type UseQueryResult, useQuery, useQueryClient } from "@tanstack/react-query";
import { body, http } from "../api/client";
import type { Services } from "../api/types";
import { useFeed } from "./feed";

const EVERY_MS = 5_000;
const TOPICS = ["master.service_status_changed.v1"];

export function useServices(): UseQueryResult<Services> {
  const client = useQueryClient();
  const refresh = (): void => void client.invalidateQueries({ queryKey: ["services"] });
  useFeed({ topics: TOPICS, onEvents: refresh, onMissed: refresh });
  return useQuery({
    queryKey: ["services"],
    queryFn: () => body(http.GET("/api/services")),
    refetchInterval: EVERY_MS,
  });
}
