"""The figures of a run are those of independent libraries, and None where there are none."""

from __future__ import annotations

import importlib
import math
import warnings
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fks.contexts.engine.domain.drawdown import DAY_NS, drawdown_series, drawdowns
from fks.contexts.engine.domain.returns import daily_returns, normal_cdf
from fks.contexts.engine.domain.statistics import metrics
from fks.contexts.engine.domain.trades import TradeColumns, trade_columns
from fks.contracts.columns import BarColumns
from fks.contracts.values import Instrument

CASH = 100_000.0
WEEKDAY_START = 10_957  # days to 2000-01-01, a Saturday


def oracle(name: str) -> Any:
    """Return a library whose import warns of its own affairs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


def no_trades() -> TradeColumns:
    """Return the trades of a run that never traded."""
    none = np.zeros(0, np.int64)
    bars = BarColumns(
        ts_ns=none,
        open_ticks=none,
        high_ticks=none,
        low_ticks=none,
        close_ticks=none,
        volume=np.zeros(0),
        tick_size=Decimal(1),
    )
    names = ("side", "lots", "price_ticks", "fee_nanos", "ts_ns", "bar_index")
    return trade_columns(dict.fromkeys(names, none), bars, Instrument(id="X", tick_size=Decimal(1)))


def weekdays(count: int) -> np.ndarray:
    """Return so many Mondays to Fridays, in nanoseconds."""
    days = WEEKDAY_START + np.arange(count * 2)
    return days[(days + 3) % 7 < 5][:count] * DAY_NS


def figures(equity: np.ndarray, ts_ns: np.ndarray, **more: Any) -> dict[str, float | None]:
    """Return the metrics of an equity curve without trades."""
    position = more.pop("position", np.zeros(len(equity)))
    return metrics(
        ts_ns=ts_ns, equity=equity, cash=CASH, position=position, trades=no_trades(), **more
    )


@pytest.fixture(params=[1, 2, 3])
def run(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray, pd.Series]:
    """Return times, equity and daily returns of three years with fat tails."""
    r = np.random.default_rng(request.param)
    returns = r.standard_t(4, 750) * 0.008 + 0.0004
    ts_ns = weekdays(750)
    series = pd.Series(returns, index=pd.to_datetime(ts_ns))
    return ts_ns, CASH * np.cumprod(1 + returns), series


def test_figures_are_those_of_quantstats(run: Any) -> None:
    """A user could not compare a run with what any other tool says."""
    ts_ns, equity, returns = run
    q, ours = oracle("quantstats.stats"), figures(equity, ts_ns)
    expected = {
        "total_return": q.comp(returns),
        "annual_volatility": q.volatility(returns, periods=252),
        "sharpe": q.sharpe(returns),
        "sortino": q.sortino(returns),
        "max_drawdown": q.max_drawdown(returns),
        "skew": q.skew(returns),
        "kurtosis": q.kurtosis(returns),
        "best_day": q.best(returns),
        "worst_day": q.worst(returns),
        "probabilistic_sharpe": q.probabilistic_sharpe_ratio(returns),
    }
    assert {name: ours[name] for name in expected} == pytest.approx(expected, rel=1e-9)


def test_figures_are_those_of_empyrical(run: Any) -> None:
    """Two oracles agree where one may be wrong."""
    ts_ns, equity, returns = run
    e, ours = oracle("empyrical"), figures(equity, ts_ns)
    expected = {
        "total_return": e.cum_returns_final(returns),
        "annual_volatility": e.annual_volatility(returns),
        "sharpe": e.sharpe_ratio(returns),
        "sortino": e.sortino_ratio(returns),
        "max_drawdown": e.max_drawdown(returns),
        "var_95": e.value_at_risk(returns, 0.05),
        "var_99": e.value_at_risk(returns, 0.01),
        "cvar_95": e.conditional_value_at_risk(returns, 0.05),
    }
    assert {name: ours[name] for name in expected} == pytest.approx(expected, rel=1e-9)


def test_alpha_and_beta_are_those_of_empyrical(run: Any) -> None:
    """Skill would be mistaken for the market. Ours is not compounded: alpha a day times 252."""
    ts_ns, equity, returns = run
    r = np.random.default_rng(9)
    close = 50 * np.cumprod(1 + 0.5 * returns.to_numpy() + r.normal(0, 0.004, 750))
    ours = figures(equity, ts_ns, close=close)
    e = oracle("empyrical")
    own, market = returns[1:], pd.Series(close, returns.index).pct_change()[1:]
    assert ours["beta"] == pytest.approx(e.beta(own, market))
    daily_alpha = own.mean() - e.beta(own, market) * market.mean()
    assert ours["alpha"] == pytest.approx(daily_alpha * 252)
    difference = own - market
    assert ours["tracking_error"] == pytest.approx(difference.std() * math.sqrt(252))
    assert ours["information_ratio"] == pytest.approx(
        difference.mean() / difference.std() * math.sqrt(252)
    )
    assert ours["benchmark_return"] == pytest.approx(close[-1] / close[0] - 1)


def test_growth_is_by_elapsed_time_and_calmar_by_growth(run: Any) -> None:
    """Libraries count 252 returns as a year; a calendar year is one whatever traded in it."""
    ts_ns, equity, _ = run
    ours = figures(equity, ts_ns)
    years = (ts_ns[-1] - ts_ns[0] + DAY_NS) / DAY_NS / 365.25
    assert ours["cagr"] == pytest.approx((equity[-1] / CASH) ** (1 / years) - 1)
    assert ours["calmar"] == pytest.approx(ours["cagr"] / -ours["max_drawdown"])


def test_nanos_give_the_figures_of_currency(run: Any) -> None:
    """The desk's integers would be read as a billion times the money."""
    ts_ns, equity, _ = run
    nanos = np.rint(equity * 1e9).astype(np.int64)
    in_nanos, in_currency = figures(nanos, ts_ns), figures(equity, ts_ns)
    for name, value in in_currency.items():
        expected = None if value is None else pytest.approx(value, rel=1e-6)
        assert in_nanos[name] == expected


def test_intraday_bars_are_resampled_to_days() -> None:
    """Minutes would be annualised as if they were days."""
    r = np.random.default_rng(4)
    equity = CASH * np.cumprod(1 + r.normal(0, 1e-4, 30 * 1440))
    ts_ns = WEEKDAY_START * DAY_NS + np.arange(len(equity)) * 60_000_000_000
    ours = figures(equity, ts_ns)
    daily = pd.Series(equity, pd.to_datetime(ts_ns)).resample("1D").last()
    returns = np.diff(daily.to_numpy(), prepend=CASH) / np.concatenate(([CASH], daily[:-1]))
    assert ours["days"] == 30 and ours["periods_per_year"] == 365
    assert ours["annual_volatility"] == pytest.approx(returns.std(ddof=1) * math.sqrt(365))


def test_the_calendar_is_observed() -> None:
    """Crypto would be annualised by the stock exchange's year, and a Sunday evening be a day."""
    stocks = daily_returns(weekdays(100), np.full(100, CASH), CASH)
    assert stocks.periods_per_year == 252
    around = np.arange(100) * DAY_NS
    assert daily_returns(around, np.full(100, CASH), CASH).periods_per_year == 365
    assert daily_returns(around * 7, np.full(100, CASH), CASH).periods_per_year == 52
    assert daily_returns(around * 365 // 12, np.full(100, CASH), CASH).periods_per_year == 12
    no_saturdays = around[(around // DAY_NS + 3) % 7 != 5]
    futures = daily_returns(no_saturdays, np.full(len(no_saturdays), CASH), CASH)
    assert futures.periods_per_year == 252
    assert not ((futures.day + 3) % 7 == 6).any()


EQUITY = hnp.arrays(np.int64, st.integers(1, 60), elements=st.integers(50_000, 150_000))


def slow_drawdowns(equity: np.ndarray) -> list[tuple[int, int, int, int | None, float]]:
    """Return (peak row, trough row, end row, recovered row, amount), bar by bar."""
    found: list[Any] = []
    peak, peak_row, current = CASH, 0, None
    for row, value in enumerate(equity.tolist()):
        if value >= peak:
            if current:
                found.append((*current[:2], row, row, current[2]))
            peak, peak_row, current = value, row, None
        elif current is None:
            current = (peak_row, row, value - peak)
        elif value - peak < current[2]:
            current = (current[0], row, value - peak)
    if current:
        found.append((*current[:2], len(equity) - 1, None, current[2]))
    return found


@settings(max_examples=200, deadline=None)
@given(equity=EQUITY)
def test_drawdowns_are_those_of_a_slow_loop(equity: np.ndarray) -> None:
    """The deepest fall would be reported at the wrong time or of the wrong size."""
    ts_ns = np.arange(len(equity), dtype=np.int64) * DAY_NS
    money = equity.astype(np.float64)
    slow = slow_drawdowns(equity)
    fast = drawdowns(ts_ns, money, CASH)
    days = [(d.peak_ts_ns, d.trough_ts_ns, d.end_ts_ns, d.recovered_ts_ns, d.amount) for d in fast]
    expected = [
        (p * DAY_NS, t * DAY_NS, e * DAY_NS, None if r is None else r * DAY_NS, amount)
        for p, t, e, r, amount in slow
    ]
    assert days == expected
    ours = figures(money, ts_ns)
    assert ours["max_drawdown"] == pytest.approx(min((d.fraction for d in fast), default=0.0))
    assert ours["max_drawdown_amount"] == min((d.amount for d in fast), default=0.0)
    assert ours["longest_underwater_days"] == max((d.underwater_days for d in fast), default=0.0)
    deepest = drawdowns(ts_ns, money, CASH, deepest=2)
    assert [d.fraction for d in deepest] == sorted(d.fraction for d in fast)[:2]
    assert ours["drawdown_recovery_days"] == (deepest[0].recovery_days if deepest else None)
    assert drawdown_series(money, CASH).min() == pytest.approx(ours["max_drawdown"])


@settings(max_examples=150, deadline=None)
@given(
    equity=hnp.arrays(
        np.float64, st.integers(0, 30), elements=st.floats(-1e9, 1e9, allow_subnormal=False)
    ),
    step_ns=st.sampled_from([1, 60_000_000_000, DAY_NS, 30 * DAY_NS]),
)
def test_figures_are_finite_or_none_whatever_the_account_did(
    equity: np.ndarray, step_ns: int
) -> None:
    """JSON would carry NaN, which no browser reads."""
    ts_ns = np.arange(len(equity), dtype=np.int64) * step_ns
    for name, value in figures(equity, ts_ns, close=equity).items():
        assert value is None or math.isfinite(value), name


def test_an_account_that_never_moved_has_no_ratios() -> None:
    """A flat line would have a Sharpe ratio of rounding errors."""
    ours = figures(np.full(300, CASH), weekdays(300))
    for name in ("sharpe", "sortino", "calmar", "probabilistic_sharpe", "win_rate", "expectancy"):
        assert ours[name] is None
    assert ours["total_return"] == ours["max_drawdown"] == ours["turnover"] == 0.0
    steady = figures(CASH * 1.001 ** np.arange(1, 301), weekdays(300))
    assert steady["sharpe"] is None and steady["total_return"] > 0.3


def test_exposure_is_the_share_of_bars_with_a_position() -> None:
    """A strategy that risks its money for an hour a day would look like one that always does."""
    position = np.zeros(100)
    position[10:35] = -2
    assert figures(np.full(100, CASH), weekdays(100), position=position)["exposure"] == 0.25


def test_the_normal_distribution_is_the_textbook_one() -> None:
    """Every probability would be off."""
    assert normal_cdf(0) == 0.5
    assert normal_cdf(1.6448536269514722) == pytest.approx(0.95)
    assert normal_cdf(-2.3263478740408408) == pytest.approx(0.01)
