// Forms over typed parameters: what a person typed becomes a value or a sentence that says what
// would be accepted. The server checks again; this only answers sooner.
import type { Param } from "../api/types";

export type Raw = Readonly<Record<string, string>>;
export type Value = number | string | boolean;

export type Checked = { ok: true; value: Value } | { ok: false; message: string };

const WHOLE = new Set(["int", "integer"]);
const REAL = new Set(["float", "number"]);

export function kindOf(param: Param): "choice" | "whole" | "real" | "flag" | "text" {
  if (param.choices.length > 0) return "choice";
  if (WHOLE.has(param.type)) return "whole";
  if (REAL.has(param.type)) return "real";
  return param.type === "bool" || param.type === "boolean" ? "flag" : "text";
}

/** The text a field starts with. */
export function initial(param: Param): string {
  return param.default === null || param.default === undefined ? "" : String(param.default);
}

export function initials(params: readonly Param[]): Record<string, string> {
  return Object.fromEntries(params.map((param) => [param.name, initial(param)]));
}

/** "1 to 500", "at least 0", "" */
export function limits(minimum: number | null | undefined, maximum: number | null | undefined): string {
  const low = minimum ?? null;
  const high = maximum ?? null;
  if (low !== null && high !== null) return `${low} to ${high}`;
  if (low !== null) return `at least ${low}`;
  return high === null ? "" : `at most ${high}`;
}

interface NumberRule {
  whole?: boolean;
  minimum?: number | null | undefined;
  maximum?: number | null | undefined;
  /** The minimum itself is not allowed. */
  above?: boolean;
}

/** Check a typed number. Commas of thousands are understood. */
export function checkNumber(text: string, rule: NumberRule): Checked {
  const plain = text.trim().replace(/,(?=\d{3}(\D|$))/g, "").replace("−", "-");
  const value = plain === "" ? Number.NaN : Number(plain);
  if (!Number.isFinite(value)) return { ok: false, message: rule.whole ? "a whole number is needed" : "a number is needed" };
  if (rule.whole && !Number.isInteger(value)) return { ok: false, message: "a whole number is needed" };
  const { minimum, maximum } = rule;
  const low = minimum !== null && minimum !== undefined && (rule.above ? value <= minimum : value < minimum);
  const high = maximum !== null && maximum !== undefined && value > maximum;
  if (low && rule.above) return { ok: false, message: `more than ${minimum} is needed` };
  if (low || high) return { ok: false, message: `must be ${limits(minimum, maximum)}` };
  return { ok: true, value };
}

/** Check one parameter's text. */
export function checkParam(param: Param, text: string): Checked {
  switch (kindOf(param)) {
    case "choice":
      return param.choices.includes(text)
        ? { ok: true, value: text }
        : { ok: false, message: `choose ${param.choices.join(", ")}` };
    case "whole":
      return checkNumber(text, { whole: true, minimum: param.minimum, maximum: param.maximum });
    case "real":
      return checkNumber(text, { minimum: param.minimum, maximum: param.maximum });
    case "flag":
      return { ok: true, value: text.toLowerCase() === "true" };
    default:
      return text === "" && initial(param) !== ""
        ? { ok: false, message: "must not be empty" }
        : { ok: true, value: text };
  }
}

export interface CheckedParams {
  values: Record<string, Value>;
  errors: Record<string, string>;
}

/** Check all parameters of a strategy; `values` holds those that are good. */
export function checkParams(params: readonly Param[], raw: Raw): CheckedParams {
  const values: Record<string, Value> = {};
  const errors: Record<string, string> = {};
  for (const param of params) {
    const checked = checkParam(param, raw[param.name] ?? "");
    if (checked.ok) values[param.name] = checked.value;
    else errors[param.name] = checked.message;
  }
  return { values, errors };
}
