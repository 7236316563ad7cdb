"""Resample an equity curve to daily returns, and judge them.

The calendar is observed, not asked for: days are UTC days of the bars' opens, and where Saturdays
are among them the market never closes and a year has 365 of them. Otherwise a year has 252, and
what trades on a Sunday (the evening opening of futures and currencies) belongs to Monday. Bars
further apart than four days are weeks, months or longer and are annualised as such.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fks.contexts.engine.domain.drawdown import DAY_NS
from fks.contracts.columns import Float64, Int64

__all__ = [
    "DailyReturns",
    "daily_returns",
    "moments",
    "normal_cdf",
    "probabilistic_sharpe",
    "sharpe",
    "sortino",
    "tail_mean",
]

SATURDAY, SUNDAY = 5, 6
SATURDAYS_NEEDED = 1 / 14  # half of what a market without weekends shows
NO_SPREAD = 1e-12  # a spread this small beside the mean is rounding, not risk


@dataclass(frozen=True, slots=True)
class DailyReturns:
    """Returns by day. `day` counts UTC days since 1970-01-01; `last` is each day's last bar.

    `returns` are simple returns, the first one against the starting cash.
    """

    day: Int64
    last: Int64
    returns: Float64
    periods_per_year: float


def daily_returns(ts_ns: Int64, values: Float64, start: float) -> DailyReturns:
    """Return the daily returns of `values` after each bar, which began at `start`.

    Raises nothing: where a value is zero or below, the returns after it mean nothing, and the
    caller has to leave them out.
    """
    day = ts_ns // DAY_NS
    days = np.unique(day)
    per_year = _periods_per_year(days)
    if per_year == 252:
        day = day + (_weekday(day) == SUNDAY)
    last = np.flatnonzero(np.append(day[1:] != day[:-1], True))
    level = values[last]
    base = np.concatenate(([start], level[:-1]))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        returns = level / base - 1.0
    return DailyReturns(day=day[last], last=last, returns=returns, periods_per_year=per_year)


def _weekday(day: Int64) -> Int64:
    """Return 0 for Monday to 6 for Sunday; 1970-01-01 was a Thursday."""
    return (day + 3) % 7


def _periods_per_year(days: Int64) -> float:
    """Return how many returns a year has, seen from the days on which there were bars."""
    spacing = float(np.median(np.diff(days))) if len(days) > 1 else 1.0
    if spacing > 4:
        return max(1.0, float(round(365.25 / spacing)))
    saturdays = float(np.mean(_weekday(days) == SATURDAY))
    return 365.0 if saturdays >= SATURDAYS_NEEDED else 252.0


def sharpe(returns: Float64) -> float | None:
    """Return mean over sample deviation of the returns, not annualised, risk-free rate zero."""
    if len(returns) < 2:
        return None
    mean, deviation = float(np.mean(returns)), float(np.std(returns, ddof=1))
    return mean / deviation if deviation > NO_SPREAD * abs(mean) else None


def sortino(returns: Float64) -> float | None:
    """Return mean over downside deviation (target zero, over all returns), not annualised."""
    if len(returns) < 2:
        return None
    downside = math.sqrt(float(np.mean(np.minimum(returns, 0.0) ** 2)))
    return float(np.mean(returns)) / downside if downside > 0 else None


def moments(returns: Float64) -> tuple[float | None, float | None]:
    """Return skew and excess kurtosis, corrected for the sample's size (G1 and G2)."""
    n = len(returns)
    mean = float(np.mean(returns)) if n else 0.0
    centred = returns - mean
    spread = float(np.mean(centred**2)) if n else 0.0
    if n < 4 or math.sqrt(spread) <= NO_SPREAD * abs(mean):
        return None, None
    g1 = float(np.mean(centred**3)) / spread**1.5
    g2 = float(np.mean(centred**4)) / spread**2 - 3.0
    skew = g1 * math.sqrt(n * (n - 1)) / (n - 2)
    kurtosis = ((n + 1) * g2 + 6.0) * (n - 1) / ((n - 2) * (n - 3))
    return skew, kurtosis


def normal_cdf(x: float) -> float:
    """Return the standard normal distribution function at `x`."""
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


def probabilistic_sharpe(returns: Float64) -> float | None:
    """Return the probability that the true Sharpe ratio is above zero.

    After Bailey and Lopez de Prado, "The Sharpe Ratio Efficient Frontier" (2012): the estimate's
    spread grows with fat tails and negative skew, and shrinks with the number of returns.
    """
    ratio = sharpe(returns)
    skew, excess = moments(returns)
    if ratio is None or skew is None or excess is None:
        return None
    spread = 1.0 - skew * ratio + (excess + 2.0) / 4.0 * ratio**2
    if spread <= 0:
        return None
    return normal_cdf(ratio * math.sqrt(len(returns) - 1) / math.sqrt(spread))


def tail_mean(returns: Float64, share: float) -> float | None:
    """Return the mean of the worst `share` of the returns, at least of the worst one (CVaR)."""
    if len(returns) == 0:
        return None
    count = int((len(returns) - 1) * share) + 1
    return float(np.mean(np.partition(returns, count - 1)[:count]))
