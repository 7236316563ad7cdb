// What arrives over the socket. Payloads are the contracts' events; only the topics that the
// screens use are named.
import type {
  Account,
  AccountFill,
  AccountOrder,
  AccountPosition,
  Decision,
  Fill,
  GateState,
  HeldSignal,
  Order,
  Run,
  Service,
  Session,
} from "./types";

export interface BarClosed {
  stream: string;
  index: number;
  instrument: string;
  timeframe: string;
  ts_ns: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

export interface SignalRaised {
  session_id: string;
  strategy: string;
  bar_ts_ns: number;
  bar_index: number;
  price: number;
  signal: { id: string; action: string; side: string; strength: number; quantity?: number | null };
}

export interface OrderEvent {
  session_id: string;
  order: Order;
}

export interface OrderFilled {
  session_id: string;
  fill: Fill;
}

export interface PositionChanged {
  session_id: string;
  instrument: string;
  ts_ns: number;
  quantity: number;
  average_price: number;
  realised_pnl: number;
}

export interface AccountMarked {
  session_id: string;
  ts_ns: number;
  index: number;
  equity: number;
  cash: number;
  position: number;
}

export interface QualityAlert {
  name: string;
  hash: string;
  severity: string;
  message: string;
  /** Null where it is not about the score. */
  score: number | null;
}

/** A trade of a live stream; price and quantity are whole units of a power of ten. */
export interface TradeReported {
  stream: string;
  symbol: string;
  price_decimals: number;
  quantity_decimals: number;
  price: number;
  quantity: number;
  /** The aggressor: 1 bought, -1 sold, 0 is not known. */
  side: number;
  id: string;
  ts_ns: number;
  received_ns: number;
}

interface Payloads {
  "master.service_status_changed.v1": { service: Service; previous: string };
  "data.bar_closed.v1": BarClosed;
  "data.dataset_stored.v1": { name: string; hash: string };
  "data.split_stored.v1": { split: { name: string; hash: string; dataset: string } };
  "data.asset_refreshed.v1": { name: string };
  "data.asset_progressed.v1": { name: string };
  "data.asset_failed.v1": { name: string; message: string };
  "data.provider_key_changed.v1": { provider: string; change: string };
  "data.quality_alerted.v1": QualityAlert;
  "data.history_rewritten.v1": { dataset: string; dataset_hash: string; provider: string; rows: number };
  "data.stream_state_changed.v1": { stream: string; symbol: string; state: string };
  "data.stream_failed.v1": { stream: string; message: string };
  "data.trade_reported.v1": TradeReported;
  "engine.signal_raised.v1": SignalRaised;
  "engine.run_progressed.v1": { run_id: string; progress: number; bars: number };
  "engine.run_finished.v1": { run: Run };
  "execution.order_accepted.v1": OrderEvent;
  "execution.order_rejected.v1": OrderEvent;
  "execution.order_cancelled.v1": OrderEvent;
  "execution.order_filled.v1": OrderFilled;
  "execution.position_changed.v1": PositionChanged;
  "execution.account_marked.v1": AccountMarked;
  "execution.session_started.v1": { session: Session };
  "execution.session_recovered.v1": { session: Session };
  "execution.session_changed.v1": { session: Session };
  "execution.order_updated.v1": { account: string; order: AccountOrder };
  "execution.trade_filled.v1": { account: string; fill: AccountFill };
  "execution.position_updated.v1": { account: string; position: AccountPosition };
  "execution.account_changed.v1": { account: Account };
  "execution.order_decided.v1": { account: string; decision: Decision };
  "execution.gate_changed.v1": { gate: GateState };
  "execution.signal_queued.v1": { account: string; signal: HeldSignal };
}

export type Topic = keyof Payloads;

/** One event; its payload's type follows from its topic. */
export type FeedEvent = {
  [T in Topic]: { seq: number; topic: T; at_ns: number; data: Payloads[T] };
}[Topic];

export type ServerMessage =
  | { op: "subscribed"; next: number; epoch: string }
  | ({ op: "event" } & FeedEvent)
  // The newest of a symbol, of what comes at the market's pace; it has no number.
  | { op: "latest"; topic: Topic; data: FeedEvent["data"] }
  | { op: "lagged"; dropped: number; oldest: number }
  | { op: "pong" }
  | { op: "error"; detail: string };

const OPS = new Set(["subscribed", "event", "latest", "lagged", "pong", "error"]);

/** Read one message of the socket; null for anything that is not one. */
export function decodeMessage(raw: unknown): ServerMessage | null {
  if (typeof raw !== "string") return null;
  try {
    const value: unknown = JSON.parse(raw);
    if (typeof value !== "object" || value === null) return null;
    const op = (value as Record<string, unknown>)["op"];
    return typeof op === "string" && OPS.has(op) ? (value as ServerMessage) : null;
  } catch {
    return null; // not JSON: the caller counts it as noise
  }
}
