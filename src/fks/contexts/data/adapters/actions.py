"""Read corporate actions: LEAN's factor files, Polygon's JSON, and plain CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import msgspec

from fks.contexts.data.domain.actions import Action
from fks.contexts.data.domain.lean_actions import (
    NameRow,
    actions_of_factors,
    factor_rows,
    name_rows,
)
from fks.kernel.errors import Invalid, NotFound

__all__ = [
    "FACTORS",
    "MOST_BYTES",
    "ToldAction",
    "columns_of_actions",
    "read_actions",
    "read_names",
    "text_of",
    "told_actions",
]

MOST_BYTES = 16 << 20
FACTORS = re.compile(r"\d{8},[\d.]+,[\d.]+,[\d.]+\s*(\n|\Z)")
"""The first line of a factor file of LEAN."""

_MIDNIGHT = re.compile(r"[T ]00:00:00(\.0+)?(Z|\+00:00)?\Z")
_MOST_SHARES = 1 << 62
_EPOCH = date(1970, 1, 1)
_DAY_NS = 86_400_000_000_000
_DATES = ("date", "ex_date", "exdate", "ex_dividend_date", "execution_date", "ts_ns")
_NUMBERS = ("ratio", "new_shares", "old_shares", "dividend", "close")
_SYMBOLS = ("symbol", "ticker")


class ToldAction(NamedTuple):
    """A row of a file: its number from 1, whose it is ("" where that is not told), and its action,
    or why it is none.
    """

    row: int
    symbol: str
    action: Action | None
    fault: str = ""


class _Event(msgspec.Struct):
    """A split or a dividend as Polygon writes it."""

    ticker: str = ""
    execution_date: date | None = None
    split_from: Decimal | None = None
    split_to: Decimal | None = None
    ex_dividend_date: date | None = None
    cash_amount: Decimal | None = None
    currency: str = "USD"


class _Events(msgspec.Struct):
    """An answer of Polygon."""

    results: list[_Event] = []


def read_actions(path: Path, symbol: str, currency: str = "USD") -> tuple[Action, ...]:
    """Return the actions of a file, as it orders them.

    Files are told apart by their content: LEAN's factors; Polygon's `results` of splits or
    dividends, of which those of the symbol are taken; CSV with a header such as
    date,ratio,dividend (an empty cell is nothing). Raises `NotFound`, and `Invalid` naming the
    first row that is none.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise NotFound(f"cannot read {path}: {error.strerror}", code="data.no_file") from None
    text = text_of(content, path.name)
    told = told_actions(text, path.name, currency)
    own = [one for one in told if one.symbol in ("", symbol)]
    if told and not own:
        there = ", ".join(sorted({one.symbol[:20] for one in told})[:8])
        raise Invalid(
            f"{path.name}: no event of {symbol[:40]}; there are those of {there}: name one with "
            "--symbol",
            code="data.bad_action",
        )
    word = "event" if text.lstrip().startswith("{") else "line"
    for one in own:
        if one.action is None:
            raise Invalid(f"{path.name}: {word} {one.row}: {one.fault}", code="data.bad_action")
    return tuple(one.action for one in own if one.action is not None)


def told_actions(text: str, name: str, currency: str) -> tuple[ToldAction, ...]:
    """Return what each row of a file says.

    Raises `Invalid` for a file that is none of actions, and for a factor file with a bad row:
    its factors build upon one another.
    """
    start = text.lstrip()
    try:
        if start.startswith("{"):
            return _polygon(text, currency)
        if FACTORS.match(start):
            found = enumerate(actions_of_factors(factor_rows(text)), 1)
            return tuple(ToldAction(row, "", action) for row, action in found)
        return tuple(_plain(text))
    except Invalid as error:
        raise Invalid(f"{name}: {error.message}", code="data.bad_action") from None


def read_names(path: Path) -> tuple[NameRow, ...]:
    """Return the rows of a map file of LEAN. Raises `NotFound` and `Invalid`."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise NotFound(f"cannot read {path}: {error.strerror}", code="data.no_file") from None
    text = text_of(content, path.name)
    try:
        return name_rows(text)
    except Invalid as error:
        raise Invalid(f"{path.name}: {error.message}", code="data.bad_action") from None


def text_of(content: bytes, name: str) -> str:
    """Return the text of a file of at most `MOST_BYTES`. Raises `Invalid`."""
    if len(content) > MOST_BYTES:
        raise Invalid(f"{name} has more than {MOST_BYTES:,} bytes", code="data.bad_action")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(f"{name} is no text in UTF-8", code="data.bad_action") from None


def columns_of_actions(cells: Sequence[str]) -> Mapping[str, int] | None:
    """Return at which place each column of a header stands; None where it is none of actions.

    The date is `date`, the symbol `symbol`. There is a ratio (or new and old shares), a dividend,
    or both.
    """
    names = [name.strip().lower() for name in cells]
    found = {one: names.index(one) for one in _NUMBERS if one in names}
    for column, words in (("date", _DATES), ("symbol", _SYMBOLS)):
        here = next((one for one in words if one in names), None)
        if here is not None:
            found[column] = names.index(here)
    shares = {"new_shares", "old_shares"} <= found.keys()
    if "date" not in found or not (shares or {"ratio", "dividend"} & found.keys()):
        return None
    return None if {"open", "high", "low", "price"} & set(names) else found


def _polygon(text: str, currency: str) -> tuple[ToldAction, ...]:
    """Return the events of an answer."""
    try:
        events = msgspec.json.decode(text, type=_Events).results
    except (msgspec.DecodeError, RecursionError) as error:
        raise Invalid(str(error)[:120], code="data.bad_action") from None
    return tuple(_event(row, one, currency) for row, one in enumerate(events, 1))


def _event(row: int, one: _Event, currency: str) -> ToldAction:
    """Return a split or a dividend, or why it is neither."""

    def fault(said: str) -> ToldAction:
        return ToldAction(row, one.ticker, None, said)

    told = [x for x in (one.split_from, one.split_to, one.cash_amount) if x is not None]
    if not all(map(_usual, told)):
        return fault("a number beyond use")
    if one.execution_date is not None and one.split_from and one.split_to is not None:
        ratio = Fraction(one.split_to) / Fraction(one.split_from)
        return ToldAction(row, one.ticker, Action((one.execution_date - _EPOCH).days, ratio))
    if one.ex_dividend_date is not None and one.cash_amount is not None:
        if one.currency != currency:
            return fault(f"a dividend in {one.currency[:8]}, the prices are in {currency}")
        day = (one.ex_dividend_date - _EPOCH).days
        return ToldAction(row, one.ticker, Action(day, Fraction(1), Fraction(one.cash_amount)))
    return fault("neither a split nor a dividend")


def _usual(number: Decimal) -> bool:
    """Tell whether a number is below 1e9 and has at most twelve decimals: its fraction is small."""
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -12 and abs(number) < 10**9


def _plain(text: str) -> Iterator[ToldAction]:
    """Yield the rows of a CSV with a header."""
    rows = csv.reader(text.splitlines(), strict=True)
    try:
        places = columns_of_actions(next(rows, []))
        if places is None:
            raise Invalid(
                "its header has no date, and ratio or dividend; LEAN's factors and Polygon's "
                "splits and dividends are read too",
                code="data.bad_action",
            )
        for cells in rows:
            if cells:
                yield _row(cells, places, rows.line_num)
    except csv.Error as error:
        raise Invalid(f"line {rows.line_num}: {error}", code="data.bad_action") from None


def _row(cells: Sequence[str], places: Mapping[str, int], line: int) -> ToldAction:
    """Return the action of a row, or why it is none."""
    texts = {name: cells[k].strip() if k < len(cells) else "" for name, k in places.items()}
    symbol = texts.get("symbol", "")
    try:
        told = {name: Decimal(texts[name]) for name in _NUMBERS if texts.get(name)}
        day = _day(texts["date"])
    except (ValueError, ArithmeticError):
        told, day = {"ratio": Decimal("nan")}, 0
    old = told.get("old_shares", Decimal(1))
    shares = [one for name, one in told.items() if name.endswith("shares")]
    usual = all(_usual(one) for name, one in told.items() if not name.endswith("shares"))
    whole = all(one.is_finite() and 0 < one < _MOST_SHARES and one == int(one) for one in shares)
    if not usual or not whole:
        return ToldAction(line, symbol, None, "no action; one is written 2024-06-10,10,0")
    ratio = Fraction(told.get("ratio", Decimal(1)))
    if "new_shares" in told:
        ratio = Fraction(told["new_shares"]) / Fraction(old)
    close = Fraction(told["close"]) if told.get("close") else None
    dividend = Fraction(told.get("dividend", Decimal(0)))
    return ToldAction(line, symbol, Action(day, ratio, dividend, close))


def _day(text: str) -> int:
    """Return a date, or its midnight in UTC nanoseconds, as a day. Raises `ValueError`."""
    if text.lstrip("-").isdigit() and len(text) > 8:
        day, rest = divmod(int(text), _DAY_NS)
        if rest:
            raise ValueError(text)
        date.fromordinal(day + _EPOCH.toordinal())
        return day
    return (date.fromisoformat(_MIDNIGHT.sub("", text)) - _EPOCH).days
