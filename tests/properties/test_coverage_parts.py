"""Stretches of coverage beside counting row by row."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fks.contexts.data.domain.coverage_parts import parts_of_days, parts_of_times
from fks.contexts.data.domain.timeframes import DAY_NS
from fks.contracts.data.reports import DayQuality

COUNT = st.integers(0, 50)


@given(
    days=st.dictionaries(st.integers(0, 400), st.tuples(COUNT, COUNT, COUNT, COUNT), min_size=1),
    most=st.integers(1, 60),
)
def test_every_day_counts_in_the_stretch_that_holds_it(
    days: dict[int, tuple[int, int, int, int]], most: int
) -> None:
    """Lost: a hole is drawn at another date than its own."""
    first = date(2024, 1, 1)
    told = [
        DayQuality(
            day=str(first + timedelta(days=k)),
            expected=days[k][0],
            present=days[k][1],
            missing=days[k][2],
            faults=days[k][3],
            volume=0.0,
        )
        for k in sorted(days)
    ]
    from_ts_ns, each, parts = parts_of_days(told, most)
    offset = (first - date(1970, 1, 1)).days
    begins = from_ts_ns // DAY_NS - offset
    assert begins == min(days)
    assert 1 <= len(parts) <= most
    for at, part in enumerate(parts.tolist()):
        held = [row for k, row in days.items() if (k - begins) // each == at]
        sums = [sum(row[column] for row in held) for column in range(4)]
        assert part == sums
    assert (max(days) - begins) // each == len(parts) - 1


@given(
    times=st.lists(st.integers(-(10**18), 10**18), min_size=1, max_size=50).filter(
        lambda found: max(found) - min(found) < 500 * DAY_NS
    )
    | st.lists(st.integers(0, 300 * DAY_NS), min_size=1, max_size=50),
    most=st.integers(1, 40),
)
def test_times_are_counted_once_each(times: list[int], most: int) -> None:
    """Lost: ticks before 1970 or at midnight fall out of the picture."""
    from_ts_ns, each, parts = parts_of_times(np.array(sorted(times), dtype=np.int64), most)
    assert len(parts) <= most
    for at, part in enumerate(parts.tolist()):
        low = from_ts_ns + at * each * DAY_NS
        assert part == [0, sum(low <= ts < low + each * DAY_NS for ts in times), 0, 0]
    assert parts.sum() == len(times)
