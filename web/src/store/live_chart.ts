// What the chart of a session needs beside its record: bars as they close, and signals.
//
// Bars up to where the session stood when we looked come over REST; those behind it arrive over
// the socket and are numbered. A hole in the numbers moves the place up to which REST is asked.
import { useCallback, useEffect, useRef, useState } from "react";
import type { FeedEvent, SignalRaised } from "../api/events";
import type { IndicatorWindow, Session } from "../api/types";
import { seconds } from "../values/time";
import { isFinal, useSessionFeed } from "./execution";
import { type LiveBars, appendBars, signalsOf } from "./session_events";
import { fetchIndicators } from "./transformer";

export interface LiveChart extends LiveBars {
  /** Ask REST for bars opening before this UTC second. */
  beforeS: number;
  signals: readonly SignalRaised[];
}

const MOST_SIGNALS = 5_000;
const RECENT_SIGNALS = 500;
const MOST_BARS = 4_000;

/** Where a session stands: the second behind its last bar, or its start before the first. */
function placeOf(session: Session): number {
  if (session.last_index < 0) return Math.max(1, seconds(session.from_ts_ns));
  return seconds(session.last_ts_ns) + 1;
}

function begin(session: Session, signals: readonly SignalRaised[] = []): LiveChart {
  return { beforeS: placeOf(session), bars: [], lastIndex: session.last_index, gapBefore: null, signals };
}

function advance(chart: LiveChart, id: string, events: readonly FeedEvent[]): LiveChart {
  const bars = appendBars(chart, id, events);
  const heard = new Set(chart.signals.slice(-RECENT_SIGNALS).map(({ signal }) => signal.id));
  const signals = signalsOf(id, events).filter(({ signal }) => !heard.has(signal.id));
  const next = {
    ...chart,
    ...bars,
    signals: signals.length > 0 ? [...chart.signals, ...signals].slice(-MOST_SIGNALS) : chart.signals,
  };
  const gap = next.gapBefore;
  // Everything before the bar behind the hole comes over REST from now on.
  if (gap) return { ...next, beforeS: seconds(gap.ts_ns), gapBefore: null };
  const last = next.bars.at(-1);
  if (!last || next.bars.length < MOST_BARS) return next;
  // A long session: what is older than the last move of the place has been fetched by now.
  const kept = next.bars.filter((bar) => seconds(bar.ts_ns) >= chart.beforeS);
  return { ...next, beforeS: seconds(last.ts_ns) + 1, bars: kept.length < MOST_BARS ? kept : kept.slice(-MOST_BARS / 2) };
}

/** The live part of a session's chart; undefined for no session. */
export function useLiveChart(session: Session | undefined): LiveChart | undefined {
  const id = session?.id ?? "";
  const [chart, setChart] = useState<{ id: string; chart: LiveChart } | undefined>();
  const current = chart?.id === id ? chart.chart : undefined;
  const latest = useRef(session);
  useEffect(() => {
    latest.current = session;
    if (session && chart?.id !== session.id) setChart({ id: session.id, chart: begin(session) });
  }, [session, chart?.id]);
  const onEvents = useCallback(
    (events: readonly FeedEvent[]) =>
      setChart((known) => (known?.id === id ? { id, chart: advance(known.chart, id, events) } : known)),
    [id],
  );
  const onMissed = useCallback(
    () =>
      setChart((known) => {
        const now = latest.current;
        return known && now?.id === id ? { id, chart: begin(now, known.chart.signals) } : known;
      }),
    [id],
  );
  useSessionFeed(id, session !== undefined && !isFinal(session), onEvents, onMissed);
  return current;
}

const EVERY_MS = 350;

interface Tail {
  subject: string;
  windows: readonly IndicatorWindow[];
  /** How many live bars they reach over. */
  reach: number;
}

/** Indicator values at live bars, asked for a few times a second at most and only for the new bars. */
export function useIndicatorTail(
  dataset: string,
  specs: readonly string[],
  beforeS: number | null,
  live: LiveBars["bars"],
): readonly IndicatorWindow[] {
  const subject = `${dataset} ${beforeS} ${specs.join(" ")}`;
  const [tail, setTail] = useState<Tail>({ subject, windows: [], reach: 0 });
  const known = tail.subject === subject ? tail : { subject, windows: [], reach: 0 };
  const asking = useRef(false);
  const [round, setRound] = useState(0);
  const last = live.at(-1);
  useEffect(() => {
    const missing = live.length - known.reach;
    if (asking.current || !last || missing <= 0 || specs.length === 0) return;
    asking.current = true;
    const reach = live.length;
    fetchIndicators({ dataset, specs, beforeS: seconds(last.ts_ns) + 1, limit: Math.min(10_000, missing) })
      .then(
        (window) =>
          setTail((old) => ({
            subject,
            windows: [...(old.subject === subject ? old.windows : []), window],
            reach,
          })),
        () => undefined, // the next round asks again; the chart's own query shows the failure
      )
      .finally(() =>
        setTimeout(() => {
          asking.current = false;
          setRound((before) => before + 1);
        }, EVERY_MS),
      );
  }, [subject, dataset, specs, live, last, known.reach, round]);
  return known.windows;
}
