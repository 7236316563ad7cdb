"""Judge a run: one dictionary of figures, each a finite number or None where it is undefined.

Conventions, because tools differ in them: returns are daily (see `returns`), the first against
the starting cash; the risk-free rate and every target is zero; deviations are of the sample;
drawdowns are measured at every bar; value at risk is historical, a return and so below zero;
trade figures count closed trades after fees. Losses and drawdowns are negative numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fks.contexts.engine.domain.drawdown import DAY_NS, drawdown_series, drawdowns
from fks.contexts.engine.domain.returns import (
    DailyReturns,
    daily_returns,
    moments,
    probabilistic_sharpe,
    sharpe,
    sortino,
    tail_mean,
)
from fks.contexts.engine.domain.trades import TradeColumns
from fks.contracts.columns import Float64, Int64
from fks.contracts.values import NANOS

__all__ = ["currency", "metrics", "stayed_solvent", "trade_metrics"]

YEAR_NS = 365.25 * DAY_NS
SMALLEST = 1 / NANOS  # less than this is nothing: no return can be reckoned from it
SHORTEST_NS = DAY_NS  # a yearly rate from less than a day says nothing


def currency(equity: npt.NDArray[Any]) -> Float64:
    """Return money as float64 of currency: integers are nanos, floats are currency already."""
    if np.issubdtype(equity.dtype, np.integer):
        return equity / float(NANOS)
    return np.asarray(equity, np.float64)


def stayed_solvent(money: Float64) -> bool:
    """Return whether the account always held something; without, returns mean nothing."""
    return bool(np.all(money >= SMALLEST))


def metrics(
    *,
    ts_ns: Int64,
    equity: npt.NDArray[Any],
    cash: float,
    position: npt.NDArray[Any],
    trades: TradeColumns,
    close: npt.NDArray[Any] | None = None,
) -> dict[str, float | None]:
    """Return all figures of a run.

    All arrays have one row a bar: `ts_ns` its open, `equity` after it (int64 nanos or float64
    currency), `position` held after it in any unit; `close` in any unit adds the comparison with
    holding the instrument. `cash` is what the account began with, in currency, above zero.
    """
    money = currency(equity)
    if len(money) == 0:
        return _rounded({"final_equity": cash, "bars": 0.0})
    daily = daily_returns(ts_ns, money, cash)
    figures: dict[str, float | None] = {
        "final_equity": float(money[-1]),
        "net_profit": float(money[-1]) - cash,
        "bars": float(len(money)),
    }
    solvent = stayed_solvent(money)
    figures |= _return_metrics(ts_ns, money, cash, daily, solvent)
    figures |= _drawdown_metrics(ts_ns, money, cash)
    figures["calmar"] = _ratio(figures["cagr"], _negated(figures["max_drawdown"]))
    figures["exposure"] = float(np.mean(position != 0))
    figures["turnover"] = _turnover(ts_ns, money, trades)
    if close is not None and len(close) > 0:
        figures |= _benchmark_metrics(ts_ns, np.asarray(close, np.float64), daily, solvent)
    return _rounded(figures | trade_metrics(trades))


def _return_metrics(
    ts_ns: Int64, money: Float64, cash: float, daily: DailyReturns, solvent: bool
) -> dict[str, float | None]:
    """Return growth and risk; an account that fell to zero has no meaningful ratios."""
    returns = daily.returns if solvent else np.zeros(0)
    scale = math.sqrt(daily.periods_per_year)
    total = float(money[-1]) / cash - 1.0
    span_ns = _span_ns(ts_ns)
    growth = None
    if solvent and span_ns >= SHORTEST_NS:
        growth = math.expm1(min(math.log(money[-1] / cash) * YEAR_NS / span_ns, 700.0))
    deviation = float(np.std(returns, ddof=1)) * scale if len(returns) > 1 else None
    skew, kurtosis = moments(returns)
    enough = len(returns) > 0
    return {
        "total_return": total,
        "cagr": growth,
        "annual_volatility": deviation,
        "sharpe": _times(sharpe(returns), scale),
        "sortino": _times(sortino(returns), scale),
        "probabilistic_sharpe": probabilistic_sharpe(returns),
        "skew": skew,
        "kurtosis": kurtosis,
        "var_95": float(np.percentile(returns, 5)) if enough else None,
        "var_99": float(np.percentile(returns, 1)) if enough else None,
        "cvar_95": tail_mean(returns, 0.05),
        "best_day": float(np.max(returns)) if enough else None,
        "worst_day": float(np.min(returns)) if enough else None,
        "days": float(len(daily.day)),
        "periods_per_year": daily.periods_per_year,
    }


def _drawdown_metrics(ts_ns: Int64, money: Float64, cash: float) -> dict[str, float | None]:
    """Return depth and length of the drawdowns."""
    deepest = drawdowns(ts_ns, money, cash, deepest=1)
    peak = np.maximum(np.maximum.accumulate(money), cash)
    at_peak_ns = np.maximum.accumulate(np.where(money >= peak, ts_ns, ts_ns[0]))
    # The bar that regains the peak ends the stretch, hence the peak before each bar.
    since_ns = ts_ns[1:] - at_peak_ns[:-1]
    under = (money < peak)[:-1] | (money < peak)[1:]
    longest = float(np.max(np.where(under, since_ns, 0))) if len(since_ns) else 0.0
    return {
        "max_drawdown": float(np.min(drawdown_series(money, cash))),
        "max_drawdown_amount": float(np.min(money - peak)),
        "drawdown_recovery_days": deepest[0].recovery_days if deepest else None,
        "longest_underwater_days": longest / DAY_NS,
    }


def _turnover(ts_ns: Int64, money: Float64, trades: TradeColumns) -> float | None:
    """Return the notional traded a year over the mean equity."""
    span_ns, mean = _span_ns(ts_ns), float(np.mean(money))
    if mean <= 0 or span_ns < SHORTEST_NS:
        return None
    traded = float(np.sum(trades.traded_nanos, dtype=np.float64)) / NANOS
    return traded / mean * YEAR_NS / span_ns


def _benchmark_metrics(
    ts_ns: Int64, close: Float64, daily: DailyReturns, solvent: bool
) -> dict[str, float | None]:
    """Return how the run compares with holding the instrument from the first close on."""
    held = close[daily.last]
    figures: dict[str, float | None] = dict.fromkeys(
        ("benchmark_return", "beta", "alpha", "tracking_error", "information_ratio")
    )
    if not np.all(held >= SMALLEST) or close[0] < SMALLEST:
        return figures
    figures["benchmark_return"] = float(close[-1] / close[0] - 1.0)
    if not solvent or len(held) < 3:
        return figures
    market, own = held[1:] / held[:-1] - 1.0, daily.returns[1:]
    spread, per_year = float(np.var(market, ddof=1)), daily.periods_per_year
    if spread > 0:
        beta = float(np.cov(own, market, ddof=1)[0, 1]) / spread
        figures["beta"] = beta
        figures["alpha"] = float(np.mean(own) - beta * np.mean(market)) * per_year
    figures["tracking_error"] = float(np.std(own - market, ddof=1)) * math.sqrt(per_year)
    figures["information_ratio"] = _times(sharpe(own - market), math.sqrt(per_year))
    return figures


def trade_metrics(trades: TradeColumns) -> dict[str, float | None]:
    """Return the figures of the closed trades, in currency; fees are those of all trades."""
    closed = ~trades.open
    pnl = trades.pnl_nanos[closed] / float(NANOS)
    wins, losses = pnl[pnl > 0], pnl[pnl < 0]
    entered = trades.entry_nanos[closed]
    paid = entered > 0
    return {
        "trades": float(len(pnl)),
        "open_trades": float(np.count_nonzero(trades.open)),
        "long_trades": float(np.count_nonzero(trades.side[closed] > 0)),
        "short_trades": float(np.count_nonzero(trades.side[closed] < 0)),
        "win_rate": len(wins) / len(pnl) if len(pnl) else None,
        "profit_factor": _ratio(float(wins.sum()), -float(losses.sum())) if len(pnl) else None,
        "expectancy": _mean(pnl),
        "average_win": _mean(wins),
        "average_loss": _mean(losses),
        "payoff_ratio": _ratio(_mean(wins), _negated(_mean(losses))),
        "largest_win": float(wins.max()) if len(wins) else None,
        "largest_loss": float(losses.min()) if len(losses) else None,
        "average_trade_return": _mean(trades.pnl_nanos[closed][paid] / entered[paid]),
        "average_mae": _mean(trades.mae_nanos[closed] / float(NANOS)),
        "average_mfe": _mean(trades.mfe_nanos[closed] / float(NANOS)),
        "average_bars": _mean((trades.exit_bar - trades.entry_bar)[closed]),
        "max_consecutive_wins": float(_longest_run(pnl > 0)),
        "max_consecutive_losses": float(_longest_run(pnl < 0)),
        "total_fees": float(np.sum(trades.fee_nanos, dtype=np.int64)) / NANOS,
    }


def _span_ns(ts_ns: Int64) -> int:
    """Return the time from the first bar's open to the last bar's close, by the usual spacing."""
    if len(ts_ns) < 2:
        return 0
    return int(ts_ns[-1] - ts_ns[0]) + int(np.median(np.diff(ts_ns)))


def _longest_run(flags: npt.NDArray[np.bool_]) -> int:
    """Return the length of the longest run of true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return int(np.max(edges[1::2] - edges[::2])) if len(edges) else 0


def _mean(values: npt.NDArray[Any]) -> float | None:
    return float(np.mean(values)) if len(values) else None


def _ratio(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below is not None and below > 0 else None


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _negated(value: float | None) -> float | None:
    return None if value is None else -value


def _rounded(figures: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return the figures with what is not finite as None, and without negative zeros."""
    return {
        name: None if value is None or not math.isfinite(value) else value + 0.0
        for name, value in figures.items()
    }
