// Trades as they come, and prices that travel as whole units of a power of ten.
import type { TradeReported } from "../api/events";

export type Tape = readonly TradeReported[];

const MOST = 40;

/** The newest trades first; one that is repeated after a cut is there once. */
export function withTrades(tape: Tape, came: Tape): Tape {
  if (came.length === 0) return tape;
  const key = (one: TradeReported): string => `${one.id} ${one.received_ns} ${one.price} ${one.quantity}`;
  const known = new Set(tape.map(key));
  const fresh = came.filter((one) => !known.has(key(one)));
  return [...fresh.toReversed(), ...tape].slice(0, MOST);
}

/** Whole units as the decimal they are: 123456 of 2 decimals is "1234.56". Exact: no floats. */
export function scaled(units: number, decimals: number): string {
  const digits = String(Math.abs(units)).padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const rest = digits.slice(digits.length - decimals);
  return `${units < 0 ? "−" : ""}${whole.replace(/\B(?=(\d{3})+$)/g, ",")}${decimals > 0 ? `.${rest}` : ""}`;
}
