"""Pages that came whole and yet may be wrong: a provider is asked once more before they stand.

A provider in trouble answers with status 200 as well: with a hole where bars should be, with rows
of another time, with a price ten times too high. A page of which one of these is true is asked for
again by the next run; when the provider says the same twice, it is what the provider has.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fks.contracts.columns import Int64
from fks.contracts.data.ticks import BarRows, Rows

__all__ = ["doubt", "overfull", "same_rows"]

_SPIKE = 5.0
_SLACK_ROWS, _SLACK_SHARE = 10, 50


def doubt(rows: BarRows, expected: Int64) -> str:
    """Return why a page of bars may be wrong; empty where nothing speaks for it.

    `expected` are the bars that the calendar expects from the page's first row, or where the page
    before it ended, to where this one ends. A page that lacks more than half of them is thin, and
    has no hole. A spike is a bar whose close is more than five times
    as far up or down as those of both its neighbours.
    """
    ts_ns = rows.ts_ns
    if not len(ts_ns):
        return ""
    if bool((np.diff(ts_ns) <= 0).any()):
        return "its times do not follow one another"
    prices: Any = np.stack((rows.open, rows.high, rows.low, rows.close))
    if not bool(np.isfinite(prices).all()) or not bool(np.isfinite(rows.volume).all()):
        return "a bar is no number"
    inside = (prices <= rows.high).all() and (prices >= rows.low).all()
    if not inside or bool((rows.volume < 0).any()):
        return "a bar contradicts itself"
    if _spiked(rows.close):
        return "a price is many times those beside it"
    missing = len(np.setdiff1d(expected, ts_ns, assume_unique=True))
    return "bars are missing in it" if 0 < missing <= len(expected) // 2 else ""


def overfull(rows: Rows, step_ns: int) -> bool:
    """Tell whether bars are more than their span can hold, beyond what repeats explain."""
    count = len(rows.ts_ns)
    if not count:
        return False
    span_ns = int(rows.ts_ns.max()) - int(rows.ts_ns.min())
    return count > span_ns // step_ns + 1 + _SLACK_ROWS + count // _SLACK_SHARE


def same_rows(one: Rows, other: Rows) -> bool:
    """Tell whether two pages say the same; what is no number equals itself."""
    pairs: Any = zip(one, other, strict=True)
    return type(one) is type(other) and all(
        np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in pairs
    )


def _spiked(close: Any) -> bool:
    """Tell whether a close stands far above or far below both its neighbours."""
    if len(close) < 3 or not bool((close > 0).all()):
        return False
    steps = np.diff(np.log(close))
    up, down = steps > np.log(_SPIKE), steps < -np.log(_SPIKE)
    return bool((up[:-1] & down[1:]).any() or (down[:-1] & up[1:]).any())
