"""Continuous series: equal to a slow reference, blind to the future, true inside a contract."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fks.contexts.data.domain.continuous import (
    Leg,
    Rolled,
    fronts_by_day,
    fronts_by_volume,
    rolled,
    sessions_of,
    unmeasured,
)
from fks.contracts.columns import BarColumns, Int64

DAY_NS = 86_400_000_000_000
PRICES = ("open_ticks", "high_ticks", "low_ticks", "close_ticks")


class Chain(NamedTuple):
    """Contracts, and the days from which each is not in front; None: by volume."""

    legs: tuple[Leg, ...]
    until: Int64 | None


@st.composite
def chains(draw: st.DrawFn) -> Chain:
    """Draw two to four contracts with up to three bars a session, and sessions left out."""
    count, last = draw(st.integers(2, 4)), draw(st.integers(1, 25))
    whole = draw(st.booleans())
    legs = []
    for k in range(count):
        stamps = [(day, bar) for day in range(last + 1) for bar in range(3)]
        here = stamps if whole else sorted(draw(st.sets(st.sampled_from(stamps))))
        size = len(here)
        numbers = st.lists(st.integers(1, 4_000), min_size=size, max_size=size)
        prices = np.array([draw(numbers) for _ in range(4)], dtype=np.int64).reshape(4, size)
        volumes = draw(st.lists(st.integers(0, 5), min_size=size, max_size=size))
        columns = BarColumns(
            ts_ns=np.array([d * DAY_NS + b for d, b in here], dtype=np.int64),
            open_ticks=prices[0],
            high_ticks=prices.max(axis=0, initial=0),
            low_ticks=prices.min(axis=0, initial=4_000),
            close_ticks=prices[3],
            volume=np.array(volumes, dtype=np.float64),
            tick_size=Decimal("0.25"),
        )
        legs.append(Leg(f"C{k}", columns, np.array([d for d, _ in here], dtype=np.int64)))
    days = draw(st.sets(st.integers(0, last + 3), min_size=count, max_size=count))
    until = np.array(sorted(days), dtype=np.int64) if draw(st.booleans()) else None
    return Chain(tuple(legs), until)


def made(chain: Chain, adjust: str) -> Rolled | None:
    """Return the series; None where there is no bar, or a roll that cannot be measured."""
    days = sessions_of(chain.legs)
    if not len(days):
        return None
    front = fronts(chain, days)
    if adjust != "none" and unmeasured(chain.legs, days, front) is not None:
        return None
    return rolled(chain.legs, days, front, adjust)


def fronts(chain: Chain, days: Int64) -> Int64:
    """Return the leg in front of each session."""
    if chain.until is None:
        return fronts_by_volume(days, chain.legs)
    return fronts_by_day(days, chain.until)


def listed(columns: BarColumns) -> list[tuple[int, ...]]:
    """Return bars as tuples."""
    names = ("ts_ns", *PRICES, "volume")
    return list(zip(*(getattr(columns, name).tolist() for name in names), strict=True))


def cut(chain: Chain, day: int) -> Chain:
    """Return what was known at the end of a session."""
    legs = []
    for leg in chain.legs:
        end = int(np.searchsorted(leg.day, day, side="right"))
        legs.append(Leg(leg.code, leg.columns[:end], leg.day[:end]))
    return chain._replace(legs=tuple(legs))


def slow_fronts(chain: Chain) -> dict[int, int]:
    """Walk through the sessions with nothing but sums of what is past."""
    days = sorted({day for leg in chain.legs for day in leg.day.tolist()})
    found: dict[int, int] = {}
    for number, day in enumerate(days):
        if chain.until is not None:
            found[day] = sum(1 for until in chain.until.tolist() if until <= day)
            continue
        if number == 0:
            found[day] = min(k for k, leg in enumerate(chain.legs) if day in leg.day.tolist())
            continue
        past = days[number - 1]
        now = found[past]
        sums = [
            sum(row[5] for row, of in zip(listed(leg.columns), leg.day, strict=True) if of == past)
            for leg in chain.legs
        ]
        later = now + 1 < len(sums) and sums[now + 1] > sums[now]
        found[day] = now + 1 if later else now
    return found


def slowly(chain: Chain, adjust: str) -> list[tuple[int, ...]] | None:
    """Return the series bar by bar, each price times or plus the rolls that follow it."""
    found = slow_fronts(chain)
    days = sorted(found)
    rolls = []
    for past, day in pairwise(days):
        if found[day] == found[past] or found[day] == len(chain.legs):
            continue
        earliest = days[max(0, days.index(day) - 5)]
        one, other = (
            {
                row[0]: row[4]
                for row, of in zip(listed(leg.columns), leg.day.tolist(), strict=True)
                if earliest <= of < day
            }
            for leg in (chain.legs[found[past]], chain.legs[found[day]])
        )
        shared = sorted(one.keys() & other.keys())
        if shared:
            rolls.append((day, one[shared[-1]], other[shared[-1]]))
        elif adjust != "none":
            return None
    rows = []
    for day in days:
        if found[day] == len(chain.legs):
            continue
        leg = chain.legs[found[day]]
        for row, of in zip(listed(leg.columns), leg.day.tolist(), strict=True):
            if of != day:
                continue
            prices = [Fraction(price) for price in row[1:5]]
            for at, before, after in rolls:
                if at > day and adjust == "ratio":
                    prices = [price * Fraction(after, before) for price in prices]
                elif at > day and adjust == "difference":
                    prices = [price + after - before for price in prices]
            rows.append((row[0], *(round(price) for price in prices), row[5]))
    return rows


@given(chains(), st.sampled_from(("none", "ratio", "difference")))
def test_series_equal_a_slow_reference(chain: Chain, adjust: str) -> None:
    """Lost: a bar of the wrong contract, or a price off by a roll."""
    series = made(chain, adjust)
    if series is None:
        assert slowly(chain, adjust) in (None, [])
        return
    assert listed(series.columns) == slowly(chain, adjust)
    assert sum(series.rows) == len(series.columns)
    assert bool((np.diff(series.columns.ts_ns) > 0).all())


@given(chains(), st.integers(0, 25))
def test_what_comes_later_changes_no_earlier_roll_and_no_earlier_bar(
    chain: Chain, day: int
) -> None:
    """Lost: a backtest that rolled because of tomorrow's volume."""
    whole, part = made(chain, "none"), made(cut(chain, day), "none")
    if whole is None or part is None:
        return
    assert listed(part.columns) == [
        row for row in listed(whole.columns) if row[0] < (day + 1) * DAY_NS
    ]
    assert part.rolls == tuple(one for one in whole.rolls if one.day <= int(last_day(chain, day)))
    assert [one.after for one in whole.rolls] == sorted({one.after for one in whole.rolls})


def last_day(chain: Chain, day: int) -> int:
    """Return the last session with bars up to a day."""
    days = sessions_of(chain.legs)
    return int(days[days <= day].max(initial=-1))


@given(chains())
def test_inside_a_contract_moves_are_what_they_were(chain: Chain) -> None:
    """Lost: returns and profits that no holder of the contract had."""
    plain = made(chain, "none")
    ratio, difference = made(chain, "ratio"), made(chain, "difference")
    if plain is None or ratio is None or difference is None:
        return
    begin = 0
    last = max((k for k, rows in enumerate(plain.rows) if rows), default=0)
    for leg, rows in enumerate(plain.rows):
        part = slice(begin, begin + rows)
        begin += rows
        own, moved = plain.columns.close_ticks[part], difference.columns.close_ticks[part]
        assert np.array_equal(np.diff(own), np.diff(moved))
        scale = Fraction(1)
        for roll in ratio.rolls:
            if roll.before >= leg:
                scale *= Fraction(roll.after_ticks or 0, roll.before_ticks or 1)
        for name in PRICES:
            before = getattr(plain.columns, name)[part].tolist()
            after = getattr(ratio.columns, name)[part].tolist()
            for was, is_now in zip(before, after, strict=True):
                assert abs(was * scale - is_now) <= Fraction(1, 2)
        if leg == last and not any(roll.before >= leg for roll in ratio.rolls):
            assert np.array_equal(own, moved)
            assert np.array_equal(own, ratio.columns.close_ticks[part])
