// What would happen to the order on the ticket: its cost, and the word of every control.
import { type ReactNode, useMemo } from "react";
import { asProblem } from "../../api/problem";
import type { OrderCheck } from "../../api/types";
import { useOrderCheck } from "../../store/trading";
import { decimal, signed } from "../../values/decimal";
import { words } from "../../values/format";
import { inUnit, named, placed } from "../../values/limit_units";
import { type OrderForm, orderWish } from "../../values/order_form";
import { Tag } from "../parts/basic";
import { Failure } from "../parts/notice";
import { Figure } from "./account_head";
import { useDebounced } from "./debounced";
import css from "./ticket.module.css";
import trade from "./trade.module.css";

const REST_MS = 300;

/** `wish` is undefined while the ticket has errors. */
export function WhatIf({ wish, currency }: { wish: OrderForm | undefined; currency: string }): ReactNode {
  const settled = useDebounced(wish, REST_MS);
  const asked = useMemo(() => (settled ? orderWish(settled) : undefined), [settled]);
  const check = useOrderCheck(asked);
  if (!wish) return <p className={css["idle"]}>What would happen is shown here once the ticket is complete.</p>;
  return (
    <section className={css["whatIf"]} aria-label="What would happen" data-testid="what-if" aria-busy={check.isPlaceholderData || settled !== wish}>
      {check.isError ? (
        asProblem(check.error).status === 422 || asProblem(check.error).status === 404 ? (
          <p className={css["cannot"]} role="status"><Tag tone="bad">no order</Tag> {asProblem(check.error).detail}</p>
        ) : (
          <Failure error={check.error} doing="check the order" context="execution" retry={() => void check.refetch()} />
        )
      ) : check.data ? (
        <Said check={check.data} currency={currency} />
      ) : (
        <p className={css["idle"]}>Asking the controls…</p>
      )}
    </section>
  );
}

function Said({ check, currency }: { check: OrderCheck; currency: string }): ReactNode {
  const lines = placed(check.controls, ([code]) => code);
  const failed = lines.filter(({ line }) => !line[1]);
  return (
    <>
      <p className={css["verdict"]} role="status" data-testid="verdict">
        <Tag tone={check.accepted ? "good" : "bad"}>{check.accepted ? "would pass" : "would be refused"}</Tag>
        {!check.accepted && <span>{check.reason}</span>}
      </p>
      <div className={trade["figures"]}>
        <Figure name={`Notional ${currency}`}>{decimal(check.notional)}</Figure>
        <Figure name="Fee">{decimal(check.fee)}</Figure>
        <Figure name="Margin">{decimal(check.margin)}</Figure>
        <Figure name="Position after">{signed(check.position_after)}</Figure>
      </div>
      {failed.map(({ line, place }) => (
        <Control key={`${line[0]} ${place}`} line={line} open />
      ))}
      <details className={css["controls"]}>
        <summary>
          All {check.controls.length} controls: {check.controls.length - failed.length} pass{failed.length > 0 && `, ${failed.length} fail`}
        </summary>
        <ul>
          {lines.map(({ line, place }, at) => (
            <li key={`${line[0]} ${at}`}><Control line={line} place={at} nth={place} /></li>
          ))}
        </ul>
      </details>
    </>
  );
}

interface ControlProps {
  line: OrderCheck["controls"][number];
  place?: number;
  nth?: number;
  open?: boolean;
}

/** The lines of the policies come first and speak for themselves; the engine's are counted. */
function Control({ line: [code, passes, used, limit], nth = 0, open = false }: ControlProps): ReactNode {
  const ours = /^\d+$/.test(used);
  // A code may be kept by both: the policies' line has no figure of use.
  const { title, unit } = named(code, code.toLowerCase(), ours ? (code === "MSG_RATE" ? 0 : nth) : -1);
  const bound = limit === "none" || limit === "waived" ? "waived" : limit === "0" || limit === "" ? "" : ours ? inUnit(limit, unit) : limit;
  const text = ours ? (bound === "" || bound === "waived" ? bound : `${inUnit(used, unit)} of ${bound}`) : [used, bound].filter(Boolean).join(" · ");
  return (
    <div className={css["control"]} data-passes={passes} data-open={open}>
      <Tag tone={passes ? "good" : "bad"}>{passes ? "pass" : "fail"}</Tag>
      <span>{words(title)}</span>
      <span className={css["of"]}>{text}</span>
    </div>
  );
}
