// Numbers for people: real minus signs, grouped digits, a dash for what is undefined.
import type { Run } from "../api/types";

export const DASH = "–";
const MINUS = "−";

function signed(value: number, body: string, plus = false): string {
  const rounded = !/[1-9]/.test(body);
  if (rounded) return body;
  return value < 0 ? MINUS + body : plus ? `+${body}` : body;
}

function fixed(value: number, places: number): string {
  return Math.abs(value).toLocaleString("en-US", {
    minimumFractionDigits: places,
    maximumFractionDigits: places,
  });
}

type Maybe = number | null | undefined;

function undefinedFigure(value: Maybe): value is null | undefined {
  return value === null || value === undefined || !Number.isFinite(value);
}

/** A number with a fixed number of decimals. */
export function number(value: Maybe, places = 2): string {
  return undefinedFigure(value) ? DASH : signed(value, fixed(value, places));
}

/** A whole number. */
export function count(value: Maybe): string {
  return number(value, 0);
}

/** An amount of currency; cents are dropped where the amount dwarfs them. */
export function money(value: Maybe): string {
  return undefinedFigure(value) ? DASH : number(value, Math.abs(value) >= 1e6 ? 0 : 2);
}

/** An amount with its sign always shown, so that colour is never the only clue. */
export function change(value: Maybe, places = 2): string {
  return undefinedFigure(value) ? DASH : signed(value, fixed(value, places), true);
}

/** A fraction as a percentage. */
export function percent(value: Maybe, places = 2): string {
  return undefinedFigure(value) ? DASH : `${signed(value, fixed(value * 100, places))} %`;
}

/** A fraction as a percentage with its sign always shown. */
export function percentChange(value: Maybe, places = 2): string {
  return undefinedFigure(value) ? DASH : `${signed(value, fixed(value * 100, places), true)} %`;
}

/** A price with the decimals of its tick size. */
export function price(value: Maybe, places: number): string {
  return number(value, places);
}

/** A quantity: as many decimals as it has, eight at most. */
export function quantity(value: Maybe): string {
  if (undefinedFigure(value)) return DASH;
  const body = Math.abs(value).toLocaleString("en-US", { maximumFractionDigits: 8 });
  return signed(value, body);
}

/** The decimals of a tick size such as "0.25" or "1E-5". */
export function decimals(tickSize: string | number): number {
  const value = Number(tickSize);
  if (!Number.isFinite(value) || value <= 0) return 2;
  const [digits = "", exponent = "0"] = value.toExponential().split("e");
  const places = (digits.split(".")[1] ?? "").length - Number(exponent);
  return Math.min(10, Math.max(0, places));
}

/** A volume or count in short: 1.2M. */
export function short(value: Maybe): string {
  if (undefinedFigure(value)) return DASH;
  const size = Math.abs(value);
  for (const [unit, factor] of [["B", 1e9], ["M", 1e6], ["k", 1e3]] as const) {
    if (size >= factor) return signed(value, `${fixed(value / factor, size >= 100 * factor ? 0 : 1)}${unit}`);
  }
  return quantity(Math.round(value * 100) / 100);
}

/** A latency or age. */
export function duration(seconds: Maybe): string {
  if (undefinedFigure(seconds)) return DASH;
  if (seconds < 1e-3) return `${fixed(seconds * 1e6, 0)} µs`;
  if (seconds < 1) return `${fixed(seconds * 1e3, seconds < 0.01 ? 1 : 0)} ms`;
  if (seconds < 60) return `${fixed(seconds, seconds < 10 ? 1 : 0)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}

/** A word of the interface for people: "next_open" is "next open". */
export function words(name: string): string {
  return name.replaceAll("_", " ");
}

/** A summary without the marks of code in it. */
export function plain(text: string): string {
  return text.replaceAll("`", "");
}

/** Parameters in one line: "fast 10, slow 30". */
export function params(values: Run["request"]["params"]): string {
  const parts = Object.entries(values ?? {}).map(([name, value]) => `${words(name)} ${String(value)}`);
  return parts.length > 0 ? parts.join(", ") : "default parameters";
}
