// What the server hears of exchanges as it happens: which streams are kept, how each symbol is,
// one book and its trades.
import { type ReactNode, useState } from "react";
import type { KeptStream } from "../../api/types";
import { useEndStream, useKeepStream, useStreams } from "../../store/streams";
import { count, words } from "../../values/format";
import { ago } from "../../values/time";
import { Button, Card, Tag, type Tone } from "../parts/basic";
import { Failure, Loaded, Notice } from "../parts/notice";
import css from "./data.module.css";
import { LiveCard } from "./live_book";
import { StreamForm } from "./stream_form";

const TONES: Readonly<Record<string, Tone>> = {
  running: "live", live: "good", waiting: "warn", connecting: "plain", stale: "warn", resyncing: "warn", failed: "bad", ended: "plain", paused: "warn",
};

export function StreamsPart(): ReactNode {
  const query = useStreams();
  const [adding, setAdding] = useState(false);
  const [watched, setWatched] = useState<{ stream: string; symbol: string } | null>(null);
  return (
    <div className={css["stack"]}>
      <Card title="Live streams" label="Live streams" aside={<Button small aria-expanded={adding} onClick={() => setAdding(!adding)}>Keep a stream…</Button>}>
        {adding && <StreamForm onDone={() => setAdding(false)} />}
        <Loaded query={query} doing="list the streams" context="data" height={200}>
          {(streams) =>
            streams.length === 0 ? (
              <Notice title="No stream is kept">
                <p>
                  A stream brings trades, quotes and books of an exchange onto the bus, checked by the exchange&apos;s own
                  sequence or checksum. To record one into files: <code>fks data stream --record</code>.
                </p>
              </Notice>
            ) : (
              <ul className={css["streams"]}>
                {streams.map((stream) => (
                  <StreamRow key={stream.spec.name} stream={stream} watched={watched} onWatch={setWatched} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Card>
      {watched && <LiveCard key={`${watched.stream} ${watched.symbol}`} stream={watched.stream} symbol={watched.symbol} />}
    </div>
  );
}

interface RowProps {
  stream: KeptStream;
  watched: { stream: string; symbol: string } | null;
  onWatch: (watched: { stream: string; symbol: string } | null) => void;
}

function StreamRow({ stream, watched, onWatch }: RowProps): ReactNode {
  const [keep, end] = [useKeepStream(), useEndStream()];
  const [leaving, setLeaving] = useState(false);
  const { spec } = stream;
  const { name, ...wish } = spec;
  const counters = Object.entries(stream.counters ?? {}).filter(([, many]) => many > 0);
  return (
    <li className={css["stream"]} data-testid={`stream-${name}`}>
      <header>
        <strong>{name}</strong>
        <Tag tone={TONES[stream.state] ?? "plain"}>{stream.state}</Tag>
        <small>{spec.exchange} · {spec.channels.join(", ")}</small>
        <span className={css["buttons"]}>
          <Button small disabled={keep.isPending} aria-label={`${spec.paused ? "Go on with" : "Pause"} ${name}`} onClick={() => keep.mutate({ name, wish: { ...wish, paused: !spec.paused } })}>{spec.paused ? "Go on" : "Pause"}</Button>
          {leaving ? (
            <Button small look="danger" disabled={end.isPending} onClick={() => end.mutate(name)}>End {name}</Button>
          ) : (
            <Button small aria-label={`End ${name}…`} onClick={() => setLeaving(true)}>End…</Button>
          )}
        </span>
      </header>
      <ul className={css["symbols"]} aria-label={`Symbols of ${name}`}>
        {(stream.symbols.length > 0 ? stream.symbols : spec.symbols.map((symbol) => ({ symbol, state: stream.state, heard_at_ns: 0 }))).map((one) => {
          const chosen = watched?.stream === name && watched.symbol === one.symbol;
          return (
            <li key={one.symbol}>
              <Button small aria-pressed={chosen} onClick={() => onWatch(chosen ? null : { stream: name, symbol: one.symbol })}>{one.symbol}</Button>
              <Tag tone={TONES[one.state] ?? "plain"}>{one.state}</Tag>
              <small>{one.heard_at_ns > 0 && ago(one.heard_at_ns, Date.now())}</small>
            </li>
          );
        })}
      </ul>
      {counters.length > 0 && <p className={css["quiet"]}>{counters.map(([what, many]) => `${count(many)} ${words(what)}`).join(" · ")}{stream.restarts > 0 && ` · begun anew ${count(stream.restarts)} times`}</p>}
      {stream.error && <p className={css["fault"]}>{stream.error}</p>}
      {[keep, end].map((one, at) => one.isError && <Failure key={at} error={one.error} doing="change the stream" context="data" />)}
    </li>
  );
}
