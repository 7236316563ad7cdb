"""Read corporate actions: LEAN's factor files, Polygon's JSON, and plain CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import msgspec

from fks.contexts.data.domain.actions import Action
from fks.contexts.data.domain.lean_actions import (
    NameRow,
    actions_of_factors,
    factor_rows,
    name_rows,
)
from fks.kernel.errors import Invalid, NotFound

__all__ = ["read_actions", "read_names"]

MOST_BYTES = 16 << 20
_EPOCH = date(1970, 1, 1)
_FACTORS = re.compile(r"\d{8},[\d.]+,[\d.]+,[\d.]+\s*(\n|\Z)")
_COLUMNS = ("date", "ratio", "dividend")


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
    dividends, of which those of the symbol are taken; CSV with the header date,ratio,dividend
    (an empty cell is nothing). Raises `NotFound`, and `Invalid` naming the first row that is none.
    """
    text = _text(path)
    start = text.lstrip()
    try:
        if start.startswith("{"):
            return _polygon(text, symbol, currency)
        if _FACTORS.match(start):
            return actions_of_factors(factor_rows(text))
        return _plain(text)
    except Invalid as error:
        raise Invalid(f"{path.name}: {error.message}", code="data.bad_action") from None


def read_names(path: Path) -> tuple[NameRow, ...]:
    """Return the rows of a map file of LEAN. Raises `NotFound` and `Invalid`."""
    try:
        return name_rows(_text(path))
    except Invalid as error:
        raise Invalid(f"{path.name}: {error.message}", code="data.bad_action") from None


def _text(path: Path) -> str:
    """Return the text of a file of bounded length."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise NotFound(f"cannot read {path}: {error.strerror}", code="data.no_file") from None
    if len(content) > MOST_BYTES:
        raise Invalid(f"{path.name} has more than {MOST_BYTES:,} bytes", code="data.bad_action")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(f"{path.name} is no text in UTF-8", code="data.bad_action") from None


def _polygon(text: str, symbol: str, currency: str) -> tuple[Action, ...]:
    """Return the events of a symbol."""
    try:
        events = msgspec.json.decode(text, type=_Events).results
    except (msgspec.DecodeError, RecursionError) as error:
        raise Invalid(str(error)[:120], code="data.bad_action") from None
    own = [one for one in events if one.ticker == symbol]
    if not own:
        there = ", ".join(sorted({one.ticker for one in events})[:8]) or "none"
        raise Invalid(
            f"no event of {symbol[:40]}; there are those of {there}: name one with --symbol",
            code="data.bad_action",
        )
    return tuple(_event(one, currency) for one in own)


def _event(one: _Event, currency: str) -> Action:
    """Return a split or a dividend. Raises `Invalid` for what is neither."""
    told = [x for x in (one.split_from, one.split_to, one.cash_amount) if x is not None]
    if not all(map(_usual, told)):
        raise Invalid(f"an event of {one.ticker} has a number beyond use", code="data.bad_action")
    if one.execution_date is not None and one.split_from and one.split_to is not None:
        ratio = Fraction(one.split_to) / Fraction(one.split_from)
        return Action((one.execution_date - _EPOCH).days, ratio)
    if one.ex_dividend_date is not None and one.cash_amount is not None:
        if one.currency != currency:
            raise Invalid(
                f"a dividend of {one.ex_dividend_date} is in {one.currency[:8]}, the prices are in "
                f"{currency}",
                code="data.bad_action",
            )
        return Action((one.ex_dividend_date - _EPOCH).days, Fraction(1), Fraction(one.cash_amount))
    raise Invalid(f"an event of {one.ticker} is no split and no dividend", code="data.bad_action")


def _usual(number: Decimal) -> bool:
    """Tell whether a number is below 1e9 and has at most twelve decimals: its fraction is small."""
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -12 and abs(number) < 10**9


def _plain(text: str) -> tuple[Action, ...]:
    """Return the rows of a CSV with a header."""
    rows = csv.reader(text.splitlines(), strict=True)
    found: list[Action] = []
    try:
        names = [name.strip().lower() for name in next(rows, [])]
        if "date" not in names or not {"ratio", "dividend"} & set(names):
            raise Invalid(
                "its header has no date, and ratio or dividend; LEAN's factors and Polygon's "
                "splits and dividends are read too",
                code="data.bad_action",
            )
        places = [names.index(one) if one in names else None for one in _COLUMNS]
        found.extend(_row(cells, places, rows.line_num) for cells in rows if cells)
    except csv.Error as error:
        raise Invalid(f"line {rows.line_num}: {error}", code="data.bad_action") from None
    return tuple(found)


def _row(cells: Sequence[str], places: Sequence[int | None], line: int) -> Action:
    """Return the action of a row. Raises `Invalid` naming its line."""
    texts = ["" if k is None or k >= len(cells) else cells[k].strip() for k in places]
    try:
        numbers = [Decimal(text) if text else None for text in texts[1:]]
        day = (date.fromisoformat(texts[0]) - _EPOCH).days
    except (ValueError, ArithmeticError):
        numbers, day = [Decimal("nan")], 0
    if not all(one is None or _usual(one) for one in numbers):
        raise Invalid(
            f"line {line} is no action; one is written 2024-06-10,10,0", code="data.bad_action"
        )
    ratio, dividend = numbers
    return Action(
        day,
        Fraction(1) if ratio is None else Fraction(ratio),
        Fraction(0) if dividend is None else Fraction(dividend),
    )
