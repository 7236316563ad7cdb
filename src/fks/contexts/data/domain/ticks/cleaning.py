"""Part rows of ticks into those that can be used and those that cannot, each with its reason.

Trades and quotes are put into the order of their times; what shares a time stays as it came. Rows
of a book are never moved: their order is their meaning. Two trades that are equal and have no id
are two trades.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fks.contexts.data.domain.precision import off_grid
from fks.contexts.data.domain.table import NO_TIME
from fks.contexts.data.domain.ticks.content import MarketRows, TickRows
from fks.contexts.data.domain.validation import Floor
from fks.contracts.columns import Float64, Int64
from fks.contracts.data.ticks import (
    CLEAR,
    NO_ID,
    NO_PRICE,
    SNAPSHOT,
    ActionRows,
    DepthRows,
    QuoteRows,
    TradeRows,
    ValueRows,
)

__all__ = ["REASONS", "CleanedTicks", "clean_ticks", "prices_of", "quantities_of"]

REASONS = (
    "",
    "the time cannot be read",
    "a number cannot be read",
    "a price is not positive",
    "a quantity is not positive",
    "a price is off the tick",
    "a quantity is off the lot",
    "the same trade again",
    "another trade of the same id",
    "both sides are empty",
    "an ex-date is no date",
    "a split that cannot be",
    "a dividend below 0",
    "neither a split nor a dividend",
    "the same action again",
)
_Mask = npt.NDArray[np.bool_]
_LARGEST = 2.0**62
_LARGEST_VALUE = 9e9


class CleanedTicks(NamedTuple):
    """`arrays` of usable rows in ticks and lots; `bad` rows by index, with a reason each."""

    arrays: tuple[Any, ...]
    kept: Int64
    bad: Int64
    reason: npt.NDArray[np.uint8]
    out_of_order: int = 0
    repeats: int = 0
    crossed: int = 0
    back: int = 0


def prices_of(rows: TickRows) -> tuple[Float64, ...]:
    """Return the columns of rows that hold prices in ticks."""
    if isinstance(rows, ActionRows | ValueRows):
        return ()
    if isinstance(rows, TradeRows | DepthRows):
        return (rows.price,)
    return (rows.bid, rows.ask) if isinstance(rows, QuoteRows) else (rows.mark,)


def quantities_of(rows: TickRows) -> tuple[Float64, ...]:
    """Return the columns of rows that hold quantities."""
    if isinstance(rows, TradeRows | DepthRows):
        return (rows.quantity,)
    return (rows.bid_quantity, rows.ask_quantity) if isinstance(rows, QuoteRows) else ()


def clean_ticks(
    rows: MarketRows,
    tick: Decimal,
    lot: Decimal,
    *,
    rounding: bool = False,
    floor: Floor = "positive",
) -> CleanedTicks:
    """Part rows. With `rounding` what is off the grid is rounded to it, else it is refused.

    `floor` says which prices can be; of `negative` ones zero is none.
    """
    reason = np.zeros(len(rows.ts_ns), dtype=np.uint8)
    _mark(reason, rows.ts_ns == NO_TIME, 1)
    if isinstance(rows, TradeRows):
        _mark_trades(rows, reason, floor)
    elif isinstance(rows, QuoteRows):
        _mark_quotes(rows, reason, floor)
    elif isinstance(rows, DepthRows):
        _mark_depth(rows, reason, floor)
    elif isinstance(rows, ValueRows):
        _mark(reason, ~(np.abs(rows.value) < _LARGEST_VALUE), 2)
    else:
        _mark(reason, ~np.isfinite(rows.rate) | (np.abs(rows.rate) > 1e3), 2)
    if not rounding:
        for column in prices_of(rows):
            _mark(reason, _off(column, tick), 5)
        for column in quantities_of(rows):
            _mark(reason, _off(column, lot), 6)
    for column, size in (
        *((p, tick) for p in prices_of(rows)),
        *((q, lot) for q in quantities_of(rows)),
    ):
        with np.errstate(invalid="ignore"):
            _mark(reason, np.abs(column / float(size)) > _LARGEST, 2)
    return _parted(rows, reason, tick, lot)


def _parted(
    rows: MarketRows, reason: npt.NDArray[np.uint8], tick: Decimal, lot: Decimal
) -> CleanedTicks:
    """Put usable rows in order, in whole numbers."""
    kept = np.flatnonzero(reason == 0)
    ts_ns = rows.ts_ns[kept]
    late = int((ts_ns[1:] < ts_ns[:-1]).sum())
    if late and not isinstance(rows, DepthRows):
        kept = kept[np.argsort(ts_ns, kind="stable")]
    repeats = 0
    if isinstance(rows, TradeRows):
        kept, repeats = _without_repeats(rows, kept, reason)
    crossed = back = 0
    if isinstance(rows, QuoteRows):
        with np.errstate(invalid="ignore"):
            crossed = int((rows.bid[kept] > rows.ask[kept]).sum())
    if isinstance(rows, DepthRows):
        known = rows.sequence[kept]
        known = known[(known != NO_ID) & (rows.flags[kept] & SNAPSHOT == 0)]
        back = int((known[1:] < known[:-1]).sum())
    bad = np.flatnonzero(reason != 0)
    return CleanedTicks(
        _arrays(rows, kept, tick, lot), kept, bad, reason[bad], late, repeats, crossed, back
    )


def _arrays(rows: MarketRows, kept: Int64, tick: Decimal, lot: Decimal) -> tuple[Any, ...]:
    """Return the arrays of the columns of a kind."""
    ts_ns = rows.ts_ns[kept]
    if isinstance(rows, TradeRows):
        return (
            ts_ns,
            _whole(rows.price[kept], tick),
            _whole(rows.quantity[kept], lot),
            rows.side[kept],
            rows.id[kept],
        )
    if isinstance(rows, QuoteRows):
        return (
            ts_ns,
            _whole(rows.bid[kept], tick),
            _whole(rows.bid_quantity[kept], lot, empty=0),
            _whole(rows.ask[kept], tick),
            _whole(rows.ask_quantity[kept], lot, empty=0),
        )
    if isinstance(rows, DepthRows):
        return (
            *(ts_ns, rows.sequence[kept], rows.action[kept], rows.side[kept]),
            _whole(rows.price[kept], tick),
            _whole(rows.quantity[kept], lot, empty=0),
            *(rows.order_id[kept], rows.flags[kept]),
        )
    if isinstance(rows, ValueRows):
        whole = np.floor(rows.value[kept])  # apart, so that large numbers stay exact
        rest = np.rint((rows.value[kept] - whole) * 1e9).astype(np.int64)
        return ts_ns, whole.astype(np.int64) * 10**9 + rest
    rate_e9 = np.rint(rows.rate[kept] * 1e9).astype(np.int64)
    return ts_ns, rate_e9, _whole(rows.mark[kept], tick)


def _whole(values: Float64, size: Decimal, empty: int = NO_PRICE) -> Int64:
    """Return the nearest whole steps; `empty` where there is no number."""
    numerator, denominator = size.as_integer_ratio()
    there = np.isfinite(values)
    steps = np.rint(np.where(there, values, 0.0) * denominator / numerator).astype(np.int64)
    return np.where(there, steps, empty)


def _off(values: Float64, size: Decimal) -> _Mask:
    """Tell which numbers are no whole steps."""
    numerator, denominator = size.as_integer_ratio()
    there = np.isfinite(values)
    return there & off_grid(np.where(there, values, 0.0) * denominator / numerator)


def _mark(reason: npt.NDArray[np.uint8], which: _Mask, code: int) -> None:
    """Give a reason to rows that have none yet."""
    reason[which & (reason == 0)] = code


def _below(price: Float64, floor: Floor) -> _Mask:
    """Tell which prices cannot be."""
    if floor == "any":
        return np.zeros(len(price), dtype=bool)
    return np.asarray(price <= 0 if floor == "positive" else price == 0)


def _mark_trades(rows: TradeRows, reason: npt.NDArray[np.uint8], floor: Floor) -> None:
    """Mark trades that are none."""
    _mark(reason, ~(np.isfinite(rows.price) & np.isfinite(rows.quantity)), 2)
    _mark(reason, _below(rows.price, floor), 3)
    _mark(reason, rows.quantity <= 0, 4)


def _mark_quotes(rows: QuoteRows, reason: npt.NDArray[np.uint8], floor: Floor) -> None:
    """Mark quotes that are none; a side without a price and quantity 0 is empty."""
    for price, quantity in ((rows.bid, rows.bid_quantity), (rows.ask, rows.ask_quantity)):
        empty = np.isnan(price) & (quantity == 0)
        _mark(reason, ~empty & ~(np.isfinite(price) & np.isfinite(quantity)), 2)
        _mark(reason, ~empty & _below(price, floor), 3)
        _mark(reason, quantity < 0, 4)
    _mark(reason, np.isnan(rows.bid) & np.isnan(rows.ask), 9)


def _mark_depth(rows: DepthRows, reason: npt.NDArray[np.uint8], floor: Floor) -> None:
    """Mark rows of a book that are none; emptying it needs no numbers."""
    clear = rows.action == CLEAR
    _mark(reason, ~clear & ~(np.isfinite(rows.price) & np.isfinite(rows.quantity)), 2)
    _mark(reason, ~clear & _below(rows.price, floor), 3)
    _mark(reason, ~clear & (rows.quantity < 0), 4)


def _without_repeats(
    rows: TradeRows, kept: Int64, reason: npt.NDArray[np.uint8]
) -> tuple[Int64, int]:
    """Return trades without those whose id came before; the first one of an id stays."""
    ids = rows.id[kept]
    named = ids != NO_ID
    if not named.any():
        return kept, 0
    order = np.argsort(ids, kind="stable")
    again = np.zeros(len(kept), dtype=bool)
    again[order[1:]] = (ids[order[1:]] == ids[order[:-1]]) & named[order[1:]]
    if not again.any():
        return kept, 0
    firsts = np.maximum.accumulate(np.where(again[order], 0, np.arange(len(order))))
    first_of = np.empty(len(kept), dtype=np.int64)
    first_of[order] = kept[order[firsts]]
    same = np.ones(len(kept), dtype=bool)
    for column in (rows.ts_ns, rows.price, rows.quantity, rows.side):
        same &= column[kept] == column[first_of]
    reason[kept[again & same]] = 7
    reason[kept[again & ~same]] = 8
    return kept[~again], int(again.sum())
