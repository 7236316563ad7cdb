// Rules of an account in a few words: how it sizes signals, what a firm asks of it.
import type { Account } from "../api/types";
import { decimal } from "./decimal";
import { shareText } from "./figures";
import { words } from "./format";

type Sizing = NonNullable<Account["sizing"]>;
type Rules = NonNullable<Account["prop"]>;

/** How an account sizes a signal without a quantity, in a few words. */
export function sizeText(rule: Sizing | undefined): string {
  if (!rule) return "";
  const most = !rule.most ? "" : `, at most ${decimal(rule.most)}`;
  switch (rule.method) {
    case "fixed":
      return `${decimal(rule.quantity)} units${most}`;
    case "risk_percent":
      return `${shareText(rule.risk)} of equity at the stop${most}`;
    case "volatility_target":
      return `${shareText(rule.risk)} volatility a year${most}`;
    case "kelly":
      return `${shareText(rule.fraction)} of Kelly${most}`;
    default:
      return words(rule.method ?? "") + most;
  }
}

/** The rules that have no figure that moves. */
export function conditions(rules: Rules): string {
  const parts = [
    `Drawdown is ${words(rules.drawdown_kind ?? "").toLowerCase()}`,
    rules.overnight ? "positions may stay overnight" : "flat before the close",
    rules.news ? "news may be traded" : "no entries around news",
    rules.daily_loss_soft ? "a daily loss ends the day" : "a daily loss ends the account",
    `${shareText(rules.payout)} of the profit is paid out`,
  ];
  return `${parts.join("; ")}.`;
}
