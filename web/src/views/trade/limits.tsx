// Every limit of an account: its value, what is used of it and what is left; and the way to change it.
import { type ReactNode, useState } from "react";
import type { Account, LimitUse } from "../../api/types";
import type { Draft } from "../../store/limits";
import { inUnit, titleOf } from "../../values/figures";
import { percent, words } from "../../values/format";
import { Button, Card, Tag, type Tone } from "../parts/basic";
import { Notice } from "../parts/notice";
import { LimitEditor } from "./limit_editor";
import css from "./risk.module.css";

const TONES: Readonly<Record<string, Tone>> = { free: "good", near: "warn", reached: "bad" };

export function LimitsCard({ account, limits }: { account: Account; limits: readonly LimitUse[] }): ReactNode {
  const [whole, setWhole] = useState(false);
  const [draft, setDraft] = useState<Draft | null>(null);
  const lines = limits.toSorted((a, b) => b.share - a.share);
  const bound = lines.filter(({ state }) => state !== "waived");
  const shown = whole ? lines : bound;
  const change = ({ name, value }: LimitUse): void => setDraft({ [name]: value, ...draft });
  return (
    <Card
      title="Limits"
      label="Limits in use"
      aside={
        <span className={css["asides"]}>
          <Button small aria-pressed={whole} onClick={() => setWhole(!whole)}>{whole ? "Hide waived" : `Show ${lines.length - bound.length} waived`}</Button>
          <Button small aria-expanded={draft !== null} onClick={() => setDraft(draft === null ? {} : null)}>Change limits…</Button>
        </span>
      }
    >
      {draft !== null && <LimitEditor account={account} limits={limits} draft={draft} onDraft={setDraft} onDone={() => setDraft(null)} />}
      {shown.length === 0 ? (
        <Notice title="No limit is kept">Every limit of this account was waived.</Notice>
      ) : (
        <ul className={css["limits"]} data-testid="limits">
          {shown.map((use) => (
            <li key={`${use.code} ${use.name} ${use.scope}`}><LimitRow use={use} onChange={isGiven(use) ? () => change(use) : undefined} /></li>
          ))}
        </ul>
      )}
    </Card>
  );
}

/** Rules of a firm and sizes of parent orders are no limits that are set here. */
function isGiven({ code, meaning }: LimitUse): boolean {
  return code !== "PROP_RULE" && meaning !== "";
}

function LimitRow({ use, onChange }: { use: LimitUse; onChange: (() => void) | undefined }): ReactNode {
  const counted = use.used !== null && use.limit !== null;
  const share = Math.min(1, Math.max(0, use.share));
  const title = titleOf(use.name);
  return (
    <div className={css["limit"]} data-level={use.state} data-limit={use.name} data-code={use.code} data-state={use.state}>
      <div className={css["limitName"]} title={use.meaning}>
        {title} <small>{use.scope} · {words(use.code.toLowerCase())}{use.soft && " · soft"}</small>
      </div>
      <div className={css["limitText"]}>
        {counted ? <>{inUnit(use.used, use.unit)} <small>of {inUnit(use.limit, use.unit)}</small></> : <span className={css["value"]}>{use.limit === null ? use.value : inUnit(use.limit, use.unit)}</span>}
      </div>
      {counted ? (
        <div
          className={css["track"]}
          role="meter"
          aria-label={`${title}, ${use.scope}`}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(share * 100)}
          aria-valuetext={`${percent(use.share, 1)} used`}
        >
          <span style={{ width: `${share * 100}%` }} />
        </div>
      ) : (
        <span />
      )}
      <div className={css["room"]}>
        <Tag tone={TONES[use.state] ?? "plain"}>{use.state}</Tag>
        {counted && <small>{inUnit(use.headroom, use.unit)} left</small>}
      </div>
      {onChange ? <Button small aria-label={`Change ${title}, ${use.scope}`} onClick={onChange}>Change</Button> : <span />}
    </div>
  );
}
