// What would happen to the order on the ticket: its cost, and the word of every control.
import { type ReactNode, useMemo } from "react";
import { asProblem } from "../../api/problem";
import type { ControlCheck, OrderCheck } from "../../api/types";
import { useOrderCheck } from "../../store/trading";
import { decimal, signed } from "../../values/decimal";
import { inUnit, titleOf } from "../../values/figures";
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
  const failed = check.controls.filter(({ passes }) => !passes);
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
      {failed.map((control) => (
        <Control key={`${control.name} ${control.unit}`} control={control} open />
      ))}
      <details className={css["controls"]}>
        <summary>
          All {check.controls.length} controls: {check.controls.length - failed.length} pass{failed.length > 0 && `, ${failed.length} fail`}
        </summary>
        <ul>
          {check.controls.map((control, at) => (
            <li key={`${control.name} ${at}`}><Control control={control} /></li>
          ))}
        </ul>
      </details>
    </>
  );
}

function wordOf({ used, limit, unit, value, reason }: ControlCheck): string {
  if (limit !== null && limit !== undefined) return `${inUnit(used, unit)} of ${inUnit(limit, unit)}`;
  return [reason, value === "none" ? "waived" : value].filter(Boolean).join(" · ");
}

function Control({ control, open = false }: { control: ControlCheck; open?: boolean }): ReactNode {
  return (
    <div className={css["control"]} data-passes={control.passes} data-open={open}>
      <Tag tone={control.passes ? "good" : "bad"}>{control.passes ? "pass" : "fail"}</Tag>
      <span>{titleOf(control.name)}</span>
      <span className={css["of"]}>{wordOf(control)}</span>
    </div>
  );
}
