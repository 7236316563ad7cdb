"""Corporate actions: what splits and dividends make of the bars before them.

Adjustment is backward: prices before an ex-date are multiplied, those from it on stay. A split of
`ratio` new shares for an old one divides prices and multiplies volumes; a dividend multiplies
prices by `1 - dividend / close`, the close being the last one before the ex-date, as CRSP does.
Factors are exact fractions and rounded once, half to even, to ticks. Which actions are given in
which order makes no difference, and none of them changes a bar on or after its ex-date.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from fks.contracts.columns import BarColumns, Float64, Int64
from fks.contracts.data.ticks import ActionRows
from fks.kernel.errors import Invalid

__all__ = [
    "HOW",
    "MOST_ACTIONS",
    "MOST_RATIO",
    "Action",
    "Step",
    "adjusted",
    "by_day",
    "factors_before",
    "ratio_of",
    "rows_of",
    "steps_of",
    "unadjusted",
]

HOW = ("splits", "total", "none")
MOST_ACTIONS = 2000
"""How many actions of one instrument are taken; factors are exact, and grow with each."""

_DAY_NS = 86_400_000_000_000
_PRICES = ("open_ticks", "high_ticks", "low_ticks", "close_ticks")
_CLOSEST = 10_000
_NEAR_DAYS = 10
MOST_RATIO = 100_000
"""How many new shares a split may make of an old one, and of how many it may make one."""


class Action(NamedTuple):
    """What happens on an ex-date, in days since 1970: `ratio` new shares for an old one, and cash
    for an old share in the currency of the prices.

    `close` is the close before it as traded, where the source tells it; it is used where the bars
    have none of the ten days before.
    """

    day: int
    ratio: Fraction = Fraction(1)
    dividend: Fraction = Fraction(0)
    close: Fraction | None = None


class Step(NamedTuple):
    """What an ex-date does to earlier bars: prices times `price`, volumes times `volume`.

    `close` is the price that a dividend was compared with, None where there was none.
    """

    day: int
    price: Fraction
    volume: Fraction
    ratio: Fraction
    dividend: Fraction
    close: Fraction | None = None


def rows_of(actions: Sequence[Action]) -> ActionRows:
    """Return actions as rows."""
    return ActionRows(
        ts_ns=np.array([one.day * _DAY_NS for one in actions], dtype=np.int64),
        ratio=np.array([float(one.ratio) for one in actions]),
        dividend=np.array([float(one.dividend) for one in actions]),
        close=np.array([np.nan if one.close is None else float(one.close) for one in actions]),
    )


def by_day(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Return one action a day, by day: ratios multiplied, dividends added.

    Raises `Invalid` for a ratio or dividend that cannot be, and for too many of them.
    """
    found: dict[int, Action] = {}
    for one in actions:
        if not 0 < one.ratio <= MOST_RATIO or one.ratio * MOST_RATIO < 1:
            raise Invalid(
                f"{_date(one.day)}: a split of {float(one.ratio):g} for one cannot be",
                code="data.bad_action",
            )
        if one.dividend < 0:
            raise Invalid(f"{_date(one.day)}: a dividend below 0", code="data.bad_action")
        before = found.get(one.day, Action(one.day))
        found[one.day] = Action(
            one.day,
            before.ratio * one.ratio,
            before.dividend + one.dividend,
            max(filter(None, (one.close, before.close)), default=None),
        )
        if len(found) > MOST_ACTIONS:
            raise Invalid(f"more than {MOST_ACTIONS:,} days of actions", code="data.bad_action")
    return tuple(found[day] for day in sorted(found))


def steps_of(
    bars: BarColumns, days: Int64, actions: Sequence[Action], how: str
) -> tuple[Step, ...]:
    """Return what each action does to bars as traded; `days` are their dates, ascending.

    Actions without a bar before them do nothing and are left out. Raises `Invalid` for a dividend
    that is not below the close before it, and where there is no such close.
    """
    assert how in ("splits", "total")
    made = []
    for one in by_day(actions):
        place = int(np.searchsorted(days, one.day))
        dividend = one.dividend if how == "total" else Fraction(0)
        if place == 0 or (one.ratio == 1 and not dividend):
            continue
        price, close = 1 / one.ratio, None
        if dividend:
            close = _close_before(bars, days, place, one)
            if close <= 0:
                raise Invalid(
                    f"the close before the dividend of {_date(one.day)} is {float(close):g}, not "
                    "above 0, so nothing can be compared with it: use --how splits",
                    code="data.bad_action",
                )
            kept = 1 - dividend / close
            if kept <= 0:
                raise Invalid(
                    f"the dividend of {_date(one.day)} ({float(dividend):g}) is not below the "
                    f"close before it ({float(close):g}); were the bars adjusted before?",
                    code="data.bad_action",
                )
            price *= kept
        made.append(Step(one.day, price, one.ratio, one.ratio, dividend, close))
    return tuple(made)


def _close_before(bars: BarColumns, days: Int64, place: int, action: Action) -> Fraction:
    """Return the last close before an ex-date. Raises `Invalid` where there is none near."""
    if action.day - int(days[place - 1]) <= _NEAR_DAYS:
        return int(bars.close_ticks[place - 1]) * Fraction(bars.tick_size)
    if action.close is None or action.close <= 0:
        raise Invalid(
            f"no bar in the {_NEAR_DAYS} days before the dividend of {_date(action.day)}, so it "
            "has no close to be compared with: import those bars, or use --how splits",
            code="data.bad_action",
        )
    return action.close


def factors_before(steps: Sequence[Step]) -> list[tuple[int, Fraction, Fraction]]:
    """Return, by day, what prices and volumes before each ex-date are multiplied by in all."""
    found, price, volume = [], Fraction(1), Fraction(1)
    for step in sorted(steps, reverse=True):
        price, volume = price * step.price, volume * step.volume
        found.append((step.day, price, volume))
    return found[::-1]


def adjusted(
    bars: BarColumns, days: Int64, steps: Sequence[Step], tick_size: Decimal, lot_size: Decimal
) -> BarColumns:
    """Return the bars after all steps, in ticks and lots of the given sizes."""
    return _multiplied(bars, days, factors_before(steps), tick_size, lot_size)


def unadjusted(
    bars: BarColumns, days: Int64, steps: Sequence[Step], tick_size: Decimal, lot_size: Decimal
) -> BarColumns:
    """Return bars as they were before the steps; exact where their adjusting lost nothing."""
    undone = [(day, 1 / price, 1 / volume) for day, price, volume in factors_before(steps)]
    return _multiplied(bars, days, undone, tick_size, lot_size)


def _multiplied(
    bars: BarColumns,
    days: Int64,
    factors: Sequence[tuple[int, Fraction, Fraction]],
    tick_size: Decimal,
    lot_size: Decimal,
) -> BarColumns:
    """Return bars whose stretches before each day are multiplied."""
    scale = Fraction(bars.tick_size) / Fraction(tick_size)
    stretches, begin = [], 0
    for day, price, volume in factors:
        end = int(np.searchsorted(days, day))
        stretches.append((slice(begin, end), price * scale, volume))
        begin = end
    stretches.append((slice(begin, len(bars)), scale, Fraction(1)))
    columns = {
        name: np.concatenate(
            [_ticks(getattr(bars, name)[part], price) for part, price, _ in stretches]
        )
        for name in _PRICES
    }
    volumes = [_volumes(bars.volume[part], volume, lot_size) for part, _, volume in stretches]
    return BarColumns(
        ts_ns=bars.ts_ns, volume=np.concatenate(volumes), tick_size=tick_size, **columns
    )


def _ticks(ticks: Int64, factor: Fraction) -> Int64:
    """Return prices times a factor; it is worked out once for each price that occurs."""
    if factor == 1 or not len(ticks):
        return ticks
    values, place = np.unique(ticks, return_inverse=True)
    made = [round(value * factor) for value in values.tolist()]
    if max(map(abs, made)) >= 1 << 62:
        raise Invalid("a price would be too large for its ticks", code="data.bad_action")
    return np.array(made, dtype=np.int64)[place]


def _volumes(volume: Float64, factor: Fraction, lot_size: Decimal) -> Float64:
    """Return volumes times a factor, rounded to lots."""
    if factor == 1:
        return volume
    lots = Fraction(lot_size)
    per_lot = factor / lots
    whole = np.rint(volume * float(per_lot.numerator) / float(per_lot.denominator))
    return whole * float(lots.numerator) / float(lots.denominator)


def ratio_of(ratio: float) -> Fraction:
    """Return the fraction of small numbers that a float stands for, else the float's decimals."""
    exact = Fraction(repr(ratio))
    simple = exact.limit_denominator(_CLOSEST)
    return simple if abs(simple - exact) * 10**9 <= exact else exact


def _date(day: int) -> str:
    """Return a day since 1970-01-01 as a date."""
    return str(np.datetime64(day, "D"))
