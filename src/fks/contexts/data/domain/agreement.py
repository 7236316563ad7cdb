"""Do two datasets tell the same story? Bars aligned by time, returns compared, a shift looked for.

Differences are in ticks of the coarser of the two instruments. All of it is over the time that
both cover; the shift is looked for in at most 200,000 bars at the end of it.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from fks.contexts.data.domain.rules.kinds import iso
from fks.contexts.data.domain.table import RawTable, taken
from fks.contracts.columns import Float64, Int64
from fks.contracts.data import DatasetInfo, Finding
from fks.contracts.data.reports import ColumnAgreement, DatasetComparison, DifferentBar
from fks.kernel.errors import Invalid

__all__ = ["LEAST_RETURNS", "SHIFT_BARS", "agreement", "disagreement"]

_PRICES = ("open", "high", "low", "close")
_HOUR_NS = 3_600_000_000_000
_FIRST = 5
SHIFT_BARS, SHIFT_HOURS, LEAST_RETURNS = 200_000, 14, 30


class _Shift(NamedTuple):
    """How well returns agree at a shift of stamps, over how many bars."""

    lag_ns: int
    correlation: float
    bars: int


def agreement(
    a: tuple[DatasetInfo, RawTable],
    b: tuple[DatasetInfo, RawTable],
    step_ns: int,
    *,
    tolerance_ticks: int = 0,
    examples: int = 5,
) -> DatasetComparison:
    """Compare two datasets of one timeframe. Raises `Invalid` where they have no time in common."""
    (info_a, all_a), (info_b, all_b) = a, b
    begin = max(info_a.first_ts_ns, info_b.first_ts_ns)
    end = min(info_a.last_ts_ns, info_b.last_ts_ns) + 1
    if begin >= end:
        raise Invalid(
            f"{info_a.name} and {info_b.name} have no time in common: one ends before the other "
            "begins",
            code="data.nothing_to_compare",
        )
    bars_a, bars_b = _between(all_a, begin, end), _between(all_b, begin, end)
    rows_a, rows_b = _matched(bars_a.ts_ns, bars_b.ts_ns)
    common_a, common_b = taken(bars_a, rows_a), taken(bars_b, rows_b)
    tick = max(info_a.instrument.tick_size, info_b.instrument.tick_size)
    columns, differs = _columns(common_a, common_b, float(tick), tolerance_ticks)
    margin = SHIFT_HOURS * _HOUR_NS + _FIRST * step_ns
    wide_a, wide_b = (_between(bars, begin - margin, end + margin) for bars in (all_a, all_b))
    unshifted = _shift(wide_a, wide_b, 0)
    best = _best_shift(wide_a, wide_b, step_ns, unshifted)
    only_a = np.delete(bars_a.ts_ns, rows_a)
    only_b = np.delete(bars_b.ts_ns, rows_b)
    found = DatasetComparison(
        a=info_a.name,
        b=info_b.name,
        a_hash=info_a.hash,
        b_hash=info_b.hash,
        timeframe=info_a.timeframe,
        tick_size=str(tick),
        tolerance_ticks=tolerance_ticks,
        from_ts_ns=begin,
        to_ts_ns=end - 1 + step_ns,
        common=len(rows_a),
        only_a=len(only_a),
        only_b=len(only_b),
        differing=int(differs.sum()),
        columns=columns,
        correlation=unshifted.correlation,
        lag_bars=best.lag_ns // step_ns,
        lag_correlation=best.correlation,
        first_only_a_ns=tuple(only_a[:_FIRST].tolist()),
        first_only_b_ns=tuple(only_b[:_FIRST].tolist()),
        examples=_examples(common_a, common_b, differs, examples),
    )
    verdict = tuple(_verdict(found, step_ns, _ratio(common_a, common_b)))
    return msgspec.structs.replace(found, verdict=verdict)


def disagreement(found: DatasetComparison) -> Finding:
    """Return a comparison as a finding of A: an error for a shift, else a warning or a remark."""
    apart = found.differing + found.only_a + found.only_b
    severity = "error" if found.lag_bars else "warning" if apart else "info"
    return Finding(
        rule="cross-provider",
        severity=severity,
        count=apart,
        message=f"compared with {found.b}: " + "; ".join(found.verdict),
        examples=tuple(iso(one.ts_ns) for one in found.examples[:_FIRST]),
        code="cross_provider",
    )


def _between(bars: RawTable, begin: int, end: int) -> RawTable:
    """Return the bars of a span of time, sharing memory."""
    low, high = np.searchsorted(bars.ts_ns, [begin, end])
    return RawTable(*(bars[k][low:high] for k in range(7)))  # type: ignore[arg-type]  # seven arrays


def _matched(first: Int64, second: Int64) -> tuple[Int64, Int64]:
    """Return the rows of two sorted columns of times that are the same."""
    if not len(first) or not len(second):
        none = np.empty(0, dtype=np.int64)
        return none, none
    if np.array_equal(first, second):
        rows = np.arange(len(first), dtype=np.int64)
        return rows, rows
    place = np.minimum(np.searchsorted(second, first), len(second) - 1)
    rows = np.flatnonzero(second[place] == first)
    return rows, place[rows]


def _columns(
    a: RawTable, b: RawTable, tick: float, tolerance: int
) -> tuple[tuple[ColumnAgreement, ...], npt.NDArray[np.bool_]]:
    """Return how each column differs, and which bars have a price that does."""
    differs = np.zeros(len(a.row), dtype=np.bool_)
    told = []
    for name in _PRICES:
        apart = np.abs(np.round((getattr(a, name) - getattr(b, name)) / tick, 6))
        beyond = apart > tolerance
        differs |= beyond
        told.append(_column(name, apart[beyond]))
    volume = np.abs(a.volume - b.volume)
    # Sums of trades in another order may differ in the last bit.
    told.append(_column("volume", volume[volume > 1e-9 * np.maximum(a.volume, b.volume)]))
    return tuple(told), differs


def _column(name: str, apart: Float64) -> ColumnAgreement:
    """Return a column's differences."""
    if not len(apart):
        return ColumnAgreement(column=name, differing=0)
    largest, median = float(apart.max()), float(np.median(apart))
    return ColumnAgreement(column=name, differing=len(apart), largest=largest, median=median)


def _returns(bars: RawTable) -> tuple[Int64, Float64]:
    """Return the log return of each bar over the one before it, and the bars' times.

    Where a price is zero or below, they are differences of prices.
    """
    close = bars.close[-SHIFT_BARS:]
    returns = np.diff(np.log(close) if close.min(initial=1.0) > 0 else close)
    return bars.ts_ns[-SHIFT_BARS:][1:], returns


def _shift(a: RawTable, b: RawTable, lag_ns: int) -> _Shift:
    """Compare the returns of bars that A stamps t and B stamps t + lag."""
    (times_a, returns_a), (times_b, returns_b) = _returns(a), _returns(b)
    rows_a, rows_b = _matched(times_a + lag_ns, times_b)
    x, y = returns_a[rows_a], returns_b[rows_b]
    if len(x) < LEAST_RETURNS:
        return _Shift(lag_ns, 0.0, len(x))
    x, y = x - x.mean(), y - y.mean()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    found = float(x @ y) / scale if scale > 0 else 0.0
    return _Shift(lag_ns, round(min(max(found, -1.0), 1.0), 6), len(x))


def _best_shift(a: RawTable, b: RawTable, step_ns: int, unshifted: _Shift) -> _Shift:
    """Return the shift at which returns agree far better than as they stand, or none.

    Five bars to each side are tried, and whole hours to fourteen where none of those fits.
    """
    bars = sorted((k * step_ns for k in range(-_FIRST, _FIRST + 1) if k), key=abs)
    hours = sorted((k * _HOUR_NS for k in range(-SHIFT_HOURS, SHIFT_HOURS + 1) if k), key=abs)
    for lags in (bars, hours if step_ns <= _HOUR_NS else []):
        tried = [_shift(a, b, lag) for lag in lags if lag % step_ns == 0]
        best = max(tried, key=lambda one: one.correlation, default=unshifted)
        if best.correlation > max(0.5, unshifted.correlation + 0.1):
            return best
    return unshifted


def _ratio(a: RawTable, b: RawTable) -> float:
    """Return how many times A's closes B's are, in the middle; 1 without a common bar."""
    there = a.close != 0
    return float(np.median(b.close[there] / a.close[there])) if there.any() else 1.0


def _examples(
    a: RawTable, b: RawTable, differs: npt.NDArray[np.bool_], count: int
) -> tuple[DifferentBar, ...]:
    """Return the first bars that differ."""
    names = (*_PRICES, "volume")
    return tuple(
        DifferentBar(
            ts_ns=int(a.ts_ns[row]),
            a=tuple(float(getattr(a, name)[row]) for name in names),
            b=tuple(float(getattr(b, name)[row]) for name in names),
        )
        for row in np.flatnonzero(differs)[:count].tolist()
    )


def _verdict(found: DatasetComparison, step_ns: int, ratio: float) -> list[str]:
    """Return what follows, in words."""
    lines = []
    within = f" by more than {found.tolerance_ticks} ticks" if found.tolerance_ticks else ""
    if found.common and not found.differing:
        lines.append(f"all {found.common:,} common bars have the same prices")
    elif found.common:
        share = 100 * found.differing / found.common
        lines.append(
            f"{found.differing:,} of {found.common:,} common bars differ{within} ({share:.2f}%)"
        )
    else:
        lines.append("no bar has the same time in both")
    for count, name in ((found.only_a, found.a), (found.only_b, found.b)):
        if count:
            lines.append(f"{count:,} bars are only in {name}")
    volume = found.columns[-1]
    if volume.differing:
        lines.append(f"{volume.differing:,} of {found.common:,} volumes differ")
    if not found.lag_bars:
        if found.common > LEAST_RETURNS and found.correlation < 0.5:
            lines.append(f"returns hardly agree ({found.correlation:.3f}): is it one instrument?")
        if not 0.98 < ratio < 1.02:
            lines.append(
                f"{found.b}'s closes are {ratio:.4g} times {found.a}'s: adjusted otherwise?"
            )
        return lines
    side = "later" if found.lag_bars > 0 else "earlier"
    by = abs(found.lag_bars)
    minutes = by * step_ns / 60e9
    text = f"{found.b} stamps each bar {by} bars ({minutes:g} minutes) {side}"
    reason = "one stamps the open, the other the close" if by == 1 else "times of another zone?"
    lines.append(f"{text}; returns then agree to {found.lag_correlation:.4f}: {reason}")
    return lines
