// What the rules of quality alerted of since this page was opened: it is kept until it is read.
import { useSyncExternalStore } from "react";
import type { QualityAlert } from "../api/events";
import { NO_SESSION } from "../api/resume";
import { useFeed } from "./feed";

const MOST = 20;
let alerts: readonly QualityAlert[] = [];
const watchers = new Set<() => void>();

function change(next: readonly QualityAlert[]): void {
  alerts = next;
  for (const watcher of [...watchers]) watcher();
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Listen for alerts; belongs where it is always shown. One a dataset is kept, the newest. */
export function useListenForAlerts(): void {
  useFeed({
    topics: ["data.quality_alerted.v1"],
    session: NO_SESSION,
    onEvents: (events) => {
      const came = events.flatMap((event) => (event.topic === "data.quality_alerted.v1" ? event.data : [])).toReversed();
      const names = new Set(came.map(({ name }) => name));
      change([...came, ...alerts.filter(({ name }) => !names.has(name))].slice(0, MOST));
    },
  });
}

export function useQualityAlerts(): readonly QualityAlert[] {
  return useSyncExternalStore(watch, () => alerts);
}

export function dismiss(name: string): void {
  change(alerts.filter((alert) => alert.name !== name));
}
