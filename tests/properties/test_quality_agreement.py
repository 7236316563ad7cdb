"""Two datasets compared: counts are those of plain dictionaries, injected shifts are found."""

from __future__ import annotations

import statistics
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties import quality_reference as plain
from tests.properties.quality_reference import MINUTE_NS, Row

from fks.contexts.data.domain.agreement import agreement, disagreement
from fks.contexts.data.domain.table import RawTable
from fks.contracts.data import DatasetInfo
from fks.contracts.data.reports import DatasetComparison
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid

seeds = st.integers(0, 2**32 - 1)


def compared(a: list[Row], b: list[Row], *, tolerance: int = 0) -> DatasetComparison:
    """Compare two lists of bars."""
    pair = []
    for name, rows in (("a", a), ("b", b)):
        bars = plain.bars_of(rows)
        columns = (bars.ts_ns, bars.open, bars.high, bars.low, bars.close, bars.volume)
        table = RawTable(np.arange(1, len(rows) + 1), *columns)
        info = DatasetInfo(
            name=name,
            hash=name,
            path="",
            instrument=Instrument(id="X", tick_size=Decimal("0.01")),
            timeframe="1m",
            provider=name,
            rows=len(rows),
            first_ts_ns=rows[0].ts_ns,
            last_ts_ns=rows[-1].ts_ns,
            created_at_ns=0,
        )
        pair.append((info, table))
    return agreement(pair[0], pair[1], MINUTE_NS, tolerance_ticks=tolerance)


@settings(max_examples=80, deadline=None)
@given(seeds, st.integers(2, 300), st.integers(0, 3))
def test_counts_are_those_of_two_dictionaries(seed: int, count: int, tolerance: int) -> None:
    """Lost: two providers would seem to agree where they do not."""
    rng = np.random.default_rng(seed)
    walk = plain.walk(seed, count)
    a = [walk[0], *(row for row in walk[1:-1] if rng.random() < 0.9), walk[-1]]
    b = [walk[0]]
    for row in walk[1:-1]:
        if rng.random() < 0.9:
            off = int(rng.integers(-4, 5)) if rng.random() < 0.2 else 0
            b.append(row._replace(high=row.high + abs(off), close=row.close + off))
    b.append(walk[-1]._replace(volume=1.5))
    found = compared(a, b, tolerance=tolerance)
    first, second = {r.ts_ns: r for r in a}, {r.ts_ns: r for r in b}
    both = sorted(first.keys() & second.keys())
    apart = {
        name: [
            abs(getattr(first[ts], name) - getattr(second[ts], name))
            for ts in both
            if abs(getattr(first[ts], name) - getattr(second[ts], name)) > tolerance
        ]
        for name in ("open", "high", "low", "close")
    }
    assert (found.common, found.only_a, found.only_b) == (
        len(both),
        len(first.keys() - second.keys()),
        len(second.keys() - first.keys()),
    )
    told = {one.column: (one.differing, one.largest, one.median) for one in found.columns}
    for name, values in apart.items():
        middle = statistics.median(values) if values else 0
        assert told[name] == (len(values), max(values, default=0), middle)
    assert told["volume"][0] == 1
    bad = [
        ts
        for ts in both
        if max(abs(x - y) for x, y in zip(first[ts][1:5], second[ts][1:5], strict=True)) > tolerance
    ]
    assert found.differing == len(bad)
    assert [one.ts_ns for one in found.examples] == bad[:5]
    assert list(found.first_only_a_ns) == sorted(first.keys() - second.keys())[:5]


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(150, 500), st.sampled_from([-60 * 5, -5, -2, -1, 0, 1, 2, 5, 60, 240]))
def test_a_shift_of_stamps_is_found_whatever_noise_there_is(
    seed: int, count: int, lag: int
) -> None:
    """Lost: closes stamped as opens would let a strategy see a minute ahead."""
    rng = np.random.default_rng(seed)
    a = plain.walk(seed, count + abs(lag))
    b = [
        row._replace(ts_ns=row.ts_ns + lag * MINUTE_NS, close=row.close + int(rng.integers(-1, 2)))
        for row in a
    ]
    found = compared(a, b)
    assert found.lag_bars == lag
    assert found.lag_correlation > 0.8
    assert disagreement(found).severity == ("error" if lag else "warning")
    if abs(lag) == 1:
        assert "one stamps the open, the other the close" in found.verdict[-1]


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(100, 400))
def test_the_same_bars_agree_and_other_bars_do_not(seed: int, count: int) -> None:
    """Lost: a verdict that fits everything says nothing."""
    a = plain.walk(seed, count)
    same = compared(a, a)
    assert (same.differing, same.correlation, same.lag_bars) == (0, 1.0, 0)
    assert same.verdict == (f"all {count:,} common bars have the same prices",)
    assert disagreement(same).severity == "info"
    other = compared(a, plain.walk(seed + 1, count))
    assert other.lag_bars == 0
    assert "is it one instrument?" in " ".join(other.verdict)
    keys = ("open", "high", "low", "close")
    half = [row._replace(**{k: getattr(row, k) // 2 for k in keys}) for row in a]
    assert "times a's: adjusted otherwise?" in " ".join(compared(a, half).verdict)


def test_datasets_of_other_times_are_refused() -> None:
    """Lost: nothing in common would read as nothing apart."""
    rows = plain.walk(1, 50)
    later = [row._replace(ts_ns=row.ts_ns + 100 * MINUTE_NS) for row in rows]
    with pytest.raises(Invalid, match="no time in common"):
        compared(rows, later)
