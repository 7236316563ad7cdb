"""Symbols: the many spellings of one product, of its contracts and of the one in front.

`ESH5`, `ESH25` (exchanges), `ES 03-25`, `ES MAR25` (NinjaTrader), `ES202503` (FKS), `ESH2025`,
`CME_MINI:ESH2025` (TradingView), `ESH25.CME` (Yahoo) and `ES21H25` (LEAN) are one contract;
`ES=F`, `ES1!` and `CME_MINI:ES1!` are whichever is in front, `ES2!` the one after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from fks.contexts.data.domain.expiries import Contract
from fks.contexts.data.domain.registry.products import MONTHS
from fks.contexts.data.domain.registry.registry import Registry
from fks.kernel.errors import Invalid

__all__ = ["Meaning", "meaning_of", "spellings"]

_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_YAHOO = {"CME": "CME", "CBOT": "CBT", "COMEX": "CMX", "NYMEX": "NYM"}
_PREFIX = re.compile(r"([A-Z]+?)(_MINI)?:(.+)\Z")
_FRONT = re.compile(r"(.+?)([1-9])!\Z")
_CODE = re.compile(rf"(.+)([{MONTHS}])(\d\d?)\Z")
_LONG_CODE = re.compile(rf"(.+)([{MONTHS}])(20\d\d)\Z")
_LEAN = re.compile(rf"(.+)(?:0[1-9]|[12]\d|3[01])([{MONTHS}])(\d\d)\Z")
_PLAIN = re.compile(r"(.+)(20\d\d)(0[1-9]|1[0-2])\Z")
_NINJA = re.compile(rf"(.+) (?:(0[1-9]|1[0-2])-|({'|'.join(_NAMES)}))(\d\d)\Z")
_SUFFIX = re.compile(r"(.+)\.([A-Z]{3})\Z")
LONGEST = 40


class Meaning(NamedTuple):
    """What a symbol means: a product, its `ahead`-th contract from the front, or a contract.

    `source` names whose spelling it is. `digits` is 1 where the symbol named its year by its last
    digit only.
    """

    product: str
    source: str
    contract: Contract | None = None
    ahead: int | None = None
    digits: int = 2


def meaning_of(symbol: str, registry: Registry, year: int) -> Meaning | None:
    """Return what a symbol means in a year, None where it is no instrument of the registry.

    A year of one digit is the one of that end from four years before to five after. Raises
    `Invalid` where a symbol means two things.
    """
    if len(symbol) > LONGEST:
        return None
    found = {
        (one.product, one.contract, one.ahead): one for one in _readings(symbol, registry, year)
    }
    if len(found) > 1:
        told = " or ".join(sorted(_told(one) for one in found.values()))
        raise Invalid(
            f"{symbol} is ambiguous: {told}; write a contract as ES 03-25 or ES202503, and rename "
            "a product of yours that looks like one",
            code="data.ambiguous_symbol",
        )
    return next(iter(found.values()), None)


def spellings(contract: Contract, venue: str) -> dict[str, str]:
    """Return how others write a contract."""
    product, letter, year = contract.product, MONTHS[contract.month - 1], contract.year
    made = {
        "exchange": f"{product}{letter}{year % 10}",
        "ninjatrader": f"{product} {contract.month:02d}-{year % 100:02d}",
        "fks": f"{product}{year}{contract.month:02d}",
        "tradingview": f"{product}{letter}{year}",
    }
    if venue in _YAHOO:
        made["yahoo"] = f"{contract.code}.{_YAHOO[venue]}"
    return made


def _readings(symbol: str, registry: Registry, year: int) -> Iterator[Meaning]:
    """Yield every way to read a symbol."""
    products, named = registry.products, registry.aliases.get(symbol)
    if symbol in products:
        yield Meaning(symbol, "fks")
    if named is not None:
        yield Meaning(named, "alias")
    plain, source = symbol, ""
    prefix = _PREFIX.match(symbol)
    if prefix is not None:
        plain, source = prefix[3], "tradingview"
    if plain.endswith("=F") and prefix is None and _future(plain[:-2], registry):
        yield Meaning(plain[:-2], "yahoo", ahead=0)
    front = _FRONT.match(plain)
    if front is not None and _future(front[1], registry):
        if prefix is None or products[front[1]].venue == prefix[1]:
            yield Meaning(front[1], "tradingview", ahead=int(front[2]) - 1)
        return
    for one in _contracts(plain, year):
        product = products.get(one.product)
        if product is None or not _future(one.product, registry):
            continue
        if prefix is not None and (product.venue != prefix[1] or one.source == "ninjatrader"):
            continue
        if one.source == "yahoo" and _YAHOO.get(product.venue) != plain[-3:]:
            continue
        yield one._replace(source=source or one.source)


def _contracts(plain: str, year: int) -> Iterator[Meaning]:
    """Yield the contracts that a symbol may be, whether or not there is such a product."""
    suffix = _SUFFIX.match(plain)
    inner = None if suffix is None else _CODE.match(suffix[1])
    if suffix is not None and inner is not None and len(inner[3]) == 2:
        yield _meaning(inner[1], _year(inner[3], year), MONTHS.index(inner[2]) + 1, "yahoo")
    for pattern, source in ((_CODE, "exchange"), (_LONG_CODE, "tradingview"), (_LEAN, "lean")):
        match = pattern.match(plain)
        if match is not None:
            made = _meaning(match[1], _year(match[3], year), MONTHS.index(match[2]) + 1, source)
            yield made._replace(digits=len(match[3]))
    match = _PLAIN.match(plain)
    if match is not None:
        yield _meaning(match[1], int(match[2]), int(match[3]), "fks")
    match = _NINJA.match(plain)
    if match is not None:
        month = int(match[2]) if match[2] else _NAMES.index(match[3]) + 1
        yield _meaning(match[1], _year(match[4], year), month, "ninjatrader")


def _meaning(product: str, year: int, month: int, source: str) -> Meaning:
    """Return a contract's meaning."""
    return Meaning(product, source, Contract(product, year, month))


def _future(symbol: str, registry: Registry) -> bool:
    """Tell whether a product has contracts."""
    product = registry.products.get(symbol)
    return product is not None and product.kind == "future"


def _year(digits: str, around: int) -> int:
    """Return the year that one, two or four digits mean."""
    if len(digits) == 4:
        return int(digits)
    if len(digits) == 2:
        return int(digits) + (1900 if int(digits) >= 70 else 2000)
    return around - 4 + (int(digits) - (around - 4)) % 10


def _told(one: Meaning) -> str:
    """Return a meaning in words."""
    if one.contract is not None:
        return f"the contract {one.contract.code} of {one.product}"
    return f"the product {one.product}" if one.ahead is None else f"the front of {one.product}"
