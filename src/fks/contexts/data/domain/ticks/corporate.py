"""Part corporate actions into those that can be used and those that cannot, each with its reason.

Actions of a day have no order among themselves, so they are put into one: the same actions make
the same dataset, in whichever order they came. Two equal actions of one day are the same one, told
twice (by overlapping files, say); two different dividends of a day are both paid.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from fks.contexts.data.domain.actions import MOST_RATIO, Action, ratio_of
from fks.contexts.data.domain.table import NO_TIME
from fks.contexts.data.domain.ticks.cleaning import REASONS, CleanedTicks
from fks.contracts.columns import Float64, Int64
from fks.contracts.data.ticks import NO_PRICE, ActionColumns, ActionRows
from fks.kernel.errors import Invalid

__all__ = ["MOST_ROWS", "actions_of_columns", "clean_actions"]

MOST_ROWS = 100_000
"""How many actions of one symbol are taken at a time: each is worked out exactly."""

_DAY_NS = 86_400_000_000_000
_E9 = 10**9
_CLOSE, _CLOSEST = 10**7, 10**12
_Mask = npt.NDArray[np.bool_]


def clean_actions(rows: ActionRows) -> CleanedTicks:
    """Part actions. Raises `Invalid` for more than `MOST_ROWS`."""
    count = len(rows.ts_ns)
    if count > MOST_ROWS:
        raise Invalid(f"{count:,} actions are more than {MOST_ROWS:,}", code="data.too_large")
    reason = np.zeros(count, dtype=np.uint8)
    for which, words in _faults(rows):
        reason[which & (reason == 0)] = REASONS.index(words)
    kept = np.flatnonzero(reason == 0)
    late = int((np.diff(rows.ts_ns[kept]) < 0).sum())
    arrays = _arrays(rows, kept)
    order = np.lexsort((arrays[4] == NO_PRICE, *arrays[3:0:-1], arrays[0]))
    kept, arrays = kept[order], tuple(one[order] for one in arrays)
    again = np.zeros(len(kept), dtype=bool)
    again[1:] = np.all([one[1:] == one[:-1] for one in arrays[:4]], axis=0)
    reason[kept[again]] = REASONS.index("the same action again")
    bad = np.flatnonzero(reason != 0)
    return CleanedTicks(
        tuple(one[~again] for one in arrays), kept[~again], bad, reason[bad], late, int(again.sum())
    )


def actions_of_columns(columns: ActionColumns) -> tuple[Action, ...]:
    """Return the actions of a dataset, exactly."""
    return tuple(
        Action(
            ts_ns // _DAY_NS,
            Fraction(new, old),
            Fraction(dividend, _E9),
            None if close == NO_PRICE else Fraction(close, _E9),
        )
        for ts_ns, new, old, dividend, close in zip(
            *(one.tolist() for one in columns[:5]), strict=True
        )
    )


def _faults(rows: ActionRows) -> Iterator[tuple[_Mask, str]]:
    """Yield which rows cannot be used, and why."""
    yield rows.ts_ns == NO_TIME, "the time cannot be read"
    yield rows.ts_ns % _DAY_NS != 0, "an ex-date is no date"
    numbers = np.isfinite(rows.ratio) & np.isfinite(rows.dividend)
    yield ~numbers | (np.abs(rows.dividend) > _E9), "a number cannot be read"
    few, many = rows.ratio * MOST_RATIO < 1, rows.ratio > MOST_RATIO
    yield few | many, "a split that cannot be"
    yield rows.dividend < 0, "a dividend below 0"
    yield (rows.ratio == 1) & (rows.dividend * _E9 < 0.5), "neither a split nor a dividend"


def _arrays(rows: ActionRows, kept: Int64) -> tuple[Int64, ...]:
    """Return the arrays of the columns."""
    ratios = [_bounded(ratio) for ratio in rows.ratio[kept].tolist()]
    return (
        rows.ts_ns[kept],
        np.array([one.numerator for one in ratios], dtype=np.int64),
        np.array([one.denominator for one in ratios], dtype=np.int64),
        _billionths(rows.dividend[kept]),
        _billionths(rows.close[kept]),
    )


def _bounded(ratio: float) -> Fraction:
    """Return the ratio that a number stands for, in numbers of 63 bits.

    That is the one of the smallest numbers that the float can be, so that it is found again.
    """
    exact = ratio_of(ratio)
    near = exact.limit_denominator(_CLOSE)
    return near if float(near) == ratio else exact.limit_denominator(_CLOSEST)


def _billionths(values: Float64) -> Int64:
    """Return money in billionths; `NO_PRICE` for a close that is not known."""
    known = np.isfinite(values) & (values >= 0) & (values <= _E9)
    found = [
        round(Fraction(repr(value)) * _E9) if good else NO_PRICE
        for value, good in zip(values.tolist(), known.tolist(), strict=True)
    ]
    return np.array(found, dtype=np.int64)
