"""What the registry says of a symbol: its details, its contract, and which one is in front."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from fks.contexts.data.adapters.calendars import check_calendar
from fks.contexts.data.domain.expiries import Contract
from fks.contexts.data.domain.registry.products import MONTHS, Product, in_force
from fks.contexts.data.domain.registry.registry import Registry
from fks.contexts.data.domain.registry.symbols import Meaning, meaning_of, spellings
from fks.contexts.data.domain.timeframes import DAY_NS
from fks.contexts.data.service.expiring import check_month, last_trading_day, roll_day
from fks.contracts.data.instruments import (
    CommissionEntry,
    InstrumentDetails,
    InstrumentRegistry,
    MarginEntry,
    ResolvedSymbol,
)
from fks.kernel.errors import Invalid, NotFound

__all__ = ["check_registry", "day_of", "details_of", "listed", "resolved"]

_EPOCH = date(1970, 1, 1)
_YEARS = range(1970, 2070)
_AHEAD = 20
"""How many contracts are looked through for the one in front."""
_SHOWN = 9


def day_of(text: str, now_ns: int) -> date:
    """Return an ISO date, "" for that of a time. Raises `Invalid` for what is none."""
    if not text:
        return _EPOCH + timedelta(now_ns // DAY_NS)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(
            f"cannot read the day {text[:40]!r}: write 2025-01-31", code="data.bad_day"
        ) from None


def listed(registry: Registry) -> InstrumentRegistry:
    """Return all products by symbol."""
    found = [_details(registry, symbol) for symbol in sorted(registry.products)]
    return InstrumentRegistry(instruments=tuple(found), version=registry.version)


def details_of(registry: Registry, symbol: str) -> InstrumentDetails:
    """Return the product of a symbol. Raises `NotFound`."""
    return _details(registry, _meaning(registry, symbol, _EPOCH.year).product)


def check_registry(registry: Registry) -> tuple[str, ...]:
    """Return what a user's tables lack; raises `Invalid` for a calendar that is none."""
    missing = []
    for symbol in sorted(registry.own):
        product = registry.products[symbol]
        check_calendar(product.calendar)
        if product.kind == "future" and not product.months:
            missing.append(f"{symbol} has no delivery months, so nothing is in front")
        elif product.kind == "future" and not product.last_day and not product.expiries:
            missing.append(f"{symbol} has no last trading days, so nothing is in front")
    return tuple(missing)


def resolved(registry: Registry, symbol: str, on: date) -> ResolvedSymbol:
    """Return what a symbol means on a day.

    Raises `NotFound` for one the registry does not have, `Invalid` for one that means two things,
    for a delivery month that its product does not have and for a day outside 1970 to 2069.
    """
    if on.year not in _YEARS:
        raise Invalid(f"{on} is outside of 1970 to 2069", code="data.bad_day")
    found = _meaning(registry, symbol, on.year)
    product = registry.products[found.product]
    made = ResolvedSymbol(
        symbol=symbol,
        on=on.isoformat(),
        meaning=_kind(found),
        source=found.source,
        instrument=product.instrument(found.product),
        commission=_commission(product, on),
        margin=_margin(product, on),
        version=registry.version,
    )
    if product.kind != "future":
        return made
    try:
        chain = _chain(found.product, product, on)
    except Invalid as error:
        made = msgspec.structs.replace(made, unknown=error.message)
        chain = ()
    contract = found.contract
    if contract is None and chain:
        contract = chain[min(found.ahead or 0, len(chain) - 1)]
    front = chain[0].code if chain else ""
    made = msgspec.structs.replace(made, front=front)
    return made if contract is None else _with_contract(made, product, contract)


def _with_contract(made: ResolvedSymbol, product: Product, contract: Contract) -> ResolvedSymbol:
    """Return an answer with the contract, and its days where the registry knows them."""
    check_month(product, contract)
    made = msgspec.structs.replace(
        made,
        code=contract.code,
        instrument=product.instrument(contract.code),
        delivery=f"{contract.year}-{contract.month:02d}",
        spellings=spellings(contract, product.venue),
    )
    try:
        last = last_trading_day(product, contract)
        made = msgspec.structs.replace(made, expires=_iso(last))
        return msgspec.structs.replace(made, rolls=_iso(roll_day(product, contract)))
    except Invalid as error:
        return msgspec.structs.replace(made, unknown=error.message)


def _meaning(registry: Registry, symbol: str, year: int) -> Meaning:
    """Return what a symbol means, written in any case. Raises `NotFound`."""
    plain = symbol.strip()
    found = meaning_of(plain, registry, year) or meaning_of(plain.upper(), registry, year)
    if found is None:
        raise NotFound(
            f"no instrument {plain[:40]!r} in the registry; fks instruments list shows all, and "
            "fks instruments set NAME tick=... adds one",
            code="data.instrument_not_found",
        )
    return found


def _kind(found: Meaning) -> str:
    """Return the kind of a meaning."""
    if found.contract is not None:
        return "contract"
    return "product" if found.ahead is None else "front"


def _chain(symbol: str, product: Product, on: date) -> tuple[Contract, ...]:
    """Return the contract in front on a day and those after it.

    Raises `Invalid` where the registry does not know when contracts of the product roll.
    """
    if not product.months:
        raise Invalid(f"{symbol} has no delivery months: set them", code="data.unknown_expiry")
    day = (on - _EPOCH).days
    months = [MONTHS.index(letter) + 1 for letter in product.months]
    listed = [
        Contract(symbol, on.year + k // len(months), months[k % len(months)])
        for k in range(len(months) + _AHEAD)
    ]
    # None trades after its delivery month, so the one in front delivers this month or later.
    ahead = [one for one in listed if (one.year, one.month) >= (on.year, on.month)]
    front = next(k for k, one in enumerate(ahead) if roll_day(product, one) > day)
    return tuple(ahead[front : front + _SHOWN])


def _details(registry: Registry, symbol: str) -> InstrumentDetails:
    """Return a product for others."""
    product = registry.products[symbol]
    aliases = dict(product.aliases)
    if product.kind == "future":
        aliases["yahoo"] = (f"{symbol}=F", *aliases.get("yahoo", ()))
        front = (f"{product.venue}:{symbol}1!", *aliases.get("tradingview", ()))
        aliases["tradingview"] = front
    return InstrumentDetails(
        instrument=product.instrument(symbol),
        kind=product.kind,
        tick_value=product.tick * product.lot * product.multiplier,
        months=product.months,
        last_day=product.last_day,
        roll=product.roll,
        expiries={code: day.isoformat() for code, day in sorted(product.expiries.items())},
        commission=tuple(
            CommissionEntry(since=day.isoformat(), **msgspec.structs.asdict(one))
            for day, one in sorted(product.commission.items())
        ),
        margin=tuple(
            MarginEntry(since=day.isoformat(), **msgspec.structs.asdict(one))
            for day, one in sorted(product.margin.items())
        ),
        aliases=aliases,
        origin=registry.whose(symbol),
        unverified=product.unverified,
    )


def _commission(product: Product, on: date) -> CommissionEntry | None:
    """Return what a side costs on a day."""
    found = in_force(product.commission, on)
    if found is None:
        return None
    return CommissionEntry(since=found[0].isoformat(), **msgspec.structs.asdict(found[1]))


def _margin(product: Product, on: date) -> MarginEntry | None:
    """Return what a contract needs on a day."""
    found = in_force(product.margin, on)
    if found is None:
        return None
    return MarginEntry(since=found[0].isoformat(), **msgspec.structs.asdict(found[1]))


def _iso(day: int) -> str:
    """Return a day since 1970-01-01 as a date."""
    return (_EPOCH + timedelta(day)).isoformat()
