"""Corporate actions over any bars: undone where exact, order of no matter, no look-ahead."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fks.contexts.data.domain.actions import (
    Action,
    adjusted,
    rows_of,
    steps_of,
    unadjusted,
)
from fks.contexts.data.domain.ticks.cleaning import CleanedTicks
from fks.contexts.data.domain.ticks.content import made as made_of
from fks.contexts.data.domain.ticks.corporate import actions_of_columns, clean_actions
from fks.contracts.columns import BarColumns, Int64
from fks.contracts.data.ticks import ActionColumns, ActionRows

DAY_NS = 86_400_000_000_000
TICK, LOT, FINE = Decimal("0.01"), Decimal(1), Decimal("1e-6")
PRICES = ("open_ticks", "high_ticks", "low_ticks", "close_ticks")
closes = st.lists(st.integers(1_000, 10_000_000), min_size=25, max_size=30)
ratios = st.sampled_from([Fraction(1), Fraction(2), Fraction(3), Fraction(3, 2), Fraction(1, 10)])
actions = st.lists(
    st.builds(
        Action,
        st.integers(0, 34),
        ratios,
        st.integers(0, 300).map(lambda cents: Fraction(cents, 100)),
        st.none(),
    ),
    max_size=6,
)
hows = st.sampled_from(["splits", "total"])


def bars_of(ticks: list[int]) -> tuple[BarColumns, Int64]:
    """Return daily bars from 1970-01-01 with these closes."""
    close = np.array(ticks, dtype=np.int64)
    days = np.arange(len(ticks), dtype=np.int64)
    bars = BarColumns(
        ts_ns=days * DAY_NS,
        open_ticks=close,
        high_ticks=close + 5,
        low_ticks=close - 5,
        close_ticks=close,
        volume=np.arange(1.0, len(ticks) + 1) * 600,
        tick_size=TICK,
    )
    return bars, days


def small(one: Action) -> Action:
    """Return an action whose dividend is below any close."""
    return one._replace(dividend=one.dividend / 100)


@given(closes, actions, hows)
def test_bars_are_what_a_slow_reference_says(
    ticks: list[int], told: list[Action], how: str
) -> None:
    """Lost: a factor of a neighbouring stretch, or one rounded on the way."""
    bars, days = bars_of(ticks)
    told = [small(one) for one in told]
    made = adjusted(bars, days, steps_of(bars, days, told, how), TICK, LOT)
    for k in range(len(bars)):
        price, volume = Fraction(1), Fraction(1)
        for day in {one.day for one in told if k < one.day}:
            of_day = [one for one in told if one.day == day]
            before = int(bars.close_ticks[min(day, len(bars)) - 1]) * Fraction(TICK)
            for one in of_day:
                price, volume = price / one.ratio, volume * one.ratio
            if how == "total":
                price *= 1 - sum(one.dividend for one in of_day) / before
        assert made.close_ticks[k] == round(int(bars.close_ticks[k]) * price)
        assert made.high_ticks[k] == round(int(bars.high_ticks[k]) * price)
        assert made.volume[k] == round(Fraction(bars.volume[k]) * volume)


@given(closes, actions, hows, st.randoms())
def test_the_order_of_actions_makes_no_difference(
    ticks: list[int], told: list[Action], how: str, random: object
) -> None:
    """Lost: two files of the same actions would make two datasets."""
    bars, days = bars_of(ticks)
    told = [small(one) for one in told]
    mixed = list(told)
    random.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis's own random
    first, second = (
        adjusted(bars, days, steps_of(bars, days, one, how), TICK, LOT) for one in (told, mixed)
    )
    for name in (*PRICES, "volume"):
        assert (getattr(first, name) == getattr(second, name)).all()


@given(closes, actions, hows, st.integers(0, 34))
def test_actions_up_to_a_day_never_change_bars_from_it_on(
    ticks: list[int], told: list[Action], how: str, day: int
) -> None:
    """Lost: a bar would know of what came later, or of what lies behind it."""
    bars, days = bars_of(ticks)
    told = [small(one) for one in told]
    late = [one for one in told if one.day > day]
    whole, cut = (
        adjusted(bars, days, steps_of(bars, days, one, how), TICK, LOT) for one in (told, late)
    )
    known = [one for one in told if one.day <= day]
    early = adjusted(bars, days, steps_of(bars, days, known, how), TICK, LOT)
    for name in (*PRICES, "volume"):
        assert (getattr(whole, name)[day:] == getattr(cut, name)[day:]).all()
        assert (getattr(early, name)[day:] == getattr(bars, name)[day:]).all()


@given(closes, actions)
def test_undoing_an_exact_adjustment_gives_the_bars_back(
    ticks: list[int], told: list[Action]
) -> None:
    """Lost: a series could not be brought back to what was traded."""
    bars, days = bars_of(ticks)
    steps = steps_of(bars, days, told, "splits")
    there = adjusted(bars, days, steps, FINE, FINE)
    back = unadjusted(there, days, steps, TICK, LOT)
    for name in (*PRICES, "volume"):
        assert (getattr(back, name) == getattr(bars, name)).all()


def columns_of(found: CleanedTicks) -> ActionColumns:
    """Return the columns of actions."""
    made = made_of("actions", found.arrays, TICK, LOT)
    assert isinstance(made, ActionColumns)
    return made


@given(actions, st.randoms())
def test_actions_go_through_a_dataset_unchanged_in_any_order(
    told: list[Action], chance: Random
) -> None:
    """Lost: a split of three for two that is one of 1.5000000001, or one that is told twice."""
    wanted = sorted({one for one in told if one.ratio != 1 or one.dividend})
    mixed = told + told[:2]
    chance.shuffle(mixed)
    found = clean_actions(rows_of(mixed))
    assert len(found.kept) + len(found.bad) == len(mixed)
    columns = columns_of(found)
    assert sorted(actions_of_columns(columns)) == wanted
    assert (np.diff(columns.ts_ns) >= 0).all()


@given(st.floats(1e-5, 1e5))
def test_any_ratio_is_two_whole_numbers_that_mean_it_again(ratio: float) -> None:
    """Lost: what is exported and imported again would be another dataset."""
    one = np.ones(1)
    rows = ActionRows(np.zeros(1, dtype=np.int64), one * ratio, one, one * np.nan)
    first = columns_of(clean_actions(rows))
    (action,) = actions_of_columns(first)
    assert abs(float(action.ratio) - ratio) <= 1e-9 * ratio
    again = clean_actions(rows_of([action])).arrays
    assert [one.tolist() for one in again] == [one.tolist() for one in first[:5]]
