// Choose what the chart shows.
import type { ReactNode } from "react";
import type { Dataset, Session } from "../../api/types";
import { moment } from "../../values/time";
import css from "./chart.module.css";
import { type Source, show } from "./source";

interface Props {
  source: Source | null;
  sessions: readonly Session[];
  datasets: readonly Dataset[];
}

function title(session: Session): string {
  return `${session.strategy} on ${session.dataset} · ${session.status} · ${moment(session.created_at_ns)}`;
}

export function SourcePicker({ source, sessions, datasets }: Props): ReactNode {
  const value = source ? `${source.kind} ${source.id}` : "";
  const known =
    source !== null &&
    (source.kind === "dataset"
      ? datasets.some(({ name }) => name === source.id)
      : source.kind === "session" && sessions.some(({ id }) => id === source.id));
  const choose = (text: string): void => {
    const [kind, ...id] = text.split(" ");
    if (kind === "session" || kind === "dataset" || kind === "run") show({ kind, id: id.join(" ") });
  };
  return (
    <label>
      <span>Show</span>
      <select className={css["source"]} value={value} onChange={(event) => choose(event.target.value)}>
        {!known && <option value={value}>{source ? `${source.kind} ${source.id}` : "…"}</option>}
        {sessions.length > 0 && (
          <optgroup label="Paper sessions">
            {sessions.map((session) => (
              <option key={session.id} value={`session ${session.id}`}>{title(session)}</option>
            ))}
          </optgroup>
        )}
        <optgroup label="Datasets">
          {datasets.map(({ name, synthetic }) => (
            <option key={name} value={`dataset ${name}`}>{synthetic ? `${name} (synthetic)` : name}</option>
          ))}
        </optgroup>
      </select>
    </label>
  );
}
