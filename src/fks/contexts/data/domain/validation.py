"""Which rows of a table can be used, and what is wrong with the others.

Nothing is dropped: a row is kept or gets a reason. Faults that a bar survives (an outlier, no
volume, arriving late) become findings; faults that make it unusable put it into quarantine.
Kept prices are whole ticks, each the float that a parser gives for the tick's decimal.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from fks.contexts.data.domain._spotless import snap
from fks.contexts.data.domain.table import NO_TIME, RawTable, taken
from fks.contracts.columns import Float64, Int64

__all__ = ["REASONS", "Cleaned", "Floor", "clean", "outlier_rows"]

Floor = Literal["positive", "negative", "any"]
"""Which prices can be: above zero, below it too, or any."""

REASONS = (
    "",
    "unreadable time",
    "not a number",
    "price not positive",
    "high or low inconsistent",
    "volume negative",
    "duplicate of an earlier row",
    "contradicts another row of the same time",
    "off the tick size",
    "time out of range",
    "price out of range",
)
_OK, _TIME, _NUMBER, _PRICE, _OHLC, _VOLUME, _TWICE, _CONFLICT, _TICK, _RANGE, _LARGE = range(11)
# 1900 and 2200: beyond these a stamp was read in the wrong unit.
_EARLIEST_NS, _LATEST_NS = -2_208_988_800_000_000_000, 7_258_118_400_000_000_000
_MAX_TICKS = 2.0**52  # beyond it a float has no room for the next tick


class Cleaned(NamedTuple):
    """A table parted in two. `kept` is in time order without repeats; `reason` indexes REASONS.

    `out_of_order` counts kept rows that stood after a later one in the file and were moved,
    `rounded` those whose prices had more digits than the tick size.
    """

    kept: RawTable
    quarantined: RawTable
    reason: npt.NDArray[np.uint8]
    out_of_order: int
    rounded: int = 0

    def count(self, *reasons: str) -> int:
        """Return how many rows are quarantined for one of these reasons."""
        codes = [REASONS.index(reason) for reason in reasons]
        return int(np.isin(self.reason, codes).sum())


def clean(
    table: RawTable, tick_size: Decimal, *, rounding: bool = False, floor: Floor = "positive"
) -> Cleaned:
    """Part the rows. Prices that are not whole ticks are refused, or with `rounding` rounded.

    `floor` says which prices can be: above zero; below it too, and zero in a bar that has some of
    these; or any.

    Rows of one time: identical ones are kept once; if they differ, none can be trusted and all
    are quarantined.
    """
    spotless = _spotless(table, tick_size, rounding=rounding) if floor == "positive" else None
    if spotless is not None:
        return spotless
    reason = _faults(table, floor)
    snapped, changed = _on_ticks(table, tick_size, reason, rounding=rounding, floor=floor)
    good = np.flatnonzero(reason == _OK)
    stamps = table.ts_ns[good]
    in_order = bool((stamps[1:] > stamps[:-1]).all())
    if in_order and len(good) == len(table.row):
        return Cleaned(snapped, taken(table, good[:0]), reason[:0], 0, int(changed.sum()))
    order = good if in_order else good[np.argsort(stamps, kind="stable")]
    twice, conflict = _repeats(snapped, order)
    reason[twice], reason[conflict] = _TWICE, _CONFLICT
    kept = order[reason[order] == _OK]
    bad = np.flatnonzero(reason != _OK)
    in_file = np.sort(kept)
    late = table.ts_ns[in_file] < np.maximum.accumulate(table.ts_ns[in_file])
    return Cleaned(
        taken(snapped, kept),
        taken(table, bad),
        reason[bad],
        int(late.sum()),
        int(changed[kept].sum()),
    )


def _spotless(table: RawTable, tick_size: Decimal, *, rounding: bool) -> Cleaned | None:
    """Return a table parted that has nothing to part; None for any other."""
    numerator, denominator = tick_size.as_integer_ratio()
    if max(numerator, denominator) > _MAX_TICKS:
        return None
    prices = (table.open, table.high, table.low, table.close)
    first, high, low, last = (np.ascontiguousarray(price) for price in prices)
    snapped = np.empty((4, len(table.row)))
    changed = snap(
        np.ascontiguousarray(table.ts_ns),
        first,
        high,
        low,
        last,
        np.ascontiguousarray(table.volume),
        numerator=float(numerator),
        denominator=float(denominator),
        earliest_ns=_EARLIEST_NS,
        latest_ns=_LATEST_NS,
        rounding=rounding,
        snapped=snapped,
    )
    if changed < 0:
        return None
    first, high, low, last = snapped
    kept = table._replace(open=first, high=high, low=low, close=last, refused=())
    none = np.empty(0, dtype=np.int64)
    return Cleaned(kept, taken(table, none), np.empty(0, dtype=np.uint8), 0, changed)


def _faults(table: RawTable, floor: Floor) -> npt.NDArray[np.uint8]:
    """Return the first fault of each row by itself."""
    reason = np.zeros(len(table.row), dtype=np.uint8)
    prices = (table.open, table.high, table.low, table.close)

    def mark(bad: npt.NDArray[np.bool_], code: int) -> None:
        reason[(reason == _OK) & bad] = code

    mark(table.ts_ns == NO_TIME, _TIME)
    mark((table.ts_ns < _EARLIEST_NS) | (table.ts_ns > _LATEST_NS), _RANGE)
    for price in (*prices, table.volume):
        mark(~np.isfinite(price), _NUMBER)
    with np.errstate(invalid="ignore"):
        if floor == "positive":
            for price in prices:
                mark(price <= 0, _PRICE)
        elif floor == "negative":
            zero = np.any([price == 0 for price in prices], axis=0)
            mark(zero & ~np.any([price < 0 for price in prices], axis=0), _PRICE)
        top, bottom = np.maximum(table.open, table.close), np.minimum(table.open, table.close)
        mark((table.high < top) | (table.low > bottom), _OHLC)
        mark(table.volume < 0, _VOLUME)
    return reason


def _on_ticks(
    table: RawTable,
    tick_size: Decimal,
    reason: npt.NDArray[np.uint8],
    *,
    rounding: bool,
    floor: Floor,
) -> tuple[RawTable, npt.NDArray[np.bool_]]:
    """Return the table with its prices on ticks, and which rows that changed visibly.

    Rows that are not (to 1e-6 of a tick), or are too large or too small for any tick, get their
    reason; their prices in the returned table mean nothing.
    """
    numerator, denominator = tick_size.as_integer_ratio()
    changed = np.zeros(len(table.row), dtype=np.bool_)
    snapped: list[Float64] = []
    with np.errstate(invalid="ignore", over="ignore"):
        for price in (table.open, table.high, table.low, table.close):
            steps = price * denominator / numerator
            whole = np.rint(steps)
            changed |= np.abs(steps - whole) > np.maximum(1e-6, np.abs(steps) * 1e-12)
            reason[(reason == _OK) & (np.abs(whole) > _MAX_TICKS)] = _LARGE
            if floor == "positive":
                reason[(reason == _OK) & (whole <= 0)] = _TICK
            snapped.append((whole * numerator) / float(denominator))
    if not rounding:
        reason[(reason == _OK) & changed] = _TICK
        changed[:] = False
    first, high, low, last = snapped
    return table._replace(open=first, high=high, low=low, close=last, refused=()), changed


def _repeats(table: RawTable, order: Int64) -> tuple[Int64, Int64]:
    """Return rows that repeat an identical one, and all rows of times with different ones."""
    stamps = table.ts_ns[order]
    same = stamps[1:] == stamps[:-1]
    if not same.any():
        none = np.empty(0, dtype=np.int64)
        return none, none
    group = np.concatenate(([0], np.cumsum(~same)))
    differs = np.zeros(len(order), dtype=np.bool_)
    for column in (table.open, table.high, table.low, table.close, table.volume):
        values = column[order]
        differs[1:] |= same & (values[1:] != values[:-1])
    torn = np.isin(group, group[differs])
    again = np.concatenate(([False], same))
    return order[again & ~torn], order[torn]


def outlier_rows(close: Float64) -> Int64:
    """Return the bars whose return lies more than five standard deviations from the mean.

    Returns are logarithmic; where a price is zero or below they are differences.
    """
    if len(close) < 20:
        return np.empty(0, dtype=np.int64)
    returns = np.diff(np.log(close) if close.min() > 0 else close)
    returns -= returns.mean()
    spread = float(np.sqrt(returns @ returns / len(returns)))
    if spread == 0.0:
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(np.abs(returns, out=returns) > 5 * spread) + 1
