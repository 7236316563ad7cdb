"""Timeframes such as `1m`, `4h`, `1d`: their length, and finding a table's own.

`100t`, `2.5v` and `1000000q` are bars of so many trades, units, or so much money: they follow no
clock, and count as a nanosecond long, which is the least that two of them are apart.
"""

from __future__ import annotations

import re

import numpy as np

from fks.contracts.columns import Int64
from fks.kernel.errors import Invalid

__all__ = ["DAY_NS", "NO_CLOCK_NS", "clock_ns", "detect_timeframe", "timeframe_ns"]

_S = 1_000_000_000
DAY_NS = 86_400 * _S
_UNITS = {"s": _S, "m": 60 * _S, "h": 3600 * _S, "d": DAY_NS, "w": 7 * DAY_NS}
_TEXT = re.compile(r"([1-9]\d{0,4})([smhdw])\Z")
_COUNTED = re.compile(r"(?:[1-9]\d{0,14}[tvq]|\d{1,15}\.\d{1,9}[vq])\Z")

NO_CLOCK_NS = 1
"""The length of bars that are closed by what was traded."""


def timeframe_ns(timeframe: str) -> int:
    """Return the length of a timeframe in nanoseconds. Raises `Invalid` for other texts."""
    match = _TEXT.match(timeframe)
    if match is None and _COUNTED.match(timeframe):
        return NO_CLOCK_NS
    if match is None:
        raise Invalid(
            f"no timeframe {timeframe[:20]!r}; write a number and s, m, h, d or w, such as 1m",
            code="data.bad_timeframe",
        )
    return int(match[1]) * _UNITS[match[2]]


def clock_ns(timeframe: str) -> int:
    """Return the length of a timeframe of the clock. Raises `Invalid` for bars that follow none."""
    length = timeframe_ns(timeframe)
    if length == NO_CLOCK_NS:
        raise Invalid(
            f"bars of {timeframe} follow no clock, and this needs bars that do: make them of their "
            "trades with fks data aggregate --every 1m",
            code="data.no_clock",
        )
    return length


def detect_timeframe(ts_ns: Int64) -> str:
    """Return the commonest distance between following bars; `1d` where there is none.

    `ts_ns` is sorted without repeats. Distances from 20 hours to 4 days are days (weekends and
    summer time), longer ones weeks.
    """
    if len(ts_ns) < 2:
        return "1d"
    step = _commonest(np.diff(ts_ns))
    if step > 4 * DAY_NS:
        return "1w"
    if step >= 20 * 3600 * _S:
        return "1d"
    for unit in ("h", "m", "s"):
        if step % _UNITS[unit] == 0:
            return f"{step // _UNITS[unit]}{unit}"
    raise Invalid(
        f"bars follow one another after {step} ns: these are not bars of whole seconds; "
        "give --timeframe if they are",
        code="data.bad_timeframe",
    )


def _commonest(steps: Int64) -> int:
    """Return the commonest of some numbers; what most of them are is found without sorting."""
    values, counts = np.unique(steps[:1000], return_counts=True)
    likely = int(values[counts.argmax()])
    if 2 * int((steps == likely).sum()) > len(steps):
        return likely
    values, counts = np.unique(steps, return_counts=True)
    return int(values[counts.argmax()])
