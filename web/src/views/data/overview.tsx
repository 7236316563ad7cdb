// What a dataset is, where it has data, and a way to take it along.
import { type ReactNode, useState } from "react";
import type { Dataset } from "../../api/types";
import { type DownloadState, downloadHref, useDownload } from "../../store/download";
import { datasetHref } from "../../store/location";
import { axisOf, ticksOf } from "../../values/coverage";
import { count, short } from "../../values/format";
import { date, dateToNs, isDaily, moment } from "../../values/time";
import { Button, Card, Progress } from "../parts/basic";
import { SelectField, TextField } from "../parts/field";
import { Link } from "../parts/link";
import { Failure } from "../parts/notice";
import { BarsCard } from "./bars_form";
import { Legend, Score } from "./catalogue";
import { CoverageBar } from "./coverage_bar";
import css from "./data.module.css";

interface Props {
  /** As it stands in the address: a name, or a version of one. */
  asked: string;
  set: Dataset;
}

export function OverviewPart({ asked, set }: Props): ReactNode {
  const axis = axisOf([set]);
  return (
    <>
      <Facts asked={asked} set={set} />
      <Card title="Coverage" label="Coverage" aside={<Legend />}>
        <div className={css["pad"]}>
          <CoverageBar set={set} axis={axis} />
          <div className={css["ticks"]} aria-hidden="true">
            {ticksOf(axis).map(({ at, label }) => (
              <span key={label} style={{ left: `${at * 100}%` }}>{label}</span>
            ))}
          </div>
        </div>
      </Card>
      <DownloadCard key={set.hash} asked={asked} set={set} />
      <BarsCard key={`bars ${set.hash}`} asked={asked} set={set} />
    </>
  );
}

function Facts({ asked, set }: Props): ReactNode {
  const daily = isDaily(set.timeframe);
  const { instrument } = set;
  const facts: readonly (readonly [string, ReactNode])[] = [
    ["Instrument", `${instrument.id}${instrument.description ? `, ${instrument.description}` : ""}`],
    ["Holds", set.kind === "bars" ? `bars of ${set.timeframe}` : set.kind],
    ["Rows", count(set.rows)],
    ["From", set.rows ? moment(set.first_ts_ns, daily) : "–"],
    ["Until", set.rows ? moment(set.last_ts_ns, daily) : "–"],
    ["Quality", <Link key="score" href={datasetHref(asked, "quality")}><Score score={set.score} /></Link>],
    ["Quarantined", count(set.quarantined)],
    ["Tick, lot", `${instrument.tick_size}, ${instrument.lot_size}`],
    ["Calendar", instrument.calendar],
    ["Source", set.source || set.provider],
    ["Stored", set.created_at_ns ? `${moment(set.created_at_ns)} UTC` : "with FKS"],
    ["Version", <code key="hash" title={set.hash}>{set.hash.slice(0, 16)}</code>],
  ];
  return (
    <Card
      title="What it is"
      label="Facts"
      aside={set.kind === "bars" && <Link href={`/chart?dataset=${encodeURIComponent(asked)}`}>Show on the chart</Link>}
    >
      <dl className={css["facts"]}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

const FORMATS = [
  { value: "csv", label: "CSV" },
  { value: "jsonl", label: "JSON, a row a line" },
  { value: "parquet", label: "Parquet" },
  { value: "arrow", label: "Arrow stream" },
];
/** Above this the browser saves while it receives, and shows the progress itself. */
const MOST_ROWS_HELD = 3_000_000;

function DownloadCard({ asked, set }: Props): ReactNode {
  const [format, setFormat] = useState("csv");
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const { state, start, stop } = useDownload();
  const [fromNs, toNs] = [dateToNs(from), dateToNs(to)];
  const bad = (from !== "" && fromNs === null) || (to !== "" && toNs === null) || (fromNs !== null && toNs !== null && fromNs >= toNs);
  const wish = { dataset: asked, format, fromS: fromNs === null ? null : fromNs / 1e9, toS: toNs === null ? null : toNs / 1e9 };
  const whole = from === "" && to === "";
  const running = state.stage === "running";
  return (
    <Card title="Download" label="Download" aside="FKS reads each of these files back as the same dataset">
      <form
        className={css["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (!bad && !running && set.rows <= MOST_ROWS_HELD) start(wish);
        }}
      >
        <SelectField label="Format" value={format} options={FORMATS} onChange={setFormat} disabled={running} />
        <TextField label="From" type="date" value={from} onChange={setFrom} disabled={running} hint={`or all from ${date(set.first_ts_ns)}`} />
        <TextField label="Before" type="date" value={to} onChange={setTo} disabled={running} hint={`or all until ${date(set.last_ts_ns)}`} error={bad ? "after the first date" : undefined} />
        <div className={css["foot"]}>
          {running && <Button onClick={stop}>Stop</Button>}
          {set.rows > MOST_ROWS_HELD ? (
            <a className={css["save"]} href={downloadHref(wish)} download aria-disabled={bad}>Save {short(set.rows)} rows</a>
          ) : (
            <Button type="submit" look="primary" disabled={bad || running}>Download</Button>
          )}
        </div>
      </form>
      <DownloadProgress state={state} rows={whole ? set.rows : null} />
      {state.stage === "failed" && <Failure error={state.error} doing="download the dataset" context="data" />}
    </Card>
  );
}

const SAID = { running: "under way", done: "done", failed: "broke off", stopped: "stopped; nothing was saved", idle: "" } as const;

function DownloadProgress({ state, rows }: { state: DownloadState; rows: number | null }): ReactNode {
  if (state.stage === "idle") return null;
  const known = state.stage === "done" ? 1 : state.rows !== null && rows ? state.rows / rows : null;
  const told = state.rows === null ? "" : `${count(state.rows)} rows, `;
  return (
    <div className={css["pad"]} role="status" data-testid="download">
      {known !== null && <Progress value={known} label="Download" />}
      <p className={css["quiet"]}>
        {told}{count(Math.ceil(state.bytes / 1024))} KiB, {SAID[state.stage]}
      </p>
    </div>
  );
}
