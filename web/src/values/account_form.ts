// The form that opens an account: texts in, a request or messages out.
import type { Account, AccountWish } from "../api/types";
import { isPositive } from "./decimal";

export interface AccountFields {
  id: string;
  name: string;
  mode: Account["mode"];
  venue: string;
  balance: string;
  currency: string;
  /** Lines of "name = value". */
  limits: string;
}

export const NEW_ACCOUNT: AccountFields = { id: "", name: "", mode: "paper", venue: "paper", balance: "150000", currency: "USD", limits: "" };

/** Limits written one a line, or the line that is none. */
export function parseLimits(text: string): { limits: Record<string, string>; bad: string | null } {
  const limits: Record<string, string> = {};
  for (const line of text.split("\n").map((part) => part.trim()).filter(Boolean)) {
    const match = /^([a-z_]+(?:@[\w.]+)?)\s*[=:]\s*(\S.*)$/.exec(line);
    if (!match) return { limits, bad: line };
    limits[match[1] ?? ""] = match[2] ?? "";
  }
  return { limits, bad: null };
}

export function accountErrors(form: AccountFields): Partial<Record<keyof AccountFields, string>> {
  const { bad } = parseLimits(form.limits);
  return {
    ...(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(form.id) ? {} : { id: "letters and digits, then also _ . -" }),
    ...(form.venue === "" ? { venue: "choose a venue" } : {}),
    ...(isPositive(form.balance) ? {} : { balance: "a number above zero" }),
    ...(/^[A-Z]{3,8}$/.test(form.currency) ? {} : { currency: "such as USD" }),
    ...(bad === null ? {} : { limits: `"${bad}" is not name = value` }),
  };
}

export function accountWish(form: AccountFields): AccountWish {
  const { id, name, mode, venue, balance, currency } = form;
  return { id, name: name.trim(), mode, venue, balance, currency, limits: parseLimits(form.limits).limits };
}
