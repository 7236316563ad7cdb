// The fields that a backtest and a paper session share.
import type { ReactNode } from "react";
import type { Dataset, Strategy } from "../../api/types";
import { useDatasets } from "../../store/data";
import { useStrategies } from "../../store/engine";
import { count, plain } from "../../values/format";
import { date } from "../../values/time";
import { COSTS, type Errors, type TradeForm, withStrategy } from "../../values/trade_form";
import { Skeleton, Synthetic } from "./basic";
import { FieldGroup, ParamField, SelectField, TextField } from "./field";
import { Failure, Notice } from "./notice";

interface Props {
  form: TradeForm;
  errors: Errors;
  onChange: (form: TradeForm) => void;
  /** What only one of the two has. */
  extra: ReactNode;
}

interface Choices {
  strategies: readonly Strategy[];
  datasets: readonly Dataset[];
}

/** Wait for what can be chosen, then show `children`. */
export function WithChoices({ children }: { children: (choices: Choices) => ReactNode }): ReactNode {
  const strategies = useStrategies();
  const datasets = useDatasets();
  if (strategies.isError && !strategies.data) {
    return <Failure error={strategies.error} doing="list the strategies" context="engine" retry={() => void strategies.refetch()} />;
  }
  if (datasets.isError && !datasets.data) {
    return <Failure error={datasets.error} doing="list the datasets" context="data" retry={() => void datasets.refetch()} />;
  }
  if (!strategies.data || !datasets.data) return <Skeleton height={420} />;
  if (datasets.data.length === 0) {
    return <Notice title="No dataset yet">Import prices first: <code>fks data import prices.csv --name mine</code></Notice>;
  }
  return children({ strategies: strategies.data, datasets: datasets.data });
}

/** The form with the first strategy and dataset chosen where nothing is. */
export function settled(form: TradeForm, { strategies, datasets }: Choices): TradeForm {
  const strategy = strategies.find(({ name }) => name === form.strategy) ?? strategies[0];
  const chosen = strategy && strategy.name !== form.strategy ? withStrategy(form, strategy.name, strategy.params) : form;
  const dataset = datasets.some(({ name }) => name === chosen.dataset) ? chosen.dataset : (datasets[0]?.name ?? "");
  return dataset === chosen.dataset ? chosen : { ...chosen, dataset };
}

export function TradeFields({ form, errors, onChange, extra, strategies, datasets }: Props & Choices): ReactNode {
  const strategy = strategies.find(({ name }) => name === form.strategy);
  const dataset = datasets.find(({ name }) => name === form.dataset);
  const choose = (name: string): void => {
    onChange(withStrategy(form, name, strategies.find((one) => one.name === name)?.params ?? []));
  };
  return (
    <>
      <SelectField
        label="Strategy"
        value={form.strategy}
        onChange={choose}
        hint={plain(strategy?.summary ?? "")}
        error={errors["strategy"]}
        options={strategies.map(({ name, origin }) => ({ value: name, label: origin === "fks" ? name : `${name} (${origin})` }))}
      />
      {strategy && strategy.params.length > 0 && (
        <FieldGroup title="Parameters">
          {strategy.params.map((param) => (
            <ParamField
              key={param.name}
              param={param}
              value={form.params[param.name] ?? ""}
              error={errors[`params.${param.name}`]}
              onChange={(value) => onChange({ ...form, params: { ...form.params, [param.name]: value } })}
            />
          ))}
        </FieldGroup>
      )}
      <SelectField
        label="Dataset"
        value={form.dataset}
        onChange={(value) => onChange({ ...form, dataset: value })}
        hint={dataset ? `${count(dataset.rows)} bars of ${dataset.timeframe}, ${date(dataset.first_ts_ns)} to ${date(dataset.last_ts_ns)}` : ""}
        error={errors["dataset"]}
        options={datasets.map(({ name, synthetic }) => ({ value: name, label: synthetic ? `${name} (synthetic)` : name }))}
      />
      {dataset?.synthetic && <div><Synthetic shown /></div>}
      <FieldGroup title="Account and amount">
        <TextField label="Quantity" numeric value={form.quantity} error={errors["quantity"]} hint="units a position" onChange={(quantity) => onChange({ ...form, quantity })} />
        <TextField label="Cash" numeric value={form.cash} error={errors["cash"]} hint={dataset?.instrument.currency ?? ""} onChange={(cash) => onChange({ ...form, cash })} />
        <SelectField
          label="Orders fill"
          value={form.fillRule}
          onChange={(value) => onChange({ ...form, fillRule: value === "same_close" ? "same_close" : "next_open" })}
          hint={form.fillRule === "same_close" ? "optimistic: at the close that decided" : "at the open after the decision"}
          options={[{ value: "next_open", label: "at the next open" }, { value: "same_close", label: "at the same close" }]}
        />
      </FieldGroup>
      {extra}
      <FieldGroup title="Costs">
        {COSTS.map(({ name, label, hint }) => (
          <TextField
            key={name}
            label={label}
            numeric
            value={form.costs[name]}
            hint={hint}
            error={errors[`costs.${name}`]}
            onChange={(value) => onChange({ ...form, costs: { ...form.costs, [name]: value } })}
          />
        ))}
      </FieldGroup>
    </>
  );
}
