// The registry of instruments: what each is, and what a spelling means on a day.
import { type ReactNode, useState } from "react";
import type { Instrument, Resolved } from "../../api/types";
import { useInstruments, useResolved } from "../../store/instruments";
import { count, words } from "../../values/format";
import { Card, Tag } from "../parts/basic";
import { TextField } from "../parts/field";
import { Failure, Loaded, Notice } from "../parts/notice";
import { type Column, Table } from "../parts/table";
import css from "./data.module.css";

const COLUMNS: readonly Column<Instrument>[] = [
  {
    key: "id",
    title: "Symbol",
    sort: ({ instrument }) => instrument.id,
    cell: ({ instrument }) => (
      <div className={css["name"]}>
        {instrument.id}
        <small>{instrument.description}</small>
      </div>
    ),
  },
  { key: "kind", title: "Kind", sort: ({ kind }) => kind, cell: ({ kind }) => kind },
  { key: "venue", title: "Venue", sort: ({ instrument }) => instrument.venue, cell: ({ instrument }) => instrument.venue },
  { key: "tick", title: "Tick", right: true, cell: ({ instrument }) => instrument.tick_size },
  { key: "value", title: "Tick's worth", right: true, cell: ({ tick_value, instrument }) => `${tick_value} ${instrument.currency}` },
  { key: "multiplier", title: "Multiplier", right: true, cell: ({ instrument }) => instrument.multiplier },
  { key: "calendar", title: "Calendar", cell: ({ instrument }) => instrument.calendar },
  { key: "months", title: "Months", cell: ({ months }) => months },
  { key: "roll", title: "Rolls", cell: ({ roll }) => words(roll) },
  { key: "costs", title: "Commission, margin", cell: (one) => <Costs of={one} /> },
  { key: "spellings", title: "Also written", cell: ({ aliases }) => <span className={css["why"]} title={spellings(aliases)} data-plain="true">{spellings(aliases)}</span> },
  { key: "origin", title: "From", sort: ({ origin }) => origin, cell: ({ origin }) => <Tag tone={origin === "built in" ? "plain" : "live"}>{origin}</Tag> },
];

function spellings(aliases: Instrument["aliases"]): string {
  return Object.values(aliases ?? {}).flat().join(", ");
}

function Costs({ of: { commission, margin } }: { of: Instrument }): ReactNode {
  const [fee, bound] = [commission.at(-1), margin.at(-1)];
  if (!fee && !bound) return <span className={css["quiet"]}>nobody told</span>;
  return `${fee?.per_side ?? "–"} a side, ${bound?.initial ?? "–"}`;
}

export function InstrumentsPart(): ReactNode {
  const query = useInstruments();
  const [text, setText] = useState("");
  return (
    <div className={css["stack"]}>
      <ResolveCard />
      <Loaded query={query} doing="list the instruments" context="data" height={420}>
        {(all) => {
          const said = (one: Instrument): string => `${one.instrument.id} ${one.instrument.description} ${one.instrument.venue} ${one.kind} ${spellings(one.aliases)}`.toLowerCase();
          const shown = all.filter((one) => said(one).includes(text.toLowerCase()));
          return (
            <Card title="Instruments" label="Instruments" aside={<>{count(shown.length)} of {count(all.length)}; yours are in <code>instruments.toml</code> of the home folder</>}>
              <div className={css["filters"]}>
                <TextField label="Find" value={text} onChange={setText} placeholder="symbol, name, venue" />
              </div>
              <Table label="Instruments" columns={COLUMNS} rows={shown} rowKey={({ instrument }) => instrument.id} order="id" />
            </Card>
          );
        }}
      </Loaded>
    </div>
  );
}

function ResolveCard(): ReactNode {
  const [symbol, setSymbol] = useState("");
  const [on, setOn] = useState("");
  const query = useResolved(symbol.trim(), on);
  return (
    <Card title="What does a symbol mean?" label="Resolve a symbol">
      <div className={css["form"]}>
        <TextField label="Symbol" value={symbol} onChange={setSymbol} placeholder="ES 03-25" hint="in any platform's spelling" />
        <TextField label="On" type="date" value={on} onChange={setOn} hint="or today" />
      </div>
      {symbol.trim() !== "" && query.isError && <Failure error={query.error} doing="tell what it means" context="data" />}
      {symbol.trim() === "" ? (
        <Notice title="Spellings of NinjaTrader, Yahoo, TradingView and exchanges are known">Such as ESH5, ES 03-25, ES=F or CME:ES1!.</Notice>
      ) : (
        query.data && <Meaning found={query.data} />
      )}
    </Card>
  );
}

function Meaning({ found }: { found: Resolved }): ReactNode {
  const facts: readonly (readonly [string, string])[] = [
    ["Means", `${found.instrument.description || found.instrument.id}: ${found.meaning === "front" ? "whichever contract is in front" : `a ${found.meaning}`}`],
    ["Contract", found.code || "–"],
    ["Delivery", found.delivery || "–"],
    ["Last trading day", found.expires || "–"],
    ["Next in front from", found.rolls || "–"],
    ["In front now", found.front || "–"],
    ["Commission a side", found.commission?.per_side ?? "–"],
    ["Initial margin", found.margin?.initial ?? "–"],
    ["Written", Object.entries(found.spellings ?? {}).map(([where, text]) => `${where}: ${text}`).join(", ")],
  ];
  return (
    <>
      <dl className={css["facts"]} data-testid="meaning">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {found.unknown && <p className={css["foot"]}>{found.unknown}</p>}
    </>
  );
}
