// The form of a new backtest, made from what the strategies say of their parameters.
import { type ReactNode, useState } from "react";
import { useStartBacktest } from "../../store/engine";
import { go } from "../../store/location";
import { EMPTY, type TradeForm, backtestRequest } from "../../values/trade_form";
import { Button } from "../parts/basic";
import { FieldGroup, TextField } from "../parts/field";
import { Failure } from "../parts/notice";
import { TradeFields, WithChoices, settled } from "../parts/trade_fields";
import css from "./backtests.module.css";

export function BacktestForm(): ReactNode {
  const [typed, setTyped] = useState<TradeForm>(EMPTY);
  const starting = useStartBacktest();
  return (
    <WithChoices>
      {(choices) => {
        const form = settled(typed, choices);
        const params = choices.strategies.find(({ name }) => name === form.strategy)?.params ?? [];
        const checked = backtestRequest(form, params);
        const submit = (): void => {
          if (!checked.ok || starting.isPending) return;
          starting.mutate(checked.request, { onSuccess: (run) => go(`/backtests/${encodeURIComponent(run.id)}`) });
        };
        const dates = (
          <FieldGroup title="Days">
            <TextField label="First" type="date" value={form.from} error={checked.errors["from"]} hint="empty: from the start" onChange={(from) => setTyped({ ...form, from })} />
            <TextField label="Last" type="date" value={form.to} error={checked.errors["to"]} hint="empty: to the end" onChange={(to) => setTyped({ ...form, to })} />
          </FieldGroup>
        );
        return (
          <form className={css["form"]} onSubmit={(event) => { event.preventDefault(); submit(); }}>
            <TradeFields form={form} errors={checked.errors} onChange={setTyped} extra={dates} {...choices} />
            {starting.isError && <Failure error={starting.error} doing="start the backtest" context="engine" />}
            <div className={css["formFoot"]}>
              <span role="status">{checked.ok ? "" : "Some fields need another look."}</span>
              <Button look="primary" type="submit" disabled={!checked.ok || starting.isPending}>
                {starting.isPending ? "Starting…" : "Run backtest"}
              </Button>
            </div>
          </form>
        );
      }}
    </WithChoices>
  );
}
