// Times: the server sends UTC nanoseconds as JSON numbers, which JavaScript cannot hold exactly.
// We round them to whole seconds for display and never send a received one back as if exact.

/** Whole UTC seconds of a received time. */
export function seconds(tsNs: number): number {
  return Math.round(tsNs / 1e9);
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

/** "2018-12-31" */
export function date(tsNs: number): string {
  return dateOf(seconds(tsNs));
}

export function dateOf(unixSeconds: number): string {
  const at = new Date(unixSeconds * 1000);
  return `${at.getUTCFullYear()}-${pad(at.getUTCMonth() + 1)}-${pad(at.getUTCDate())}`;
}

/** "2018-12-31 14:30", with seconds where there are any; only the date for daily bars. */
export function momentOf(unixSeconds: number, daily = false): string {
  if (daily) return dateOf(unixSeconds);
  const at = new Date(unixSeconds * 1000);
  const rest = at.getUTCSeconds() ? `:${pad(at.getUTCSeconds())}` : "";
  return `${dateOf(unixSeconds)} ${pad(at.getUTCHours())}:${pad(at.getUTCMinutes())}${rest}`;
}

export function moment(tsNs: number, daily = false): string {
  return momentOf(seconds(tsNs), daily);
}

/** Whether bars of this timeframe need no time of day. */
export function isDaily(timeframe: string): boolean {
  return /^\d*\s*(d|w|wk|mo|day|week|month)/i.test(timeframe);
}

/** "3 min ago" */
export function ago(tsNs: number, nowMs: number): string {
  const past = Math.max(0, nowMs / 1000 - tsNs / 1e9);
  if (past < 45) return "just now";
  if (past < 3600) return `${Math.round(past / 60)} min ago`;
  if (past < 86_400) return `${Math.round(past / 3600)} h ago`;
  if (past < 30 * 86_400) return `${Math.round(past / 86_400)} d ago`;
  return date(tsNs);
}

/** The nanoseconds of a form's date ("2015-01-01"), exact in JSON: ten digits and nine zeros. */
export function dateToNs(text: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return null;
  const ms = Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  return Number.isFinite(ms) && dateOf(ms / 1000) === text ? (ms / 1000) * 1e9 : null;
}
