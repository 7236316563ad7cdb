"""One series of a product's contracts: which one is in front, and what a roll does to prices.

Which contract is in front of a session is decided from calendars, or from the volumes or the open
interest of earlier sessions: nothing later is looked at, and the series never goes back to an
earlier contract.
Adjustment is backward: the newest contract keeps its prices. Ratios are exact fractions, rounded
once, half to even, to ticks; differences are whole ticks.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from fks.contracts.columns import BarColumns, Float64, Int64

__all__ = [
    "ADJUSTMENTS",
    "Leg",
    "Roll",
    "Rolled",
    "fronts_by_day",
    "fronts_by_open_interest",
    "fronts_by_volume",
    "rolled",
    "sessions_of",
    "unmeasured",
]

ADJUSTMENTS = ("none", "ratio", "difference")
MEASURED_WITHIN = 5
"""How many sessions before a roll both contracts may last have had a bar of the same time."""

_PRICES = ("open_ticks", "high_ticks", "low_ticks", "close_ticks")


class Leg(NamedTuple):
    """A contract's bars, and each one's session as days since 1970-01-01, ascending."""

    code: str
    columns: BarColumns
    day: Int64


class Roll(NamedTuple):
    """From the session `day` on, leg `after` follows leg `before`.

    The ticks are closes of the last bars of one time before that session, None where both had
    none in the five sessions before it.
    """

    day: int
    before: int
    after: int
    measured_at_ns: int | None = None
    before_ticks: int | None = None
    after_ticks: int | None = None


class Rolled(NamedTuple):
    """The series, its rolls, and each leg's number of bars in it."""

    columns: BarColumns
    rolls: tuple[Roll, ...]
    rows: tuple[int, ...]


def sessions_of(legs: Sequence[Leg]) -> Int64:
    """Return the sessions in which any contract has bars."""
    return np.unique(np.concatenate([leg.day for leg in legs]))


def fronts_by_day(days: Int64, until: Int64) -> Int64:
    """Return the leg in front of each session, given the ascending days from which each is not.

    After the last of them it is `len(until)`: no leg.
    """
    assert bool((until[1:] > until[:-1]).all())
    return np.searchsorted(until, days, side="right").astype(np.int64)


def fronts_by_volume(days: Int64, legs: Sequence[Leg]) -> Int64:
    """Return the leg in front of each session: the next leg follows in the session after one in
    which its volume was larger.

    The first is the earliest leg with bars in the first session. A session without bars has no
    volume, so a leg that ended is left a session later.
    """
    front = np.zeros(len(days), dtype=np.int64)
    volumes = [_volumes(days, leg) for leg in legs]
    at = next(k for k, leg in enumerate(legs) if len(leg.day) and leg.day[0] == days[0])
    for k in range(len(days)):
        front[k] = at
        if at + 1 < len(legs) and volumes[at + 1][k] > volumes[at][k]:
            at += 1
    return front


def fronts_by_open_interest(
    days: Int64, legs: Sequence[Leg], told: Sequence[tuple[Int64, Float64]], later: int
) -> Int64:
    """Return the leg in front of each session: the next leg follows in the session after one in
    which its open interest, as last told by then, was larger; `later` sessions after that.

    `told` has the sessions in which the open interest of each leg was told, ascending, and what
    was told last in each. Before the first of them it is not known, and nothing is larger than it.
    A leg without a bar in a session in which the next one has some is left, too.
    """
    known = [_last_told(days, *one) for one in told]
    there = [np.isin(days, leg.day) for leg in legs]
    front = np.zeros(len(days), dtype=np.int64)
    at = next(k for k, leg in enumerate(legs) if len(leg.day) and leg.day[0] == days[0])
    for k in range(len(days)):
        front[k] = at
        seen = k - later
        if at + 1 == len(legs):
            continue
        larger = seen >= 0 and known[at + 1][seen] > known[at][seen]
        if larger or (there[at + 1][k] and not there[at][k]):
            at += 1
    return front


def _last_told(days: Int64, told_day: Int64, values: Float64) -> Float64:
    """Return what was told last by each session, NaN before the first time."""
    place = np.searchsorted(told_day, days, side="right") - 1
    found = np.full(len(days), np.nan)
    found[place >= 0] = values[place[place >= 0]]
    return found


def _volumes(days: Int64, leg: Leg) -> Float64:
    """Return a leg's volume of each session."""
    place = np.searchsorted(days, leg.day)
    volumes = np.bincount(place, weights=leg.columns.volume, minlength=len(days))
    return volumes.astype(np.float64)


def rolled(legs: Sequence[Leg], days: Int64, front: Int64, adjust: str) -> Rolled:
    """Return the series in which each session's bars are those of the leg in front of it.

    With `ratio` and `difference` every roll must be measured (`unmeasured` is None).
    """
    assert adjust in ADJUSTMENTS
    rolls = _rolls(legs, days, front)
    parts = []
    for k, leg in enumerate(legs):
        parts.append(leg.columns[_part(leg, days, front, k)])
    factors = _factors(len(legs), rolls, adjust)
    prices = {
        name: np.concatenate(
            [
                _adjusted(getattr(part, name), factor, adjust)
                for part, factor in zip(parts, factors, strict=True)
            ]
        )
        for name in _PRICES
    }
    columns = BarColumns(
        ts_ns=np.concatenate([part.ts_ns for part in parts]),
        volume=np.concatenate([part.volume for part in parts]),
        tick_size=legs[0].columns.tick_size,
        **prices,
    )
    return Rolled(columns, rolls, tuple(len(part) for part in parts))


def unmeasured(legs: Sequence[Leg], days: Int64, front: Int64) -> Roll | None:
    """Return the first roll whose prices cannot be compared."""
    return next((one for one in _rolls(legs, days, front) if one.measured_at_ns is None), None)


def _part(leg: Leg, days: Int64, front: Int64, k: int) -> slice:
    """Return the rows of a leg in the sessions that it is in front of, which follow one another."""
    there = days[front == k]
    if not len(there):
        return slice(0, 0)
    begin, end = np.searchsorted(leg.day, [there[0], there[-1] + 1]).tolist()
    return slice(begin, end)


def _rolls(legs: Sequence[Leg], days: Int64, front: Int64) -> tuple[Roll, ...]:
    """Return where the leg in front changes to another."""
    places = np.flatnonzero(front[1:] != front[:-1]) + 1
    return tuple(
        _measured(
            Roll(int(days[k]), int(front[k - 1]), int(front[k])),
            legs,
            int(days[max(0, k - MEASURED_WITHIN)]),
        )
        for k in places.tolist()
        if front[k] < len(legs)
    )


def _measured(roll: Roll, legs: Sequence[Leg], earliest: int) -> Roll:
    """Add the closes of the last bars of one time before the roll."""
    spans = []
    for leg in (legs[roll.before], legs[roll.after]):
        begin, end = np.searchsorted(leg.day, [earliest, roll.day]).tolist()
        spans.append(leg.columns[begin:end])
    shared = np.intersect1d(spans[0].ts_ns, spans[1].ts_ns, assume_unique=True)
    if not len(shared):
        return roll
    at = int(shared[-1])
    before, after = (int(one.close_ticks[np.searchsorted(one.ts_ns, at)]) for one in spans)
    return roll._replace(measured_at_ns=at, before_ticks=before, after_ticks=after)


def _factors(count: int, rolls: Sequence[Roll], adjust: str) -> list[Fraction]:
    """Return what each leg's ticks are multiplied by (`ratio`), or what is added to them."""
    ratio = adjust == "ratio"
    factors = [Fraction(int(ratio))] * count
    if adjust == "none":
        return factors
    for roll in reversed(rolls):
        assert roll.before_ticks is not None and roll.after_ticks is not None
        later = factors[roll.after]
        factors[roll.before] = (
            later * Fraction(roll.after_ticks, roll.before_ticks)
            if ratio
            else later + roll.after_ticks - roll.before_ticks
        )
    return factors


def _adjusted(ticks: Int64, factor: Fraction, adjust: str) -> Int64:
    """Return prices of one leg; a ratio is worked out once for each price that occurs."""
    if adjust != "ratio":
        return ticks + int(factor) if adjust == "difference" else ticks
    if factor == 1:
        return ticks
    values, place = np.unique(ticks, return_inverse=True)
    made = np.array([round(value * factor) for value in values.tolist()], dtype=np.int64)
    return made[place]
