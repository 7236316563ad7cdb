"""LEAN's factor and map files: the actions that its factors stand for, and names over time.

A row of a factor file holds for its day and those before it, down to the row above: a factor of
prices for dividends, one for splits, and the close of that day. A row of a map file names the
ticker up to its day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from fks.contexts.data.domain.actions import Action
from fks.kernel.errors import Invalid

__all__ = ["FactorRow", "NameRow", "actions_of_factors", "factor_rows", "name_rows", "ticker_on"]

_EPOCH = date(1970, 1, 1)
_ROUNDED = Fraction(1, 10**7)
"""Factors are written with seven decimals, so two of them differ by half of this twice."""
_SIMPLE = 100
_MOST_PLACES = 6


class FactorRow(NamedTuple):
    """Factors of prices up to a day, and the close of that day as traded (1 where not told)."""

    day: int
    price: Decimal
    split: Decimal
    close: Decimal


class NameRow(NamedTuple):
    """The ticker up to a day."""

    day: int
    ticker: str


def factor_rows(text: str) -> tuple[FactorRow, ...]:
    """Return the rows of a factor file. Raises `Invalid` naming the line that is none."""
    found: list[FactorRow] = []
    for number, cells in _cells(text, 4):
        try:
            factors = [Decimal(cell) for cell in cells[1:4]]
            row = FactorRow(_day(cells[0]), *factors)
        except (ValueError, ArithmeticError):
            raise _invalid("factor", number) from None
        good = all(0 <= one < 10**9 for one in factors) and len("".join(cells[:4])) < 64
        if not good or not row.price or not row.split or (found and row.day <= found[-1].day):
            raise _invalid("factor", number)
        found.append(row)
    return tuple(found)


def name_rows(text: str) -> tuple[NameRow, ...]:
    """Return the rows of a map file. Raises `Invalid` naming the line that is none."""
    found: list[NameRow] = []
    for number, cells in _cells(text, 2):
        try:
            row = NameRow(_day(cells[0]), cells[1].strip().upper())
        except ValueError:
            raise _invalid("map", number) from None
        if not row.ticker.isascii() or not 1 <= len(row.ticker) <= 16:
            raise _invalid("map", number)
        if found and row.day <= found[-1].day:
            raise _invalid("map", number)
        found.append(row)
    return tuple(found)


def ticker_on(rows: Sequence[NameRow], on: date) -> str | None:
    """Return the ticker of a day; None before the first day and after the last."""
    day = (on - _EPOCH).days
    if not rows or day < rows[0].day:
        return None
    return next((row.ticker for row in rows if day <= row.day), None)


def actions_of_factors(rows: Sequence[FactorRow]) -> tuple[Action, ...]:
    """Return the actions between the rows; each is dated the day after the row it ends.

    A split is the simplest ratio that its factors, rounded as they are, can mean; a dividend has
    as few decimals as reproduce the factor. Raises `Invalid` where there is no close to tell a
    dividend by.
    """
    found = []
    for row, after in pairwise(rows):
        ratio = _ratio(Fraction(after.split), Fraction(row.split))
        dividend = _dividend(row, after)
        if ratio != 1 or dividend:
            close = Fraction(row.close) if row.close != 1 else None
            found.append(Action(row.day + 1, ratio, dividend, close))
    return tuple(found)


def _ratio(after: Fraction, before: Fraction) -> Fraction:
    """Return a split's ratio."""
    exact = after / before
    simple = exact.limit_denominator(_SIMPLE)
    told = min(after, before)
    unsure = exact * (_ROUNDED / told + _ROUNDED / max(after, before))
    return simple if simple > 0 and abs(simple - exact) <= unsure else exact


def _dividend(row: FactorRow, after: FactorRow) -> Fraction:
    """Return the dividend between two rows."""
    before, later, close = Fraction(row.price), Fraction(after.price), Fraction(row.close)
    if before == later:
        return Fraction(0)
    if close <= 1 and row.close == 1:
        raise Invalid(
            f"the factor file has no close for {_EPOCH.fromordinal(_EPOCH.toordinal() + row.day)}, "
            "so its dividend cannot be told",
            code="data.bad_action",
        )
    exact = close * (1 - before / later)
    for places in range(_MOST_PLACES + 1):
        rounded = Fraction(round(exact * 10**places), 10**places)
        if abs(later * (1 - rounded / close) - before) <= _ROUNDED:
            return rounded
    return exact


def _cells(text: str, least: int) -> list[tuple[int, list[str]]]:
    """Return the numbered lines of a file in cells. Raises `Invalid` for one that is too short."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        cells = line.split(",")
        if not line.strip():
            continue
        if len(cells) < least:
            raise _invalid("factor" if least == 4 else "map", number)
        found.append((number, cells))
    return found


def _day(text: str) -> int:
    """Return a day written 20240131. Raises `ValueError`."""
    if len(text) != 8 or not text.isdigit():
        raise ValueError(text)
    return (date(int(text[:4]), int(text[4:6]), int(text[6:])) - _EPOCH).days


def _invalid(kind: str, number: int) -> Invalid:
    """Return the error of a line."""
    shape = "20240131,0.98,0.5,123.45" if kind == "factor" else "20240131,goog"
    return Invalid(
        f"line {number} is no row of a {kind} file; one is written {shape}, by ascending days",
        code="data.bad_action",
    )
