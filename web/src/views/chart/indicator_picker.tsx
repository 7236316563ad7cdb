// Choose indicators and their parameters; the choice lives in the address.
import { type ReactNode, useState } from "react";
import type { IndicatorInfo } from "../../api/types";
import { checkNumber } from "../../values/params";
import { plain, words } from "../../values/format";
import { MOST_SPECS, SOURCES, formatSpec, specLabel } from "../../values/specs";
import { Button } from "../parts/basic";
import { Dialog } from "../parts/dialog";
import { FieldGroup, SelectField, TextField } from "../parts/field";
import css from "./chart.module.css";

interface Props {
  kinds: readonly IndicatorInfo[];
  specs: readonly string[];
  onChange: (specs: readonly string[]) => void;
}

export function IndicatorPicker({ kinds, specs, onChange }: Props): ReactNode {
  const [open, setOpen] = useState(false);
  return (
    <>
      {specs.map((spec) => (
        <span key={spec} className={css["chip"]}>
          {specLabel(spec)}
          <button type="button" aria-label={`Remove ${specLabel(spec)}`} onClick={() => onChange(specs.filter((one) => one !== spec))}>
            ×
          </button>
        </span>
      ))}
      <Button small disabled={kinds.length === 0 || specs.length >= MOST_SPECS} onClick={() => setOpen(true)}>
        + Indicator
      </Button>
      {open && (
        <AddIndicator
          kinds={kinds}
          onClose={() => setOpen(false)}
          onAdd={(spec) => {
            if (!specs.includes(spec)) onChange([...specs, spec]);
            setOpen(false);
          }}
        />
      )}
    </>
  );
}

interface AddProps {
  kinds: readonly IndicatorInfo[];
  onAdd: (spec: string) => void;
  onClose: () => void;
}

function texts(info: IndicatorInfo | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(info?.params ?? {}).map(([name, value]) => [name, String(value)]));
}

function AddIndicator({ kinds, onAdd, onClose }: AddProps): ReactNode {
  const [kind, setKind] = useState(kinds[0]?.kind ?? "");
  const info = kinds.find((one) => one.kind === kind);
  const [raw, setRaw] = useState(() => texts(info));
  const [source, setSource] = useState<string>("close");
  const choose = (next: string): void => {
    setKind(next);
    setRaw(texts(kinds.find((one) => one.kind === next)));
  };
  const names = Object.keys(info?.params ?? {});
  const checked = names.map((name) => [name, checkNumber(raw[name] ?? "", {})] as const);
  const bad = Object.fromEntries(checked.flatMap(([name, result]) => (result.ok ? [] : [[name, result.message]])));
  const submit = (): void => {
    if (Object.keys(bad).length > 0) return;
    const params = Object.fromEntries(checked.flatMap(([name, result]) => (result.ok ? [[name, Number(result.value)]] : [])));
    onAdd(formatSpec({ kind, params, source }));
  };
  return (
    <Dialog title="Add an indicator" onClose={onClose} className={css["dialog"]}>
      <form className={css["picker"]} onSubmit={(event) => { event.preventDefault(); submit(); }}>
        <SelectField
          label="Indicator"
          value={kind}
          onChange={choose}
          hint={info ? `${plain(info.summary)} Drawn ${info.overlay ? "over the bars" : "in a pane of its own"}.` : ""}
          options={kinds.map((one) => ({ value: one.kind, label: one.title }))}
        />
        <FieldGroup title="Parameters">
          {names.map((name) => (
            <TextField
              key={name}
              label={words(name)}
              numeric
              value={raw[name] ?? ""}
              error={bad[name]}
              onChange={(value) => setRaw({ ...raw, [name]: value })}
            />
          ))}
          <SelectField label="of" value={source} onChange={setSource} options={SOURCES.map((one) => ({ value: one, label: one }))} />
        </FieldGroup>
        <div className={css["formFoot"]}>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={Object.keys(bad).length > 0}>Add</Button>
        </div>
      </form>
    </Dialog>
  );
}
