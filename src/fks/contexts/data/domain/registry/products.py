"""Products: what a table of the registry may say, and whether it can be true.

Money is in the product's currency, a contract and side; dates are those from which on something
holds. What nobody has told is empty, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from fks.contexts.data.domain.registry.last_days import LAST_DAYS
from fks.contracts.values import NANOS, Instrument
from fks.kernel.errors import Invalid

__all__ = [
    "BELOW_ZERO",
    "KINDS",
    "MONTHS",
    "Commission",
    "Margin",
    "Product",
    "in_force",
    "product_of",
]

MONTHS = "FGHJKMNQUVXZ"
"""The letters of the months, January first."""
KINDS = ("future", "spread", "option", "index", "share", "currency", "crypto")
BELOW_ZERO = frozenset(("future", "spread", "option"))
"""The kinds whose prices can be zero or below: crude oil was on 20 April 2020."""
_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,15}\Z")
_ROLL = re.compile(r"(expiry:\d{1,2}|first-of-month|volume)\Z")
_CODE = re.compile(rf"([A-Z0-9._-]{{1,16}})([{MONTHS}])(\d\d)\Z")
_ALIAS = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,38}[\x21-\x7e])?\Z")
_MOST = Decimal(10) ** 9
T = TypeVar("T")


class Commission(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one contract costs on each side; `note` is for where the figures came from."""

    per_side: Decimal | None = None
    exchange_fee: Decimal | None = None
    note: str = ""


class Margin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one contract needs as margin: to open it, to keep it, and to keep it within a day."""

    initial: Decimal | None = None
    maintenance: Decimal | None = None
    intraday: Decimal | None = None
    note: str = ""


class Product(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the registry. `commission` and `margin` are schedules by the date they begin.

    `expiries` are last trading days of single contracts by code (GCG26), `unverified` the keys
    that were compared with no source.
    """

    tick: Decimal
    kind: str = "future"
    description: str = ""
    multiplier: Decimal = Decimal(1)
    lot: Decimal = Decimal(1)
    currency: str = "USD"
    venue: str = "SIM"
    calendar: str = "CMES"
    months: str = ""
    last_day: str = ""
    roll: str = ""
    expiries: dict[str, date] = {}
    commission: dict[date, Commission] = {}
    margin: dict[date, Margin] = {}
    aliases: dict[str, tuple[str, ...]] = {}
    unverified: tuple[str, ...] = ()

    def instrument(self, symbol: str) -> Instrument:
        """Return the instrument that datasets and the desk know."""
        return Instrument(
            id=symbol,
            tick_size=self.tick,
            lot_size=self.lot,
            multiplier=self.multiplier,
            currency=self.currency,
            venue=self.venue,
            calendar=self.calendar,
            description=self.description,
        )


class _Wrong(Exception):
    """A key of a product has a value that cannot be."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key
        self.message = message


def product_of(symbol: str, table: Mapping[str, Any]) -> Product:
    """Return the product of a table.

    Raises `Invalid` whose message begins with the key (`ES.tick: ...`), so that its line can be
    found.
    """
    if not _SYMBOL.match(symbol):
        raise _invalid(symbol, "a product is written in A-Z, 0-9, . _ and -, at most 16")
    for name, kind in (("commission", Commission), ("margin", Margin)):
        schedule = table.get(name, {})
        if not isinstance(schedule, dict):
            raise _invalid(f"{symbol}.{name}", "write it by the date it begins")
        for day, entry in schedule.items():
            _converted(day, date, f"{symbol}.{name}.{day}")
            _converted(entry, kind, f"{symbol}.{name}.{day}")
    made = _converted(dict(table), Product, symbol)
    try:
        _check(symbol, made)
    except _Wrong as error:
        raise _invalid(f"{symbol}.{error.key}", error.message) from None
    return made


def in_force(schedule: Mapping[date, T], on: date) -> tuple[date, T] | None:
    """Return what a schedule says of a day: the last entry that began by then."""
    begun = [day for day in schedule if day <= on]
    return (max(begun), schedule[max(begun)]) if begun else None


def _converted(value: object, kind: type[T], key: str) -> T:
    """Return a value as its kind. Raises `Invalid` naming the key."""
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$")
        raise _invalid(".".join([key, *_missing(text), *_parts(path.rstrip("`"))]), text) from None


def _check(symbol: str, made: Product) -> None:
    """Raise `_Wrong` for the first value that cannot be."""
    if made.kind not in KINDS:
        raise _Wrong("kind", f"{made.kind[:20]!r} is none of {', '.join(KINDS)}")
    for key in ("tick", "multiplier", "lot"):
        _bounded(key, getattr(made, key))
    if (made.tick * made.lot * made.multiplier * NANOS) % 1:
        raise _Wrong("tick", "a tick of a lot would be worth less than 1e-9 of the currency")
    letters = [MONTHS.find(letter) for letter in made.months]
    if -1 in letters or letters != sorted(set(letters)):
        raise _Wrong("months", f"write letters of {MONTHS} once each, in that order")
    if made.last_day and made.last_day not in LAST_DAYS:
        rules = ", ".join(LAST_DAYS)
        raise _Wrong("last_day", f"{made.last_day[:30]!r} is no rule; there are {rules}")
    if made.roll and not _ROLL.match(made.roll):
        raise _Wrong("roll", "write expiry:N with N sessions, first-of-month or volume")
    for code in made.expiries:
        found = _CODE.match(code)
        if found is None or found[1] != symbol:
            raise _Wrong(f"expiries.{code[:40]}", f"write the contract as {symbol}H26")
    for name, schedule in (("commission", made.commission), ("margin", made.margin)):
        for day, entry in schedule.items():
            for key in entry.__struct_fields__:
                value = getattr(entry, key)
                if isinstance(value, Decimal):
                    _bounded(f"{name}.{day}.{key}", value, zero=True)
    for source, names in made.aliases.items():
        if not all(_ALIAS.match(one) for one in names):
            raise _Wrong(f"aliases.{source[:20]}", "an alias is 1 to 40 printable letters")


def _bounded(key: str, value: Decimal, *, zero: bool = False) -> None:
    """Raise `_Wrong` for a number out of bounds, or one finer than the desk counts."""
    if not value.is_finite() or not 0 <= value <= _MOST or (value == 0 and not zero):
        raise _Wrong(key, f"must be {'0' if zero else 'more than 0'} to 1e9, not {value}"[:80])
    if zero and (value * NANOS) % 1:
        raise _Wrong(key, f"{value} is finer than 1e-9"[:80])


def _missing(text: str) -> list[str]:
    """Return the field that an error says is unknown."""
    found = re.search(r"unknown field `([^`]{1,40})`", text)
    return [found[1]] if found else []


def _parts(path: str) -> list[str]:
    """Return the names of a path such as `.margin[...].initial`."""
    return [part for part in re.split(r"[.\[\]]+", path) if part]


def _invalid(key: str, text: str) -> Invalid:
    """Return the error of a key."""
    return Invalid(f"{key}: {text}", code="data.bad_registry")
