// The socket as a whole, with a fake one: batches, cuts, stalls, several listeners.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FeedEvent } from "../src/api/events";
import { FeedSocket, type SocketLike } from "../src/api/socket";

class Fake implements SocketLike {
  sent: Record<string, unknown>[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((message: { data: unknown }) => void) | null = null;
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(): void {
    this.closed = true;
  }
  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const marked = (seq: number): object => ({ op: "event", seq, topic: "execution.account_marked.v1", at_ns: 0, data: { session_id: "s", index: seq } });

describe("the socket", () => {
  let fakes: Fake[];
  let socket: FeedSocket;
  let heard: number[][];
  let missed: number;
  const fake = (): Fake => fakes.at(-1) as Fake;
  const listen = (topics: readonly string[] = ["execution."]): (() => void) =>
    socket.listen({
      topics,
      session: "s",
      onEvents: (events: readonly FeedEvent[]) => heard.push(events.map(({ seq }) => seq)),
      onMissed: () => (missed += 1),
    });

  beforeEach(() => {
    vi.useFakeTimers();
    fakes = [];
    heard = [];
    missed = 0;
    socket = new FeedSocket(() => {
      const made = new Fake();
      fakes.push(made);
      return made;
    }, () => 1);
  });
  afterEach(() => vi.useRealTimers());

  it("hands on what has no number, and keeps its place", () => {
    listen(["data.trade_reported.v1"]);
    fake().onopen?.();
    fake().say({ op: "subscribed", next: 9, epoch: "a" });
    fake().say({ op: "latest", topic: "data.trade_reported.v1", data: { id: "1" } });
    vi.advanceTimersByTime(100);
    expect(heard).toEqual([[0]]);
    fake().onclose?.();
    vi.advanceTimersByTime(60_000);
    fake().onopen?.();
    expect(fake().sent.at(-1)).toMatchObject({ op: "subscribe", resume_after: 8 });
  });

  it("hands events on in batches, so that a fast replay does not render at every bar", () => {
    listen();
    fake().onopen?.();
    fake().say({ op: "subscribed", next: 1, epoch: "a" });
    for (const seq of [1, 2, 3]) fake().say(marked(seq));
    expect(heard).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(heard).toEqual([[1, 2, 3]]);
    expect(missed).toBe(1);
  });

  it("comes back after a cut and resumes where it was", () => {
    listen();
    fake().onopen?.();
    fake().say({ op: "subscribed", next: 1, epoch: "a" });
    fake().say(marked(4));
    fake().onclose?.();
    expect(socket.state.link).toBe("waiting");
    vi.advanceTimersByTime(600);
    expect(fakes).toHaveLength(2);
    fake().onopen?.();
    expect(fake().sent[0]).toMatchObject({ op: "subscribe", resume_after: 4, epoch: "a" });
    expect(socket.state.link).toBe("live");
  });

  it("notices a stall: a ping without an answer until the next one is a lost connection", () => {
    listen();
    fake().onopen?.();
    const first = fake();
    vi.advanceTimersByTime(15_000);
    expect(first.sent.at(-1)).toEqual({ op: "ping" });
    vi.advanceTimersByTime(1);
    first.say({ op: "pong" });
    vi.advanceTimersByTime(15_000);
    expect(first.closed).toBe(false);
    vi.advanceTimersByTime(15_000);
    expect(first.closed).toBe(true);
    expect(socket.state.link).toBe("waiting");
  });

  it("subscribes anew when another view joins, and gives each only its topics", () => {
    listen();
    fake().onopen?.();
    fake().say({ op: "subscribed", next: 1, epoch: "a" });
    const other: string[] = [];
    socket.listen({ topics: ["engine.run_finished.v1"], session: null, onEvents: (events) => other.push(...events.map(({ topic }) => topic)), onMissed: () => undefined });
    expect(fake().sent.at(-1)).toMatchObject({ topics: ["engine.run_finished.v1", "execution."], session: null, resume_after: 0 });
    fake().say(marked(1));
    vi.advanceTimersByTime(100);
    expect(heard).toEqual([[1]]);
    expect(other).toEqual([]);
  });

  it("closes a while after the last view has gone, not between two pages", () => {
    const leave = listen();
    fake().onopen?.();
    leave();
    vi.advanceTimersByTime(1_000);
    expect(fake().closed).toBe(false);
    listen()();
    vi.advanceTimersByTime(6_000);
    expect(fake().closed).toBe(true);
    expect(socket.state.link).toBe("idle");
  });
});
