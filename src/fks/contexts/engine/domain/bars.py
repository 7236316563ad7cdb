"""One bar as a strategy sees it, and runs of bars put on another tick size."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction

import msgspec
import numpy as np

from fks.contracts.columns import BarColumns, Int64, prices_to_ticks
from fks.contracts.data import BarClosed
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid

__all__ = ["BarView", "adjust_instrument", "one_bar", "retick", "view_of"]


class BarView(msgspec.Struct, frozen=True):
    """A closed bar; `ts_ns` is its open in UTC nanoseconds, `index` counts from 0."""

    ts_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    index: int


def view_of(bars: BarColumns, row: int, index: int) -> BarView:
    """Return row `row` of a run of bars as bar number `index`."""
    return BarView(
        ts_ns=int(bars.ts_ns[row]),
        open=float(bars.open[row]),
        high=float(bars.high[row]),
        low=float(bars.low[row]),
        close=float(bars.close[row]),
        volume=float(bars.volume[row]),
        index=index,
    )


def one_bar(event: BarClosed, tick_size: Decimal) -> BarColumns:
    """Return the bar of an event as columns of one row."""
    prices = np.array([event.open, event.high, event.low, event.close], dtype=np.float64)
    ticks = prices_to_ticks(prices, tick_size)
    return BarColumns(
        ts_ns=np.array([event.ts_ns], dtype=np.int64),
        open_ticks=ticks[0:1],
        high_ticks=ticks[1:2],
        low_ticks=ticks[2:3],
        close_ticks=ticks[3:4],
        volume=np.array([event.volume], dtype=np.float64),
        tick_size=tick_size,
    )


def adjust_instrument(
    instrument: Instrument, *, tick_size: str | None, lot_size: str | None, multiplier: str | None
) -> Instrument:
    """Return the instrument with what a request says instead. Raises `Invalid` for no number."""
    changes = {}
    for name, text in (
        ("tick_size", tick_size),
        ("lot_size", lot_size),
        ("multiplier", multiplier),
    ):
        if text is not None:
            changes[name] = _positive(name, text)
    return msgspec.structs.replace(instrument, **changes) if changes else instrument


def retick(bars: BarColumns, tick_size: Decimal) -> BarColumns:
    """Return the same prices in ticks of another size.

    Raises `Invalid` when a price is no whole number of them, naming the first.
    """
    if tick_size == bars.tick_size:
        return bars
    numerator, denominator = (Fraction(bars.tick_size) / Fraction(tick_size)).as_integer_ratio()
    if max(numerator, denominator) * max(1, int(np.abs(bars.high_ticks).max(initial=0))) >= 2**62:
        raise Invalid(
            f"tick size {tick_size} is too far from the dataset's {bars.tick_size}",
            code="engine.bad_tick_size",
        )
    columns: dict[str, Int64] = {}
    for name in ("open_ticks", "high_ticks", "low_ticks", "close_ticks"):
        ticks: Int64 = getattr(bars, name)
        scaled = ticks * numerator
        off = np.flatnonzero(scaled % denominator)
        if len(off):
            row = int(off[0])
            price = int(ticks[row]) * bars.tick_size
            raise Invalid(
                f"{name.removesuffix('_ticks')} {price} of bar {row} is no multiple of tick size "
                f"{tick_size}; leave --tick-size out to take the dataset's {bars.tick_size}",
                code="engine.bad_tick_size",
            )
        columns[name] = scaled // denominator
    return BarColumns(ts_ns=bars.ts_ns, volume=bars.volume, tick_size=tick_size, **columns)


def _positive(name: str, text: str) -> Decimal:
    """Return a positive decimal."""
    words = name.replace("_", " ")
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise Invalid(
            f"{words} {text[:40]!r} is no number; write it as 0.25", code="engine.bad_instrument"
        ) from None
    if not value.is_finite() or value <= 0:
        raise Invalid(f"{words} {text[:40]} must be positive", code="engine.bad_instrument")
    return value
