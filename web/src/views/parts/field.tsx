// Labelled fields with a hint that gives way to the message of what is wrong; its line is always
// reserved, so that nothing moves when a message appears.
import { type ReactNode, useId } from "react";
import type { Param } from "../../api/types";
import { plain, words } from "../../values/format";
import { kindOf, limits } from "../../values/params";
import css from "./field.module.css";

interface FieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  hint?: string;
  error?: string | undefined;
  type?: "text" | "date" | "datetime-local" | "password";
  numeric?: boolean;
  placeholder?: string;
  disabled?: boolean;
  /** What may be chosen instead of typed. */
  choices?: readonly string[];
}

export function TextField(props: FieldProps): ReactNode {
  const { label, value, onChange, hint = "", error, type = "text", numeric = false, placeholder, disabled, choices } = props;
  const id = useId();
  return (
    <div className={css["field"]}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type={type}
        value={value}
        disabled={disabled}
        placeholder={placeholder}
        list={choices ? `${id}-choices` : undefined}
        autoComplete="off"
        spellCheck={false}
        inputMode={numeric ? "decimal" : undefined}
        aria-invalid={error ? true : undefined}
        aria-describedby={`${id}-note`}
        onChange={(event) => onChange(event.target.value)}
      />
      {choices && (
        <datalist id={`${id}-choices`}>
          {choices.map((choice) => (
            <option key={choice} value={choice} />
          ))}
        </datalist>
      )}
      <span id={`${id}-note`} className={error ? css["error"] : css["hint"]} aria-live="polite">
        {error ?? hint}
      </span>
    </div>
  );
}

interface SelectProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  options: readonly { value: string; label: string }[];
  hint?: string;
  error?: string | undefined;
  disabled?: boolean;
}

export function SelectField({ label, value, onChange, options, hint = "", error, disabled }: SelectProps): ReactNode {
  const id = useId();
  return (
    <div className={css["field"]}>
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value}
        disabled={disabled}
        aria-describedby={`${id}-note`}
        onChange={(event) => onChange(event.target.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      <span id={`${id}-note`} className={error ? css["error"] : css["hint"]}>
        {error ?? hint}
      </span>
    </div>
  );
}

interface CheckProps {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  hint?: string;
  disabled?: boolean;
}

export function CheckField({ label, checked, onChange, hint, disabled }: CheckProps): ReactNode {
  return (
    <label className={css["check"]} title={hint}>
      <input type="checkbox" checked={checked} disabled={disabled} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  );
}

interface ParamFieldProps {
  param: Param;
  value: string;
  error?: string | undefined;
  onChange: (value: string) => void;
}

/** A field for one typed parameter. */
export function ParamField({ param, value, error, onChange }: ParamFieldProps): ReactNode {
  const kind = kindOf(param);
  const label = words(param.name);
  const hint = [limits(param.minimum, param.maximum), plain(param.summary)].filter(Boolean).join(" · ");
  if (kind === "choice" || kind === "flag") {
    const choices = kind === "flag" ? ["true", "false"] : param.choices;
    const options = choices.map((choice) => ({
      value: choice,
      label: kind === "flag" ? (choice === "true" ? "yes" : "no") : words(choice),
    }));
    const known = kind === "flag" ? value.toLowerCase() : value;
    return <SelectField label={label} value={known} options={options} hint={hint} error={error} onChange={onChange} />;
  }
  return <TextField label={label} value={value} hint={hint} error={error} numeric={kind !== "text"} onChange={onChange} />;
}

export function FieldGroup({ title, children }: { title: string; children: ReactNode }): ReactNode {
  return (
    <fieldset>
      <legend className={css["legend"]}>{title}</legend>
      <div className={css["grid"]}>{children}</div>
    </fieldset>
  );
}
