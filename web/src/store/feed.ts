// The page's one socket, and how components take part in it.
import { useEffect, useRef, useSyncExternalStore } from "react";
import type { FeedEvent } from "../api/events";
import { FeedSocket, type LinkState, type SocketLike } from "../api/socket";

function openSocket(): SocketLike {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  // A WebSocket has the parts of SocketLike; its handlers only take wider arguments.
  return new WebSocket(`${scheme}://${location.host}/ws`) as SocketLike;
}

export const feed = new FeedSocket(openSocket);

export interface FeedUse {
  topics: readonly string[];
  session?: string | null;
  enabled?: boolean;
  onEvents: (events: readonly FeedEvent[]) => void;
  onMissed?: () => void;
}

/** Take part in the feed while the component is shown. */
export function useFeed({ topics, session = null, enabled = true, onEvents, onMissed }: FeedUse): void {
  const latest = useRef({ onEvents, onMissed });
  useEffect(() => {
    latest.current = { onEvents, onMissed };
  });
  const key = topics.join(" ");
  useEffect(() => {
    if (!enabled) return undefined;
    return feed.listen({
      topics: key.split(" "),
      session,
      onEvents: (events) => latest.current.onEvents(events),
      onMissed: () => latest.current.onMissed?.(),
    });
  }, [key, session, enabled]);
}

/** The state of the connection. */
export function useLink(): LinkState {
  return useSyncExternalStore(
    (watcher) => feed.watch(watcher),
    () => feed.state,
  );
}
