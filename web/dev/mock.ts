// A stand-in for the server while developing the screens: generated prices, no socket. It is part
// of the development server only and never of the build.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";

const NS = 1e9;
const DAY = 86_400;
const START = Date.UTC(2008, 0, 2) / 1000;
const COUNT = 2_600;

interface Walk {
  ts_ns: number[];
  open: number[];
  high: number[];
  low: number[];
  close: number[];
  volume: number[];
}

function walk(): Walk {
  let state = 42;
  const random = (): number => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32 - 0.5;
  };
  const bars: Walk = { ts_ns: [], open: [], high: [], low: [], close: [], volume: [] };
  let last = 1400;
  for (let at = 0; at < COUNT; at++) {
    const open = last * (1 + random() * 0.004);
    const close = open * (1 + random() * 0.03 + 0.0003);
    bars.ts_ns.push((START + at * DAY) * NS);
    bars.open.push(open);
    bars.close.push(close);
    bars.high.push(Math.max(open, close) * (1 + Math.abs(random()) * 0.01));
    bars.low.push(Math.min(open, close) * (1 - Math.abs(random()) * 0.01));
    bars.volume.push(Math.round(3e9 + random() * 2e9));
    last = close;
  }
  return bars;
}

const bars = walk();
const instrument = { id: "SPX", tick_size: "0.01", lot_size: "1", multiplier: "1", currency: "USD", venue: "SIM", calendar: "XNYS", description: "S&P 500" };
const at = (index: number): number => bars.ts_ns[index] ?? 0;
const worth = bars.close.map((close, index) => 100_000 + (close - (bars.close[0] ?? 0)) * 10 * (index % 900 < 600 ? 1 : 0.8));
const costs = { fee_bps: 1, fee_per_unit: 0, fee_minimum: 0, slippage_ticks: 1, slippage_bps: 0, spread_ticks: 0 };
const limits = { max_order_quantity: null, max_position_quantity: null, max_order_notional: null, max_open_orders: 1000, allow_short: true };
const params = { fast: 10, slow: 30 };

const dataset = (name: string, synthetic: boolean, score: number): object => ({
  name, hash: `${name}-hash`, path: "", instrument, timeframe: "1d", provider: synthetic ? "synthetic" : "file",
  rows: COUNT, first_ts_ns: at(0), last_ts_ns: at(COUNT - 1), created_at_ns: Date.now() * 1e6, synthetic, quarantined: 3, score, source: "", code_version: "",
});

const fills = Array.from({ length: 40 }, (_, index) => {
  const bar = 1200 + index * 33;
  const side = index % 2 ? "sell" : "buy";
  return { id: index + 1, order_id: index + 1, side, quantity: 10, price: bars.open[bar], fee: 1.4, ts_ns: at(bar), position: index % 2 ? 0 : 10, realised_pnl: index % 2 ? (index % 4 ? 120.5 : -84.2) : 0, session_id: "s1" };
});
const orders = fills.map((fill, index) => ({ id: fill.id, side: fill.side, type: "market", quantity: 10, status: index === 7 ? "rejected" : "filled", created_ts_ns: at(1199 + index * 33), limit_price: null, stop_price: null, reason: index === 7 ? "max_position" : null, session_id: "s1", signal_id: "" }));
const equity = worth.slice(1100).map((value, index) => [at(1100 + index), value, index % 2 ? 10 : 0]);
const session = (id: string, status: string): object => ({
  id, strategy: "sma_cross", params, dataset: "sp500_daily", dataset_hash: "x", config: { instrument, cash: 100_000, quantity: 10, fill_rule: "next_open", costs, limits },
  status, created_at_ns: Date.now() * 1e6, from_ts_ns: at(1100), to_ts_ns: 9.2e18, bars_per_second: 5, last_ts_ns: at(COUNT - 1), last_index: 1499, decided: true, equity: worth.at(-1), position: 10, orders: 40, fills: 40, error: "",
});
const metrics = { final_equity: 112_345.67, net_profit: 12_345.67, total_return: 0.1234567, cagr: 0.0163, annual_volatility: 0.094, sharpe: 0.42, sortino: 0.61, calmar: 0.13, probabilistic_sharpe: 0.87, max_drawdown: -0.1543, max_drawdown_amount: -17_320.1, drawdown_recovery_days: null, longest_underwater_days: 812, trades: 20, win_rate: 0.55, profit_factor: 1.41, expectancy: 61.7, average_win: 300.2, average_loss: -230.1, exposure: 0.61, turnover: 3.2, total_fees: 56.1, skew: -0.3, kurtosis: 7.1, max_consecutive_wins: 4 };
const run = (id: string, fast: number, status = "done"): object => ({
  id, request: { strategy: "sma_cross", dataset: "sp500_daily", params: { ...params, fast }, quantity: 10, cash: 100_000, fill_rule: "next_open", costs, limits, from_ts_ns: 0, to_ts_ns: 9.223372036854775e18, seed: 0, tier: "auto", compiled: true },
  status, created_at_ns: (Date.now() - 6e6) * 1e6, progress: status === "running" ? 0.4 : 1, strategy: "sma_cross", dataset: "sp500_daily", dataset_hash: "a1b2c3", synthetic: false, manifest_hash: "6f1c0d9b2ad7", code_version: "0.1.0", tier: "batch", bars: COUNT, signals: 41, orders: 41, rejected: 1, fills: 40, final_equity: 112_345.67, duration_s: 0.021,
  metrics: status === "done" ? { ...metrics, sharpe: 0.42 + fast / 100 } : {}, not_modelled: ["partial fills", "queue position", "latency", "margin and interest"], error: "", report_path: "",
});
const trades = Array.from({ length: 60 }, (_, index) => ({ number: index + 1, side: index % 3 ? "long" : "short", quantity: 10, entry_ts_ns: at(index * 40), exit_ts_ns: at(index * 40 + 25), entry_price: bars.open[index * 40], exit_price: bars.open[index * 40 + 25], pnl: index % 2 ? 230.5 : -120.25, fees: 2.8, return_fraction: index % 2 ? 0.016 : -0.008, bars: 25, mae: -220, mfe: 410, open: index === 59 }));
const drawdown = (): number[] => {
  let peak = 0;
  return worth.map((value) => value / (peak = Math.max(peak, value)) - 1);
};
const series = (id: string): object => ({ run_id: id, ts_ns: bars.ts_ns, equity: worth, drawdown: drawdown(), position: worth.map(() => 10), total: COUNT });
const strategies = [
  { name: "sma_cross", summary: "Long while the fast average is above the slow one, short below.", tiers: ["batch"], origin: "fks", params: [
    { name: "fast", type: "int", default: 10, minimum: 1, maximum: 500, choices: [], summary: "bars of the fast average" },
    { name: "slow", type: "int", default: 30, minimum: 2, maximum: 1000, choices: [], summary: "bars of the slow average" },
    { name: "short", type: "bool", default: true, minimum: null, maximum: null, choices: [], summary: "may it go short" } ] },
  { name: "rsi_reversion", summary: "Buy what fell too far.", tiers: ["bar"], origin: "fks", params: [{ name: "period", type: "int", default: 14, minimum: 2, maximum: 200, choices: [], summary: "" }] },
];
const kinds = [
  { kind: "sma", title: "Simple moving average", params: { period: 20 }, outputs: ["value"], overlay: true, summary: "Mean of the last bars." },
  { kind: "rsi", title: "Relative strength index", params: { period: 14 }, outputs: ["value"], overlay: false, summary: "Gains against losses." },
];
const services = ["api", "data", "engine", "execution", "master", "transformer", "web"].map((id, index) => ({
  id, name: id, status: index === 2 ? "degraded" : index === 5 ? "unhealthy" : "healthy", message: index === 5 ? "the pipeline fell behind by 12 s" : "", process: "fks-1", version: "0.1.0", uptime_s: 4_000, latency_ms: 0.4 + index, age_s: 1.2, checks: [],
}));

function indicators(query: URLSearchParams): object {
  const limit = Number(query.get("limit") ?? 2000);
  const from = Math.max(0, COUNT - limit);
  const columns = Object.fromEntries(query.getAll("spec").map((spec) => {
    const period = Number(/period=(\d+)/.exec(spec)?.[1] ?? 20);
    return [spec, bars.close.map((close, index) => {
      if (index < period) return null;
      if (spec.startsWith("rsi")) return 50 + 20 * Math.sin(index / 9);
      return bars.close.slice(index - period, index).reduce((sum, value) => sum + value, 0) / period || close;
    }).slice(from)];
  }));
  return { dataset: "sp500_daily", ts_ns: bars.ts_ns.slice(from), columns };
}

function window(query: URLSearchParams): object {
  const before = Number(query.get("to_s") ?? 1e12) * NS;
  const end = bars.ts_ns.filter((tsNs) => tsNs < before).length;
  const from = Math.max(0, end - Number(query.get("limit") ?? 2000));
  const columns = Object.fromEntries(Object.entries(bars).map(([name, values]) => [name, values.slice(from, end)]));
  return { dataset: "sp500_daily", instrument, timeframe: "1d", total: COUNT, synthetic: false, ...columns };
}

function answer(path: string, query: URLSearchParams): object | undefined {
  const routes: readonly [RegExp, (id: string) => object][] = [
    [/^\/api\/services$/, () => ({ status: "degraded", services })],
    [/^\/api\/v1\/datasets$/, () => ({ datasets: [dataset("sp500_daily", false, 99.2), dataset("waves", true, 87)] })],
    [/^\/api\/v1\/datasets\/[^/]+\/bars$/, () => window(query)],
    [/^\/api\/v1\/datasets\/[^/]+\/indicators$/, () => indicators(query)],
    [/^\/api\/v1\/indicators$/, () => ({ indicators: kinds })],
    [/^\/api\/v1\/strategies$/, () => ({ strategies })],
    [/^\/api\/v1\/backtests$/, () => ({ runs: [run("r3", 8, "running"), run("r1", 10), run("r2", 20)] })],
    [/^\/api\/v1\/backtests\/compare$/, () => ({ runs: [run("r1", 10), run("r2", 20)], differences: { "params.fast": ["10", "20"] }, series: [series("r1"), series("r2")] })],
    [/^\/api\/v1\/backtests\/([^/]+)$/, (id) => run(id, 10, id === "r3" ? "running" : "done")],
    [/^\/api\/v1\/backtests\/([^/]+)\/series$/, series],
    [/^\/api\/v1\/backtests\/([^/]+)\/trades$/, (id) => ({ run_id: id, trades, fills, total_trades: 60, total_fills: 40 })],
    [/^\/api\/v1\/sessions$/, () => ({ sessions: [session("s1", "running"), session("s2", "finished")] })],
    [/^\/api\/v1\/sessions\/([^/]+)$/, (id) => session(id, id === "s1" ? "running" : "finished")],
    [/^\/api\/v1\/sessions\/[^/]+\/(orders)$/, () => ({ orders })],
    [/^\/api\/v1\/sessions\/[^/]+\/(fills)$/, () => ({ fills })],
    [/^\/api\/v1\/sessions\/[^/]+\/(equity)$/, () => ({ session_id: "s1", points: equity.slice(-Number(query.get("limit") ?? 5000)) })],
    [/^\/api\/v1\/positions$/, () => ({ positions: [{ session_id: "s1", instrument: "SPX", quantity: 10, average_price: 1390, last_price: 1402.5, unrealised_pnl: 125, realised_pnl: -31.2 }] })],
  ];
  for (const [pattern, make] of routes) {
    const match = pattern.exec(path);
    if (match) return make(match[1] ?? "");
  }
  return undefined;
}

/** Answer /api from generated data. */
export function mockServer(): Plugin {
  return {
    name: "fks-mock",
    configureServer(server) {
      server.middlewares.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
        const url = new URL(request.url ?? "/", "http://localhost");
        if (!url.pathname.startsWith("/api/")) return next();
        const found = answer(url.pathname, url.searchParams);
        const problem = { title: "Unavailable", status: 503, detail: "no handler answers this in the mock", code: "mock.none" };
        response.statusCode = found ? 200 : 503;
        response.setHeader("Content-Type", found ? "application/json" : "application/problem+json");
        response.end(JSON.stringify(found ?? problem));
      });
    },
  };
}
