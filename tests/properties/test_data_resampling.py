"""Bars of bars: equal to a slow reference, and the same whichever way they are made."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fks.contexts.data.domain.resampling import (
    Spans,
    resample_by_spans,
    resample_by_step,
)
from fks.contracts.columns import BarColumns

MINUTE = 60_000_000_000
Row = tuple[int, int, int, int, int, Fraction]


@st.composite
def bars(draw: st.DrawFn) -> BarColumns:
    """Draw minute bars with gaps, some before 1970, and volumes of up to eight places."""
    steps = draw(st.lists(st.integers(1, 400), min_size=1, max_size=80))
    first = draw(st.integers(-5_000, 30_000_000))
    count = len(steps)
    prices = draw(
        st.lists(
            st.tuples(*(st.integers(-500, 500) for _ in range(4))), min_size=count, max_size=count
        )
    )
    places = draw(st.integers(0, 8))
    units = draw(st.lists(st.integers(0, 10**6), min_size=count, max_size=count))
    columns = np.array(prices, dtype=np.int64)
    return BarColumns(
        ts_ns=(first + np.cumsum(np.array(steps, dtype=np.int64))) * MINUTE,
        open_ticks=columns[:, 0].copy(),
        high_ticks=columns.max(axis=1),
        low_ticks=columns.min(axis=1),
        close_ticks=columns[:, 3].copy(),
        volume=np.array([float(Fraction(unit, 10**places)) for unit in units]),
        tick_size=Decimal("0.01"),
    )


def listed(columns: BarColumns) -> list[tuple[int, int, int, int, int, float]]:
    """Return bars as tuples."""
    names = ("ts_ns", "open_ticks", "high_ticks", "low_ticks", "close_ticks", "volume")
    return list(zip(*(getattr(columns, name).tolist() for name in names), strict=True))


def slowly(columns: BarColumns, stamp_of: dict[int, int]) -> list[tuple[int, ...]]:
    """Return one bar for each stamp, rows sorted into boxes; volumes are summed as fractions."""
    boxes: dict[int, list[tuple[int, ...]]] = {}
    for row in listed(columns):
        if row[0] in stamp_of:
            boxes.setdefault(stamp_of[row[0]], []).append(row)
    return [
        (
            stamp,
            rows[0][1],
            max(row[2] for row in rows),
            min(row[3] for row in rows),
            rows[-1][4],
            float(sum(Fraction(str(row[5])) for row in rows)),
        )
        for stamp, rows in sorted(boxes.items())
    ]


@given(bars(), st.integers(1, 2_000), st.integers(-100, 100))
def test_steps_of_the_clock_equal_a_slow_reference(
    columns: BarColumns, minutes: int, origin: int
) -> None:
    """Lost: bars with a high, a volume or a time that no row had."""
    step, begin = minutes * MINUTE, origin * MINUTE
    found = resample_by_step(columns, step, begin)
    stamps = {ts: (ts - begin) // step * step + begin for ts in columns.ts_ns.tolist()}
    assert listed(found.columns) == slowly(columns, stamps)
    assert found.rows.sum() == len(columns) and not found.rounded


@given(bars(), st.lists(st.tuples(st.integers(0, 300), st.integers(1, 900)), max_size=30))
def test_spans_equal_a_slow_reference(columns: BarColumns, widths: list[tuple[int, int]]) -> None:
    """Lost: rows of one session in the next, or rows between sessions in either."""
    at, spans = int(columns.ts_ns[0]) - 200 * MINUTE, []
    for pause, length in widths:
        spans.append((at + pause * MINUTE, at + (pause + length) * MINUTE))
        at = spans[-1][1]
    begins, ends = (np.array([one[k] for one in spans], dtype=np.int64) for k in (0, 1))
    found = resample_by_spans(columns, Spans(begins, ends, begins))
    stamps = {
        ts: begin for ts in columns.ts_ns.tolist() for begin, end in spans if begin <= ts < end
    }
    assert listed(found.columns) == slowly(columns, stamps)
    assert found.outside == len(columns) - len(stamps)


@given(bars(), st.integers(2, 30), st.integers(2, 30))
def test_bars_of_bars_are_the_bars(columns: BarColumns, shorter: int, times: int) -> None:
    """Lost: two researchers with other hours from the same minutes."""
    between = resample_by_step(columns, shorter * MINUTE).columns
    twice = resample_by_step(between, shorter * times * MINUTE).columns
    once = resample_by_step(columns, shorter * times * MINUTE).columns
    assert listed(twice) == listed(once)


@given(bars(), st.integers(2, 500), st.data())
def test_what_comes_later_changes_no_earlier_bar(
    columns: BarColumns, minutes: int, data: st.DataObject
) -> None:
    """Lost: a feature that knew the future by way of a longer bar."""
    cut = data.draw(st.integers(1, len(columns)))
    whole = listed(resample_by_step(columns, minutes * MINUTE).columns)
    part = listed(resample_by_step(columns[:cut], minutes * MINUTE).columns)
    assert part[:-1] == whole[: len(part) - 1]
