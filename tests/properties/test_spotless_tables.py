"""The one pass over tables without a fault beside the rules themselves: the same, or none."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fks.contexts.data.domain import validation
from fks.contexts.data.domain.table import NO_TIME, RawTable
from fks.contexts.data.domain.validation import Cleaned, Floor, clean

T0, STEP = 1_600_000_000_000_000_000, 60_000_000_000
TICKS = st.sampled_from([Decimal(one) for one in ("1", "0.01", "0.25", "1e-9", "0.03", "5", "1e8")])
ODD = st.one_of(
    st.sampled_from([0.0, -0.0, -1.0, np.nan, np.inf, -np.inf, 1e-300, 5e-324, 1e300, 2.0**50]),
    st.sampled_from([2.0**51, 2.0**52, 2.0**53, 1e15, 1.00000001, 1.0000001, 1.000001, 1.00001]),
    st.floats(),
)
TIMES = st.sampled_from([NO_TIME, 0, -1, T0 + STEP, 7_258_118_400_000_000_001, 2**63 - 1])


@st.composite
def tables(draw: st.DrawFn) -> tuple[RawTable, Decimal]:
    """Make bars on ticks, a few cells of which may hold anything."""
    rows = draw(st.integers(0, 6) | st.sampled_from([1023, 1024, 1025, 2100]))
    tick = draw(TICKS)
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    steps = np.sort(random.integers(1, draw(st.sampled_from([3, 10**6, 10**15])), (4, rows)), 0)
    low, first, last, high = np.array(steps * float(tick))
    volume = random.integers(0, 3, rows).astype(np.float64)
    ts_ns = T0 + np.arange(rows, dtype=np.int64) * STEP
    columns = [first, high, low, last, volume]
    if draw(st.booleans()):
        beside = draw(st.sampled_from([1e-16, 1e-12, 1e-8, 1e-6, 1e-3]))
        columns[:4] = [one * (1 + beside) for one in columns[:4]]
    if rows:
        for _ in range(draw(st.integers(0, 2))):
            columns[draw(st.integers(0, 4))][draw(st.integers(0, rows - 1))] = draw(ODD)
        for _ in range(draw(st.sampled_from([0, 0, 1]))):
            ts_ns[draw(st.integers(0, rows - 1))] = draw(TIMES)
    return RawTable(np.arange(1, rows + 1), ts_ns, *columns), tick


def by_rules(table: RawTable, tick: Decimal, *, rounding: bool, floor: Floor) -> Cleaned:
    """Part a table by the rules alone."""
    patched = pytest.MonkeyPatch()
    patched.setattr(validation, "_spotless", lambda *args, **options: None)
    try:
        return clean(table, tick, rounding=rounding, floor=floor)
    finally:
        patched.undo()


def content(cleaned: Cleaned) -> tuple[object, ...]:
    """Return all there is, bit by bit."""
    parts = (cleaned.kept, cleaned.quarantined)
    columns = [(one.dtype.str, one.tobytes()) for part in parts for one in part[:7]]
    rest = (cleaned.reason.dtype.str, cleaned.reason.tobytes(), *cleaned[3:])
    return (*columns, *rest, *(part.refused for part in parts))


ONE = np.ones(1)
HUGE = RawTable(np.ones(1, dtype=np.int64), np.array([T0]), ONE, ONE * np.inf, ONE, ONE, ONE)


@settings(deadline=None, max_examples=300)
@given(made=tables(), rounding=st.booleans(), floor=st.sampled_from(["positive", "any"]))
@example(made=(HUGE, Decimal(1)), rounding=True, floor="positive")
@example(
    made=(HUGE._replace(high=ONE, volume=ONE * np.inf), Decimal(1)), rounding=True, floor="any"
)
def test_one_pass_parts_a_table_as_the_rules_do(
    made: tuple[RawTable, Decimal], rounding: bool, floor: Floor
) -> None:
    """Lost: a fault that one pass overlooks, or a price that it puts on another tick."""
    table, tick = made
    fast = clean(table, tick, rounding=rounding, floor=floor)
    assert content(fast) == content(by_rules(table, tick, rounding=rounding, floor=floor))


def test_a_table_without_a_fault_takes_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost: the speed, without anybody seeing it."""

    def never(*args: object) -> None:
        raise AssertionError("the rules were asked")

    monkeypatch.setattr(validation, "_faults", never)
    rows = np.arange(1, 5001)
    price = (100 + rows * 0.01).astype(np.float64)
    table = RawTable(rows, T0 + rows * STEP, price, price, price, price, price)
    assert len(clean(table, Decimal("0.01")).kept.row) == len(rows)
