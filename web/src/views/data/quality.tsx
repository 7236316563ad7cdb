// How far a dataset can be trusted: the score and what it lost points for, what was found, and
// every day.
import type { ReactNode } from "react";
import type { DayQuality, Dataset, Quality } from "../../api/types";
import { useDays } from "../../store/catalogue";
import { useQuality } from "../../store/data";
import { count, number, short, words } from "../../values/format";
import { Card, Tag, type Tone } from "../parts/basic";
import { Loaded, Notice } from "../parts/notice";
import { type Column, Table } from "../parts/table";
import { Score } from "./catalogue";
import css from "./data.module.css";
import { DaysChart } from "./days_chart";
import { QuarantineCard } from "./quarantine";

interface Props {
  asked: string;
  set: Dataset;
}

export function QualityPart({ asked, set }: Props): ReactNode {
  const report = useQuality(asked);
  return (
    <>
      <Loaded query={report} doing="read the quality report" context="data" height={260}>
        {(found) => (
          <>
            <ScoreCard report={found} />
            <FindingsCard report={found} />
            {found.rows_quarantined > 0 && <QuarantineCard hash={set.hash} />}
          </>
        )}
      </Loaded>
      {set.kind === "bars" ? (
        <DaysCard hash={set.hash} />
      ) : (
        <Card title="Days"><Notice title={`No calendar tells how many ${set.kind} a day has`}>Its report above is that of the import.</Notice></Card>
      )}
    </>
  );
}

function ScoreCard({ report }: { report: Quality }): ReactNode {
  const parts = report.parts.filter(({ points_lost }) => points_lost > 0);
  return (
    <Card title={<>Score <Score score={report.score} /></>} label="Score" aside={`compared with the calendar ${report.calendar || "of nobody"}`}>
      <div className={css["pad"]}>
        <div className={css["score"]} role="img" aria-label={`${number(report.score, 2)} of 100 points; ${parts.map((part) => `${words(part.name)} cost ${number(part.points_lost, 2)}`).join(", ") || "nothing was lost"}`}>
          <span style={{ flexGrow: Math.max(report.score, 0) }} data-kept="true" />
          {parts.map((part, at) => (
            <span key={part.name} style={{ flexGrow: Math.max(part.points_lost, 0.15) }} data-part={at % 6} />
          ))}
        </div>
        {parts.length === 0 ? (
          <p className={css["quiet"]}>{report.score < 100 ? "What cost the points was not yet recorded when this was stored; the findings below did." : "No points were lost."}</p>
        ) : (
          <ul className={css["lost"]} data-testid="score-parts">
            {parts.map((part, at) => (
              <li key={part.name}>
                <span data-part={at % 6} aria-hidden="true" />
                <strong>−{number(part.points_lost, 2)}</strong>
                <span>{words(part.name)}</span>
                <span className={css["quiet"]}>{part.reason}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
      <dl className={css["facts"]}>
        {COUNTS.map(([name, of]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{count(report[of])}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

const COUNTS = [
  ["Rows read", "rows_read"],
  ["Kept", "rows_kept"],
  ["Quarantined", "rows_quarantined"],
  ["Missing bars", "missing_bars"],
  ["Gaps", "gaps"],
  ["Duplicates", "duplicates"],
  ["Out of order", "out_of_order"],
  ["OHLC faults", "ohlc_faults"],
  ["Outliers", "outliers"],
  ["Without volume", "zero_volume"],
] as const satisfies readonly (readonly [string, keyof Quality])[];

const TONES: Readonly<Record<string, Tone>> = { error: "bad", warning: "warn", info: "plain" };
type Finding = Quality["findings"][number];

const FINDINGS: readonly Column<Finding>[] = [
  { key: "severity", title: "Severity", sort: ({ severity }) => ["error", "warning", "info"].indexOf(severity), cell: ({ severity }) => <Tag tone={TONES[severity] ?? "plain"}>{severity}</Tag> },
  { key: "rule", title: "Rule", sort: ({ rule }) => rule, cell: ({ rule }) => rule },
  { key: "count", title: "How often", right: true, sort: ({ count: often }) => often, cell: ({ count: often }) => count(often) },
  { key: "message", title: "What was found", cell: ({ message, examples }) => <Found message={message} examples={examples} /> },
];

function Found({ message, examples }: { message: string; examples: readonly string[] }): ReactNode {
  return (
    <div className={css["found"]}>
      {message}
      {examples.length > 0 && <small>{examples.join(" · ")}</small>}
    </div>
  );
}

function FindingsCard({ report }: { report: Quality }): ReactNode {
  return (
    <Card title="Findings" label="Findings" aside={report.compared_with && `compared with ${report.compared_with}`}>
      {report.findings.length === 0 ? (
        <Notice title="Nothing was found">No rule doubts a row, and no row was refused.</Notice>
      ) : (
        <Table label="Findings" columns={FINDINGS} rows={report.findings} rowKey={({ rule, code }) => `${code} ${rule}`} order="severity" />
      )}
    </Card>
  );
}

const DAYS: readonly Column<DayQuality>[] = [
  { key: "day", title: "Day", sort: ({ day }) => day, cell: ({ day }) => day },
  { key: "missing", title: "Missing", right: true, sort: ({ missing }) => missing, cell: ({ missing }) => count(missing) },
  { key: "present", title: "There", right: true, sort: ({ present }) => present, cell: ({ present }) => count(present) },
  { key: "expected", title: "Expected", right: true, sort: ({ expected }) => expected, cell: ({ expected }) => count(expected) },
  { key: "faults", title: "Doubted", right: true, sort: ({ faults }) => faults, cell: ({ faults }) => count(faults) },
  { key: "volume", title: "Volume", right: true, sort: ({ volume }) => volume, cell: ({ volume }) => short(volume) },
  { key: "findings", title: "Rules", cell: ({ findings }) => Object.entries(findings ?? {}).map(([code, often]) => `${words(code)} ${often}`).join(", ") },
];

function DaysCard({ hash }: { hash: string }): ReactNode {
  const query = useDays(hash);
  return (
    <Loaded query={query} doing="read the days" context="data" height={300}>
      {(found) => {
        const doubtful = found.days.filter(({ missing, faults }) => missing > 0 || faults > 0);
        const cut = found.total > found.days.length ? `, the first ${count(found.days.length)} of ${count(found.total)}` : "";
        return (
          <>
            <Card title="Days" label="Days" aside={found.note || `${count(found.days.length)} days of ${found.by_sessions ? "sessions" : "UTC"}${cut}`}>
              <DaysChart days={found.days} />
            </Card>
            <Card title="Days with something to look at" label="Doubtful days" aside={count(doubtful.length)}>
              {doubtful.length === 0 ? (
                <Notice title="Every day is whole">No bar is missing, none is doubted.</Notice>
              ) : (
                <Table label="Doubtful days" columns={DAYS} rows={doubtful} rowKey={({ day }) => day} order="-missing" page={15} />
              )}
            </Card>
          </>
        );
      }}
    </Loaded>
  );
}
