"""Write numbers, times and names for people, safely for HTML.

Everything that enters the page passes through here: `text` escapes what users named, and the
formatters give only digits, signs and units. A figure that is undefined shows as a dash.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from fks.contexts.engine.domain.drawdown import DAY_NS

__all__ = [
    "GROUPS",
    "brief",
    "count",
    "date",
    "days",
    "metric",
    "moment",
    "money",
    "number",
    "percent",
    "price",
    "ratio",
    "text",
    "times",
]

DASH = "–"
MINUS = "−"
SECOND_NS = 1_000_000_000


def text(value: object) -> str:
    """Return any value as escaped text, fit for element content and quoted attributes."""
    return html.escape(str(value), quote=True)


def _signed(body: str, value: float) -> str:
    """Return the body with a real minus sign; what rounds to zero has none."""
    return MINUS + body if value < 0 and any(digit in "123456789" for digit in body) else body


def percent(value: float | None, places: int = 2) -> str:
    """Return a fraction as a percentage."""
    return DASH if value is None else _signed(f"{abs(value) * 100:,.{places}f} %", value)


def money(value: float | None) -> str:
    """Return an amount of currency; cents are dropped where the amount dwarfs them."""
    if value is None:
        return DASH
    return _signed(f"{abs(value):,.{0 if abs(value) >= 100_000 else 2}f}", value)


def ratio(value: float | None) -> str:
    """Return a plain ratio."""
    return DASH if value is None else _signed(f"{abs(value):,.2f}", value)


def count(value: float | None) -> str:
    """Return a whole number."""
    return DASH if value is None else _signed(f"{abs(value):,.0f}", value)


def number(value: float | None) -> str:
    """Return a number with one decimal."""
    return DASH if value is None else _signed(f"{abs(value):,.1f}", value)


def brief(value: float) -> str:
    """Return a number for an axis: thousands and millions shortened."""
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= unit:
            return _signed(f"{abs(value) / unit:.4g}{name}", value)
    return _signed(f"{abs(value):.4g}", value)


def times(value: float | None) -> str:
    """Return a multiple."""
    return DASH if value is None else _signed(f"{abs(value):,.1f} ×", value)


def price(value: float, tick_size: Decimal) -> str:
    """Return a price with the decimals of its tick, at least two."""
    exponent = tick_size.normalize().as_tuple().exponent
    assert isinstance(exponent, int), "a tick size is finite"
    return _signed(f"{abs(value):,.{max(2, -exponent)}f}", value)


def days(value: float | None) -> str:
    """Return a number of days in the unit that suits it."""
    if value is None:
        return DASH
    if value >= 2:
        return f"{value:,.0f} days"
    hours = value * 24
    return f"{hours:,.0f} h" if hours >= 2 else f"{hours * 60:,.0f} min"


def date(ts_ns: int) -> str:
    """Return the UTC day."""
    return datetime.fromtimestamp(ts_ns // SECOND_NS, tz=UTC).strftime("%Y-%m-%d")


def moment(ts_ns: int) -> str:
    """Return the UTC minute, or the day alone at midnight."""
    if ts_ns % DAY_NS == 0:
        return date(ts_ns)
    return datetime.fromtimestamp(ts_ns // SECOND_NS, tz=UTC).strftime("%Y-%m-%d %H:%M")


Formatter = Callable[[float | None], str]

GROUPS: tuple[tuple[str, tuple[tuple[str, str, Formatter], ...]], ...] = (
    (
        "Return",
        (
            ("total_return", "Total return", percent),
            ("cagr", "Yearly growth (CAGR)", percent),
            ("net_profit", "Net profit", money),
            ("final_equity", "Final equity", money),
            ("best_day", "Best day", percent),
            ("worst_day", "Worst day", percent),
            ("benchmark_return", "Buy and hold", percent),
            ("alpha", "Yearly alpha", percent),
            ("beta", "Beta", ratio),
            ("information_ratio", "Information ratio", ratio),
            ("tracking_error", "Tracking error", percent),
        ),
    ),
    (
        "Risk",
        (
            ("annual_volatility", "Yearly volatility", percent),
            ("sharpe", "Sharpe", ratio),
            ("sortino", "Sortino", ratio),
            ("calmar", "Calmar", ratio),
            ("probabilistic_sharpe", "P(Sharpe > 0)", percent),
            ("max_drawdown", "Deepest drawdown", percent),
            ("max_drawdown_amount", "The same in money", money),
            ("drawdown_recovery_days", "Its recovery took", days),
            ("longest_underwater_days", "Longest under water", days),
            ("var_95", "Daily VaR 95 %", percent),
            ("var_99", "Daily VaR 99 %", percent),
            ("cvar_95", "Daily CVaR 95 %", percent),
            ("skew", "Skew", ratio),
            ("kurtosis", "Excess kurtosis", ratio),
        ),
    ),
    (
        "Trades",
        (
            ("trades", "Closed trades", count),
            ("win_rate", "Win rate", percent),
            ("profit_factor", "Profit factor", ratio),
            ("expectancy", "Expectancy a trade", money),
            ("average_win", "Average win", money),
            ("average_loss", "Average loss", money),
            ("payoff_ratio", "Win over loss", ratio),
            ("largest_win", "Largest win", money),
            ("largest_loss", "Largest loss", money),
            ("average_mae", "Average MAE", money),
            ("average_mfe", "Average MFE", money),
            ("average_bars", "Average bars held", number),
            ("max_consecutive_wins", "Wins in a row", count),
            ("max_consecutive_losses", "Losses in a row", count),
        ),
    ),
    (
        "Activity",
        (
            ("total_fees", "Fees paid", money),
            ("exposure", "Time in the market", percent),
            ("turnover", "Turnover a year", times),
            ("long_trades", "Long trades", count),
            ("short_trades", "Short trades", count),
            ("open_trades", "Still open", count),
            ("average_trade_return", "Average return", percent),
            ("bars", "Bars", count),
            ("days", "Days", count),
        ),
    ),
)
"""The figures of a run by group: key, label, formatter."""


def metric(key: str, value: float | None) -> str:
    """Return one figure as the table of figures shows it."""
    for _, rows in GROUPS:
        for name, _, formatter in rows:
            if name == key:
                return formatter(value)
    return ratio(value)
