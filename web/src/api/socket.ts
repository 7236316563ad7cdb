// One socket for the whole page: views say what interests them, it keeps the subscription, finds
// its place again after a cut, notices a silent stall, and hands events on in batches.
import type { FeedEvent } from "./events";
import { decodeMessage } from "./events";
import { type Interest, NOWHERE, type Place, backoffMs, merge, step, subscribe } from "./resume";

export type Link = "idle" | "connecting" | "live" | "waiting";

export interface LinkState {
  link: Link;
  /** Counts attempts since the socket was last live. */
  attempt: number;
}

export interface Listener extends Interest {
  onEvents(events: readonly FeedEvent[]): void;
  /** Something may have been missed: fetch what is shown. */
  onMissed(): void;
}

/** The part of a WebSocket we use; tests bring their own. */
export interface SocketLike {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onclose: (() => void) | null;
  onmessage: ((message: { data: unknown }) => void) | null;
}

const HEARTBEAT_MS = 15_000;
const BATCH_MS = 80;
const LINGER_MS = 5_000;

export class FeedSocket {
  private socket: SocketLike | null = null;
  private place: Place = NOWHERE;
  private listeners = new Set<Listener>();
  private watchers = new Set<() => void>();
  private queue: FeedEvent[] = [];
  private flushTimer: ReturnType<typeof setTimeout> | undefined;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private beatTimer: ReturnType<typeof setInterval> | undefined;
  private lingerTimer: ReturnType<typeof setTimeout> | undefined;
  private heardAt = 0;
  private pingedAt = 0;
  private asked = "";
  state: LinkState = { link: "idle", attempt: 0 };

  constructor(
    private readonly open: () => SocketLike,
    private readonly random: () => number = Math.random,
    private readonly now: () => number = Date.now,
  ) {}

  /** Take part until the returned function is called. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    clearTimeout(this.lingerTimer);
    if (this.socket === null && this.retryTimer === undefined) this.connect();
    else this.resubscribe();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size > 0) this.resubscribe();
      // The next page usually takes over at once: keep the socket a moment.
      else this.lingerTimer = setTimeout(() => this.stop(), LINGER_MS);
    };
  }

  /** Be told of changes of `state`. */
  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  /** Try again now instead of waiting for the next attempt. */
  retryNow(): void {
    if (this.retryTimer === undefined) return;
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    this.connect();
  }

  private connect(): void {
    this.become("connecting", this.state.attempt);
    const socket = this.open();
    this.socket = socket;
    this.asked = "";
    socket.onopen = () => {
      this.heardAt = this.pingedAt = this.now();
      this.become("live", 0);
      this.resubscribe();
      this.beatTimer = setInterval(() => this.beat(), HEARTBEAT_MS);
    };
    socket.onmessage = (message) => this.take(message.data);
    socket.onclose = () => {
      if (this.socket === socket) this.lost();
    };
  }

  private lost(): void {
    this.drop();
    if (this.listeners.size === 0) return this.become("idle", 0);
    const { attempt } = this.state;
    this.become("waiting", attempt + 1);
    this.retryTimer = setTimeout(() => {
      this.retryTimer = undefined;
      this.connect();
    }, backoffMs(attempt, this.random()));
  }

  private stop(): void {
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    this.drop();
    this.place = NOWHERE; // whoever comes next fetches first
    this.become("idle", 0);
  }

  private drop(): void {
    clearInterval(this.beatTimer);
    const socket = this.socket;
    this.socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  private beat(): void {
    // Judged by the last ping, not by the clock: browsers slow the timers of hidden tabs.
    if (this.pingedAt > this.heardAt) return this.lost();
    this.pingedAt = this.now();
    this.socket?.send(JSON.stringify({ op: "ping" }));
  }

  private resubscribe(): void {
    const wanted = merge([...this.listeners]);
    if (!wanted || !this.socket || this.state.link !== "live") return;
    const key = JSON.stringify(wanted);
    if (key === this.asked) return;
    this.asked = key;
    this.socket.send(JSON.stringify(subscribe(wanted, this.place)));
  }

  private take(raw: unknown): void {
    this.heardAt = this.now();
    const message = decodeMessage(raw);
    if (message === null) return;
    const next = step(this.place, message);
    this.place = next.place;
    if (next.event) {
      this.queue.push(next.event);
      this.flushTimer ??= setTimeout(() => this.flush(), BATCH_MS);
    }
    if (next.refetch) for (const listener of [...this.listeners]) listener.onMissed();
  }

  private flush(): void {
    this.flushTimer = undefined;
    const events = this.queue;
    this.queue = [];
    for (const listener of [...this.listeners]) {
      const wanted = events.filter((event) => wants(listener, event));
      if (wanted.length > 0) listener.onEvents(wanted);
    }
  }

  private become(link: Link, attempt: number): void {
    this.state = { link, attempt };
    for (const watcher of [...this.watchers]) watcher();
  }
}

/** Whether an event is one of a listener's topics (whole, or a prefix ending in "."). */
export function wants(interest: Interest, event: FeedEvent): boolean {
  return interest.topics.some((topic) =>
    topic.endsWith(".") ? event.topic.startsWith(topic) : event.topic === topic,
  );
}
