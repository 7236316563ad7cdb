// Exact decimals as the server writes them: texts that are grouped, signed and compared, never
// turned into binary fractions, so that no digit of money is invented or lost.
import { DASH } from "./format";

const MINUS = "−";
const PLAIN = /^(-?)(\d+)(\.\d+)?$/;

/** Whether a text is a plain decimal above zero, as orders need it. */
export function isPositive(text: string): boolean {
  return /^\d+(\.\d+)?$/.test(text) && /[1-9]/.test(text);
}

/** Whether a text is a plain decimal, with or without a sign. */
export function isDecimal(text: string): boolean {
  return PLAIN.test(text);
}

/** -1, 0 or 1. */
export function signOf(text: string): -1 | 0 | 1 {
  if (!/[1-9]/.test(text)) return 0;
  return text.startsWith("-") ? -1 : 1;
}

/** The digits as they came, the whole ones in groups of three, with a real minus. */
export function decimal(text: string | null | undefined): string {
  if (text === null || text === undefined || text === "") return DASH;
  const match = PLAIN.exec(text);
  if (!match) return text; // an exponent or a word: shown as it came
  const [, sign, whole = "", rest = ""] = match;
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return (sign && signOf(text) ? MINUS : "") + grouped + rest;
}

/** The same with its sign always shown. */
export function signed(text: string | null | undefined): string {
  const shown = decimal(text);
  return text && signOf(text) > 0 ? `+${shown}` : shown;
}

/** A whole number of 10^-places units as the decimal it stands for. */
export function scaled(text: string, places: number): string {
  const match = /^(-?)(\d+)$/.exec(text);
  if (!match || places === 0) return text;
  const digits = (match[2] ?? "").padStart(places + 1, "0");
  const rest = digits.slice(-places).replace(/0+$/, "");
  return (match[1] ?? "") + digits.slice(0, -places) + (rest && `.${rest}`);
}

/** The same number always in the same letters: "5.50" and "5.5" are "5.5". */
export function canonical(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** The absolute value, as it came. */
export function magnitude(text: string): string {
  return text.replace(/^-/, "");
}
