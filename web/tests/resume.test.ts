// Where we are in the feed: nothing missed without knowing it, nothing shown twice.
import { describe, expect, it } from "vitest";
import type { ServerMessage } from "../src/api/events";
import { decodeMessage } from "../src/api/events";
import { NOWHERE, type Place, backoffMs, merge, step, subscribe } from "../src/api/resume";

const event = (seq: number): ServerMessage => ({
  op: "event",
  seq,
  topic: "engine.run_progressed.v1",
  at_ns: 0,
  data: { run_id: "r", progress: 0.5, bars: 1 },
});

function walk(place: Place, messages: readonly ServerMessage[]): { place: Place; seen: number[]; refetches: number } {
  const seen: number[] = [];
  let refetches = 0;
  for (const message of messages) {
    const next = step(place, message);
    place = next.place;
    if (next.event) seen.push(next.event.seq);
    if (next.refetch) refetches += 1;
  }
  return { place, seen, refetches };
}

describe("the place in the feed", () => {
  it("fetches once at the first subscription: REST and socket have a gap between them", () => {
    const { place, refetches } = walk(NOWHERE, [{ op: "subscribed", next: 8, epoch: "a" }]);
    expect(place).toEqual({ epoch: "a", lastSeq: 7 });
    expect(refetches).toBe(1);
  });

  it("asks to resume behind the last event, and fetches nothing when it may", () => {
    const before = walk(NOWHERE, [{ op: "subscribed", next: 8, epoch: "a" }, event(8), event(11)]);
    expect(subscribe({ topics: ["x."], session: "s" }, before.place)).toEqual({
      op: "subscribe",
      topics: ["x."],
      session: "s",
      resume_after: 11,
      epoch: "a",
    });
    const after = walk(before.place, [{ op: "subscribed", next: 12, epoch: "a" }, event(12)]);
    expect(after.refetches).toBe(0);
    expect(after.seen).toEqual([12]);
  });

  it("drops events that a resumption repeats", () => {
    const { seen } = walk({ epoch: "a", lastSeq: 10 }, [event(9), event(10), event(11), event(11)]);
    expect(seen).toEqual([11]);
  });

  it("takes events of a new topic that lie before ones already seen of the old topics", () => {
    // We ask at 10 for more topics; 11 and 14 of the old ones are still under way.
    const { seen } = walk({ epoch: "a", lastSeq: 10 }, [
      event(11),
      event(14),
      { op: "subscribed", next: 11, epoch: "a" },
      event(12),
      event(13),
    ]);
    expect(seen).toEqual([11, 14, 12, 13]);
  });

  it("fetches anew after a restart of the server, whose numbers begin again", () => {
    const { place, refetches, seen } = walk({ epoch: "a", lastSeq: 500 }, [
      { op: "subscribed", next: 3, epoch: "b" },
      event(3),
    ]);
    expect(refetches).toBe(1);
    expect(place.epoch).toBe("b");
    expect(seen).toEqual([3]);
  });

  it("fetches anew when the ring has overtaken it, and goes on with what follows", () => {
    const { refetches, seen } = walk({ epoch: "a", lastSeq: 5 }, [
      { op: "lagged", dropped: 100, oldest: 106 },
      event(106),
    ]);
    expect(refetches).toBe(1);
    expect(seen).toEqual([106]);
  });
});

describe("interests of several views", () => {
  it("merge into one subscription, of one session only if all agree", () => {
    expect(merge([])).toBeNull();
    expect(merge([{ topics: ["b", "a"], session: "s" }, { topics: ["a"], session: "s" }])).toEqual({ topics: ["a", "b"], session: "s" });
    expect(merge([{ topics: ["a"], session: "s" }, { topics: ["b"], session: null }])?.session).toBeNull();
  });
});

describe("reconnecting", () => {
  it("waits longer each time, jittered, thirty seconds at most", () => {
    expect(backoffMs(0, 0)).toBe(250);
    expect(backoffMs(0, 1)).toBe(500);
    expect(backoffMs(3, 1)).toBe(4000);
    expect(backoffMs(50, 1)).toBe(30_000);
    expect(backoffMs(50, 0)).toBe(15_000);
  });
});

describe("messages", () => {
  it("are read, and noise is not taken for one", () => {
    expect(decodeMessage('{"op":"pong"}')).toEqual({ op: "pong" });
    for (const noise of ["", "nonsense", "null", "[]", '{"op":"other"}', 5, null]) {
      expect(decodeMessage(noise)).toBeNull();
    }
  });
});
