"""Bars of ticks: by trades, by volume, by value; and ticks as rows for bars by the clock.

A bar that is closed by what was traded ends with the trade that reaches its measure; trades are
never split, so a bar may hold more than its measure, and the next one begins at zero. What follows
the last whole bar is left out. Everything is whole ticks and lots.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import numpy as np

from fks.contracts.columns import BarColumns, Float64, Int64
from fks.contracts.data.ticks import NO_PRICE, QuoteColumns, TradeColumns
from fks.kernel.errors import Invalid

__all__ = ["Counted", "bars_by_count", "quotes_as_rows", "trades_as_rows"]

_MOST = 1 << 62
_ONE = Decimal(1)


class Counted(NamedTuple):
    """Bars, how many trades each was made of, and how many follow the last whole one."""

    columns: BarColumns
    trades: Int64
    left: int


def trades_as_rows(trades: TradeColumns) -> BarColumns:
    """Return each trade as a bar of its own, to be made into longer ones."""
    price = trades.price_ticks
    return BarColumns(
        ts_ns=trades.ts_ns,
        open_ticks=price,
        high_ticks=price,
        low_ticks=price,
        close_ticks=price,
        volume=_units(trades.quantity_lots, trades.lot_size),
        tick_size=trades.tick_size,
    )


def quotes_as_rows(quotes: QuoteColumns, price: str) -> tuple[BarColumns, int]:
    """Return quotes as rows, and how many lack the side that is asked for.

    `price` is `bid`, `ask` or `mid`; middles are in half ticks. Rows have no volume.
    """
    bid, ask = quotes.bid_ticks, quotes.ask_ticks
    there = np.ones(len(bid), dtype=bool)
    if price in ("bid", "mid"):
        there &= bid != NO_PRICE
    if price in ("ask", "mid"):
        there &= ask != NO_PRICE
    bid, ask, ts_ns = bid[there], ask[there], quotes.ts_ns[there]
    ticks = {"bid": bid, "ask": ask, "mid": bid + ask}[price]
    rows = BarColumns(
        ts_ns=ts_ns,
        open_ticks=ticks,
        high_ticks=ticks,
        low_ticks=ticks,
        close_ticks=ticks,
        volume=np.zeros(len(ts_ns)),
        tick_size=quotes.tick_size / 2 if price == "mid" else quotes.tick_size,
    )
    return rows, int((~there).sum())


def bars_by_count(
    trades: TradeColumns, measure: str, size: Decimal, multiplier: Decimal = _ONE
) -> Counted:
    """Return bars of `size` trades (`t`), units (`v`) or money (`q`).

    Money is price times quantity times `multiplier`.

    A bar is stamped with its first trade; one that would share the stamp of the bar before is a
    nanosecond later. Raises `Invalid` for a size that is not positive, or too fine or large.
    """
    weights, goal = _weights(trades, measure, size, multiplier)
    ends = _ends(weights, goal)
    starts = np.concatenate((np.zeros(1, dtype=np.int64), ends[:-1]))[: len(ends)]
    left = len(weights) - (int(ends[-1]) if len(ends) else 0)
    return Counted(_bars(trades, starts, ends), ends - starts, left)


def _weights(
    trades: TradeColumns, measure: str, size: Decimal, multiplier: Decimal
) -> tuple[Int64, int]:
    """Return what each trade counts for, and how much closes a bar, both in whole numbers."""
    if measure == "t":
        weights, unit = np.ones(len(trades.ts_ns), dtype=np.int64), Decimal(1)
    elif measure == "v":
        weights, unit = trades.quantity_lots, trades.lot_size
    elif int(trades.price_ticks.min(initial=1)) <= 0:
        raise Invalid(
            "a trade at a price of zero or below adds no value, so it ends no bar of value: make "
            "bars of trades or of volume",
            code="data.bad_size",
        )
    else:
        largest = int(trades.price_ticks.max(initial=1)) * int(trades.quantity_lots.max(initial=1))
        if largest >= _MOST:
            raise Invalid("trades of this value cannot be counted exactly", code="data.bad_size")
        weights = trades.price_ticks * trades.quantity_lots
        unit = trades.tick_size * trades.lot_size * multiplier
    goal = size / unit
    if size <= 0 or goal != int(goal):
        raise Invalid(
            f"a bar of {size} cannot be counted in steps of {unit.normalize():f}; choose a "
            "positive multiple of it",
            code="data.bad_size",
        )
    if int(goal) >= _MOST or float(weights.sum(dtype=np.float64)) >= _MOST:
        raise Invalid(f"a bar of {size} is too large to be counted", code="data.bad_size")
    return weights, int(goal)


def _ends(weights: Int64, goal: int) -> Int64:
    """Return where each bar ends: after the trade with which it reaches its goal."""
    sums = np.cumsum(weights)
    ends: list[int] = []
    before = 0
    while True:
        end = int(np.searchsorted(sums, before + goal)) + 1
        if end > len(sums):
            return np.array(ends, dtype=np.int64)
        ends.append(end)
        before = int(sums[end - 1])


def _bars(trades: TradeColumns, starts: Int64, ends: Int64) -> BarColumns:
    """Return the bars of runs of trades that follow one another without a gap."""
    price, lots = trades.price_ticks, trades.quantity_lots
    stop = int(ends[-1]) if len(ends) else 0
    number = np.arange(len(starts), dtype=np.int64)
    first = trades.ts_ns[starts]
    apart = np.maximum.accumulate(first - number) + number if len(first) else first

    def over(ufunc: np.ufunc, values: Int64) -> Int64:
        found = ufunc.reduceat(values[:stop], starts) if len(starts) else starts
        return np.asarray(found, dtype=np.int64)

    return BarColumns(
        ts_ns=apart,
        open_ticks=price[starts],
        high_ticks=over(np.maximum, price),
        low_ticks=over(np.minimum, price),
        close_ticks=price[ends - 1],
        volume=_units(over(np.add, lots), trades.lot_size),
        tick_size=trades.tick_size,
    )


def _units(lots: Int64, lot_size: Decimal) -> Float64:
    """Return quantities in units, each rounded once."""
    numerator, denominator = lot_size.as_integer_ratio()
    return (lots * numerator) / float(denominator)
