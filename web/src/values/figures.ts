// Figures of limits for people: the interface gives each with its unit, here it gets its sign.
import { decimal } from "./decimal";
import { DASH, words } from "./format";

/** A share as a percentage, by moving the point: no digit is rounded away. */
export function shareText(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!match) return text;
  const [, sign, whole = "0", rest = ""] = match;
  const digits = rest.padEnd(2, "0");
  const number = (whole + digits.slice(0, 2)).replace(/^0+(?=\d)/, "");
  const places = digits.slice(2).replace(/0+$/, "");
  return `${decimal(`${sign}${number}${places && `.${places}`}`)} %`;
}

/** A figure in its unit; nothing to count is a dash. */
export function inUnit(text: string | null | undefined, unit: string): string {
  if (text === null || text === undefined) return DASH;
  if (unit === "share") return shareText(text);
  if (unit === "seconds") return `${decimal(text)} s`;
  return decimal(text);
}

const HINTS: Readonly<Record<string, string>> = {
  share: "0.03 or 3%",
  money: "money of the account",
  quantity: "units of the instrument",
  count: "a whole number",
  seconds: "30, 5m, 1h",
  points: "points",
  switch: "on or off",
  list: "a list: A, B*",
  choice: "one of its words",
  groups: "name=A,B; other=C",
};

/** How a limit of this unit is written, "none" waives it. */
export function unitHint(unit: string): string {
  return `${HINTS[unit] ?? unit}; none waives it`;
}

/** The name of a limit or control for a heading. */
export function titleOf(name: string): string {
  return words(name);
}
