"""Rolls by open interest against a plain reading of the rule, and without a look ahead."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fks.contexts.data.domain.continuous import Leg, fronts_by_open_interest
from fks.contracts.columns import BarColumns, Float64, Int64

DAYS = 12
Told = list[tuple[int, int]]
told = st.lists(
    st.tuples(st.integers(-2, DAYS), st.integers(0, 5)), max_size=8, unique_by=lambda one: one[0]
).map(sorted)
there = st.lists(st.booleans(), min_size=DAYS, max_size=DAYS)
legs_of = st.integers(2, 4).flatmap(
    lambda count: st.tuples(
        st.lists(there, min_size=count, max_size=count),
        st.lists(told, min_size=count, max_size=count),
    )
)


def leg(code: str, days: list[bool]) -> Leg:
    """Return a contract with bars on some days."""
    day = np.flatnonzero(days).astype(np.int64)
    ticks = np.ones(len(day), dtype=np.int64)
    columns = BarColumns(
        ts_ns=day,
        open_ticks=ticks,
        high_ticks=ticks,
        low_ticks=ticks,
        close_ticks=ticks,
        volume=np.ones(len(day)),
        tick_size=Decimal(1),
    )
    return Leg(code, columns, day)


def arrays(one: Told) -> tuple[Int64, Float64]:
    """Return what was told as columns."""
    return (
        np.array([day for day, _ in one], dtype=np.int64),
        np.array([value for _, value in one], dtype=np.float64),
    )


def plainly(days: Int64, bars: list[list[bool]], said: list[Told], later: int) -> list[int]:
    """Return the leg in front of each session as the rule reads, one session after the other."""
    at = next(k for k, one in enumerate(bars) if one[int(days[0])])
    front = []
    for k, day in enumerate(days.tolist()):
        front.append(at)
        if at + 1 == len(bars):
            continue
        until = int(days[k - later]) if k >= later else -99
        last = [[v for d, v in one if d <= until][-1:] for one in said]
        larger = bool(last[at] and last[at + 1]) and last[at + 1] > last[at]
        if larger or (bars[at + 1][day] and not bars[at][day]):
            at += 1
    return front


@given(legs_of, st.integers(0, 3), st.integers(0, DAYS))
def test_the_rule_is_what_it_reads_and_sees_nothing_later(
    case: tuple[list[list[bool]], list[Told]], later: int, cut: int
) -> None:
    """Lost: a roll a session early, that knew what the exchange told only the next morning."""
    bars, said = case
    legs = [leg(f"L{k}", one) for k, one in enumerate(bars)]
    days = np.unique(np.concatenate([one.day for one in legs])).astype(np.int64)
    if not len(days):
        return
    found = fronts_by_open_interest(days, legs, [arrays(one) for one in said], later)
    assert found.tolist() == plainly(days, bars, said, later)
    assert (np.diff(found) >= 0).all()
    known = [[(d, v) for d, v in one if d < cut] for one in said]
    again = fronts_by_open_interest(days, legs, [arrays(one) for one in known], later)
    assert (again[days <= cut] == found[days <= cut]).all()
