// What a run found: all figures, what it was made from, what it left out, its tear sheet.
import { type ReactNode, useState } from "react";
import type { Run } from "../../api/types";
import { count, duration, money, quantity, words } from "../../values/format";
import { GROUPS, figures, keysOf, figureOf, metric } from "../../values/metrics";
import { Button, Card } from "../parts/basic";
import css from "./backtests.module.css";

function Row({ name, value, mono = false }: { name: string; value: ReactNode; mono?: boolean }): ReactNode {
  return (
    <>
      <dt>{name}</dt>
      <dd className={mono ? css["mono"] : undefined}>{value}</dd>
    </>
  );
}

export function Figures({ run }: { run: Run }): ReactNode {
  const values = figures(run);
  const grouped = new Set(GROUPS.flatMap((group) => group.figures.map(({ key }) => key)));
  const others = keysOf([values]).filter((key) => !grouped.has(key));
  const groups = [
    ...GROUPS.map(({ title, figures: all }) => ({ title, keys: all.map(({ key }) => key).filter((key) => key in values) })),
    { title: "Further", keys: others },
  ].filter(({ keys }) => keys.length > 0);
  return (
    <Card title="Figures" aside="– where a figure is not defined">
      <div className={css["groups"]}>
        {groups.map(({ title, keys }) => (
          <div key={title}>
            <h3>{title}</h3>
            <dl className={css["rows"]}>
              {keys.map((key) => (
                <Row key={key} name={figureOf(key).label} value={metric(key, values[key])} />
              ))}
            </dl>
          </div>
        ))}
      </div>
    </Card>
  );
}

export function Facts({ run }: { run: Run }): ReactNode {
  const { request } = run;
  const costs = Object.entries(request.costs ?? {}).filter(([, value]) => value !== 0);
  return (
    <Card title="Made from" aside="Equal manifests mean equal results">
      <dl className={`${css["rows"]} ${css["pad"]}`}>
        <Row name="Manifest" value={run.manifest_hash} mono />
        <Row name="Dataset" value={`${run.dataset || request.dataset}`} />
        <Row name="Dataset hash" value={run.dataset_hash} mono />
        <Row name="Code" value={run.code_version} mono />
        <Row name="Quantity, cash" value={`${quantity(request.quantity)} · ${money(request.cash)}`} />
        <Row name="Costs" value={costs.length > 0 ? costs.map(([name, value]) => `${words(name)} ${value}`).join(", ") : "none"} />
        <Row name="Bars, signals" value={`${count(run.bars)} · ${count(run.signals)}`} />
        <Row name="Orders, rejected, fills" value={`${count(run.orders)} · ${count(run.rejected)} · ${count(run.fills)}`} />
        <Row name="Strategy ran by" value={words(run.tier || request.tier)} />
        <Row name="Took" value={duration(run.duration_s)} />
        <Row name="Run" value={run.id} mono />
      </dl>
    </Card>
  );
}

export function NotModelled({ run }: { run: Run }): ReactNode {
  return (
    <Card title="Not modelled" aside="Live results will differ by these">
      <ul className={css["left"]}>
        {run.not_modelled.map((item) => (
          <li key={item}>{item}</li>
        ))}
      </ul>
    </Card>
  );
}

/** The tear sheet in a frame that may run nothing and reach nothing. */
export function TearSheet({ run }: { run: Run }): ReactNode {
  const [open, setOpen] = useState(false);
  const href = `/api/v1/backtests/${encodeURIComponent(run.id)}/report`;
  return (
    <Card title="Tear sheet" aside={<a href={href} target="_blank" rel="noreferrer">Open in its own tab</a>}>
      {open ? (
        <iframe className={css["sheet"]} src={href} sandbox="" title={`Tear sheet of ${run.request.strategy}`} />
      ) : (
        <div className={css["sheetClosed"]}>
          <Button onClick={() => setOpen(true)}>Show the tear sheet here</Button>
        </div>
      )}
    </Card>
  );
}
