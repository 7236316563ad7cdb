"""Longer bars from shorter ones: by the clock, or by sessions.

Prices are ticks and volumes are summed as whole units of the last decimal place they have, so that
nothing depends on the order of additions: hours made of five-minute bars are the hours made of
minutes, to the last bit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fks.contexts.data.domain._aggregate import by_spans, by_step
from fks.contexts.data.domain._precision import absolute_sum
from fks.contexts.data.domain.precision import MAX_PLACES, precision_of
from fks.contracts.columns import BarColumns, Float64, Int64

__all__ = ["Resampled", "Spans", "resample_by_spans", "resample_by_step", "volume_places"]

_MOST_UNITS = float(1 << 62)


class Spans(NamedTuple):
    """Half-open spans of time in UTC ns, sorted and apart, each with the stamp of its bar."""

    begins: Int64
    ends: Int64
    stamps: Int64


class Resampled(NamedTuple):
    """Bars, how many rows each was made of, and how many rows lay in no span.

    `rounded`: volumes have more than nine decimal places (or are so large that fewer fit) and were
    rounded before they were summed.
    """

    columns: BarColumns
    rows: Int64
    outside: int = 0
    rounded: bool = False


def resample_by_step(columns: BarColumns, step_ns: int, origin_ns: int = 0) -> Resampled:
    """Return one bar for each step of the clock that holds bars; the stamp is the step's begin."""
    assert step_ns > 0
    return _resampled(columns, step_ns, origin_ns, None)


def resample_by_spans(columns: BarColumns, spans: Spans) -> Resampled:
    """Return one bar for each span that holds bars."""
    assert bool((spans.begins[1:] >= spans.ends[:-1]).all())
    return _resampled(columns, 0, 0, spans)


def volume_places(volume: Float64) -> tuple[int, bool]:
    """Return the decimal places to sum volumes in, and whether they are exact."""
    found = precision_of((volume,))
    places, exact = (found.places, True) if found.exact else (MAX_PLACES, False)
    total = absolute_sum(np.ascontiguousarray(volume))
    while places > 0 and total * 10.0**places >= _MOST_UNITS:
        places, exact = places - 1, False
    return places, exact


def _resampled(columns: BarColumns, step_ns: int, origin_ns: int, spans: Spans | None) -> Resampled:
    """Run over the columns once."""
    places, exact = volume_places(columns.volume)
    prices = (columns.open_ticks, columns.high_ticks, columns.low_ticks, columns.close_ticks)
    first, high, low, last = (np.ascontiguousarray(one) for one in prices)
    volume, ts_ns = np.ascontiguousarray(columns.volume), np.ascontiguousarray(columns.ts_ns)
    most, outside = len(ts_ns), 0
    if spans is not None:
        most = min(most, len(spans.begins))
    elif most:
        most = min(most, int(ts_ns[-1] - ts_ns[0]) // step_ns + 2)
    out = [np.empty(most, dtype=np.int64) for _ in range(7)]
    if spans is None:
        count = by_step(
            ts_ns, step_ns, origin_ns, first, high, low, last, volume, 10.0**places, *out
        )
    else:
        count, outside = by_spans(ts_ns, *spans, first, high, low, last, volume, 10.0**places, *out)
    made = [one[:count] for one in out]
    bars = BarColumns(
        ts_ns=made[0],
        open_ticks=made[1],
        high_ticks=made[2],
        low_ticks=made[3],
        close_ticks=made[4],
        volume=made[5] / 10.0**places,
        tick_size=columns.tick_size,
    )
    return Resampled(bars, made[6], outside, not exact)
