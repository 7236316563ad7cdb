// Where we are in the feed, and what to do when it moves: the pure part of the socket.
//
// The server numbers its events. After a cut we ask to resume behind the last number we saw; it
// replays what it still has, or says `lagged`, and then everything shown must be fetched anew.
// A restarted server has another epoch, and its numbers mean nothing to us.
import type { FeedEvent, ServerMessage } from "./events";

export interface Place {
  epoch: string | null;
  lastSeq: number | null;
}

export const NOWHERE: Place = { epoch: null, lastSeq: null };

export interface Interest {
  topics: readonly string[];
  /** Null for all sessions; `NO_SESSION` where the topics belong to none. */
  session: string | null;
}

/** Events of trading accounts belong to no session: whoever wants them widens nobody's filter. */
export const NO_SESSION = "";

export interface Subscribe {
  op: "subscribe";
  topics: string[];
  session: string | null;
  resume_after: number | null;
  epoch: string | null;
}

/** Merge what several views want into one subscription; null when nobody wants anything. */
export function merge(interests: readonly Interest[]): Interest | null {
  if (interests.length === 0) return null;
  const topics = [...new Set(interests.flatMap((interest) => interest.topics))].sort();
  const sessions = new Set(interests.map(({ session }) => session).filter((session) => session !== NO_SESSION));
  const [only] = sessions;
  return { topics, session: sessions.size === 1 ? (only ?? null) : null };
}

/** The message that takes up an interest at our place. */
export function subscribe(interest: Interest, place: Place): Subscribe {
  return {
    op: "subscribe",
    topics: [...interest.topics],
    session: interest.session,
    resume_after: place.lastSeq,
    epoch: place.epoch,
  };
}

export interface Step {
  place: Place;
  event: FeedEvent | null;
  /** Something was missed: fetch over REST what is shown. */
  refetch: boolean;
}

/** Take a message at a place. Events that this subscription has brought already are dropped. */
export function step(place: Place, message: ServerMessage): Step {
  switch (message.op) {
    case "subscribed": {
      // The first subscription starts at "now": what happened between our REST requests and it
      // was seen by neither.
      const first = place.lastSeq === null;
      const restarted = place.epoch !== null && place.epoch !== message.epoch;
      // Back to where the server begins, even if events of the subscription before arrived in the
      // meantime: those of the new topics that lie before them were not among them. What comes
      // twice by this is harmless, what is dropped is lost.
      const lastSeq = message.next - 1;
      return { place: { epoch: message.epoch, lastSeq }, event: null, refetch: first || restarted };
    }
    case "event": {
      if (place.lastSeq !== null && message.seq <= place.lastSeq) {
        return { place, event: null, refetch: false };
      }
      return { place: { ...place, lastSeq: message.seq }, event: message, refetch: false };
    }
    case "latest":
      // Topic and data belong together as the server sent them; what has no number moves no place.
      return { place, event: { seq: 0, at_ns: 0, topic: message.topic, data: message.data } as FeedEvent, refetch: false };
    case "lagged":
      return { place, event: null, refetch: true };
    default:
      return { place, event: null, refetch: false };
  }
}

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;

/** How long to wait before attempt `attempt` (from 0): doubled each time, jittered by half. */
export function backoffMs(attempt: number, random: number): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
  return Math.round(full / 2 + (full / 2) * random);
}
