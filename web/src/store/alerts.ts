// What the rules of quality alerted of since this page was opened: it is kept until it is read.
import { useSyncExternalStore } from "react";
import type { FeedEvent, QualityAlert } from "../api/events";
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

const TOPICS = ["data.quality_alerted.v1", "data.history_rewritten.v1"];

/** The alert that an event is; none of any other topic. */
export function alertOf(event: FeedEvent): QualityAlert | null {
  if (event.topic === "data.quality_alerted.v1") return event.data;
  if (event.topic !== "data.history_rewritten.v1") return null;
  const { dataset: name, dataset_hash: hash, provider, rows } = event.data;
  const message = `${provider} tells another past than it did: ${rows} rows differ; fks data fetch --afresh takes it over`;
  return { name, hash, severity: "warning", message, score: null };
}

/** Listen for alerts; belongs where it is always shown. One a dataset is kept, the newest. */
export function useListenForAlerts(): void {
  useFeed({
    topics: TOPICS,
    session: NO_SESSION,
    onEvents: (events) => {
      const came = events.flatMap((event) => alertOf(event) ?? []).toReversed();
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
