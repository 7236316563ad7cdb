// What the server keeps fresh by itself, and how fresh it is.
import { type ReactNode, useState } from "react";
import type { TrackedState } from "../../api/types";
import { datasetHref } from "../../store/location";
import { useRefreshAsset, useTrack, useTracked, useUntrack } from "../../store/tracked";
import { count, duration } from "../../values/format";
import { ago, isDaily, moment } from "../../values/time";
import { Button, Card, Progress, Tag, type Tone } from "../parts/basic";
import { Link } from "../parts/link";
import { Failure, Loaded, Notice } from "../parts/notice";
import { type Column, Table } from "../parts/table";
import css from "./data.module.css";
import { TrackForm } from "./track_form";

const TONES: Readonly<Record<string, Tone>> = { fresh: "good", running: "live", behind: "warn", failed: "bad", waiting: "plain", paused: "warn" };

/** What it is in, and while it is fetched how far that is. */
function State({ of: { asset, state, fetching } }: { of: TrackedState }): ReactNode {
  const tag = <Tag tone={TONES[state] ?? "plain"}>{state}</Tag>;
  if (!fetching || state !== "running") return tag;
  const span = Math.max(1, fetching.until_ts_ns - fetching.from_ts_ns);
  return (
    <div className={css["fetching"]}>
      {tag}
      <Progress value={(fetching.reached_ts_ns - fetching.from_ts_ns) / span} label={`Fetch of ${asset.name}`} />
      <small>
        {count(fetching.rows)} rows until {moment(fetching.reached_ts_ns)}
      </small>
    </div>
  );
}

export function TrackedPart(): ReactNode {
  const query = useTracked();
  const [adding, setAdding] = useState(false);
  return (
    <Card title="Tracked assets" label="Tracked assets" aside={<Button small aria-expanded={adding} onClick={() => setAdding(!adding)}>Track an asset…</Button>}>
      {adding && <TrackForm onDone={() => setAdding(false)} />}
      <Loaded query={query} doing="list the tracked assets" context="data" height={240}>
        {(assets) =>
          assets.length === 0 ? (
            <Notice title="Nothing is tracked yet">
              <p>
                What is tracked is fetched from its beginning, in pieces that survive a restart, and then kept fresh. Or
                at a terminal: <code>fks data track add</code>.
              </p>
            </Notice>
          ) : (
            <Assets assets={assets} />
          )
        }
      </Loaded>
    </Card>
  );
}

/** The server counts no further than this. */
const MOST_COUNTED = 1_000_000;

function behind(rows: number): string {
  if (rows < 0) return "–";
  return rows >= MOST_COUNTED ? `over ${count(MOST_COUNTED)}` : count(rows);
}

function Assets({ assets }: { assets: readonly TrackedState[] }): ReactNode {
  const [refresh, track, untrack] = [useRefreshAsset(), useTrack(), useUntrack()];
  const [leaving, setLeaving] = useState("");
  const busy = refresh.isPending || track.isPending || untrack.isPending;
  const columns: readonly Column<TrackedState>[] = [
    {
      key: "name",
      title: "Dataset",
      sort: ({ asset }) => asset.name,
      cell: ({ asset, rows }) => (
        <div className={css["name"]}>
          {rows > 0 ? <Link href={datasetHref(asset.name)}>{asset.name}</Link> : asset.name}
          <small>
            {asset.symbol} · {asset.kind === "bars" ? asset.timeframe : asset.kind} · {asset.providers.join(", then ")}
          </small>
        </div>
      ),
    },
    { key: "state", title: "State", sort: ({ state }) => state, cell: (one) => <State of={one} /> },
    { key: "rows", title: "Rows", right: true, sort: ({ rows }) => rows, cell: ({ rows }) => count(rows) },
    { key: "last", title: "Until, UTC", sort: (one) => one.last_ts_ns, cell: (one) => (one.last_ts_ns ? moment(one.last_ts_ns, isDaily(one.asset.timeframe)) : "–") },
    { key: "behind", title: "Behind", right: true, sort: (one) => one.behind_rows, cell: (one) => behind(one.behind_rows) },
    { key: "every", title: "Every", right: true, cell: ({ asset }) => duration(asset.every_s) },
    { key: "tried", title: "Tried", cell: (one) => (one.tried_at_ns ? ago(one.tried_at_ns, Date.now()) : "not yet") },
    { key: "error", title: "What went wrong", cell: (one) => <span className={css["why"]} title={one.error}>{one.error}</span> },
    {
      key: "action",
      title: "Actions",
      right: true,
      stick: true,
      cell: ({ asset, state }) =>
        leaving === asset.name ? (
          <span className={css["buttons"]}>
            <Button small onClick={() => setLeaving("")}>Keep it</Button>
            <Button small look="danger" disabled={busy} onClick={() => untrack.mutate(asset.name, { onSettled: () => setLeaving("") })}>Stop tracking {asset.name}</Button>
          </span>
        ) : (
          <span className={css["buttons"]}>
            <Button small disabled={busy || state === "running"} aria-label={`Fetch ${asset.name} now`} onClick={() => refresh.mutate(asset.name)}>Fetch now</Button>
            <Button small disabled={busy} aria-label={`${asset.paused ? "Go on with" : "Pause"} ${asset.name}`} onClick={() => track.mutate({ ...asset, paused: !asset.paused })}>{asset.paused ? "Go on" : "Pause"}</Button>
            <Button small disabled={busy} aria-label={`Stop tracking ${asset.name}…`} onClick={() => setLeaving(asset.name)}>Stop…</Button>
          </span>
        ),
    },
  ];
  const failed = [refresh, track, untrack].find(({ isError }) => isError);
  return (
    <>
      {failed && <Failure error={failed.error} doing="change what is tracked" context="data" />}
      <Table label="Tracked assets" columns={columns} rows={assets} rowKey={({ asset }) => asset.name} order="name" />
      <p className={css["foot"]}>The dataset stays when it is not tracked any more.</p>
    </>
  );
}
