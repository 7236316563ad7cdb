"""Instruments: what a symbol means, and what can be said of an unknown one from its prices.

The products themselves stand in `registry/built_in.toml`, with where their figures come from.
"""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec
import numpy as np

from fks.contexts.data.domain.precision import MAX_PLACES, Precision
from fks.contexts.data.domain.registry.registry import BUILT_IN as REGISTRY
from fks.contexts.data.domain.registry.registry import Registry
from fks.contexts.data.domain.registry.symbols import meaning_of
from fks.contracts.columns import Float64
from fks.contracts.values import NANOS, Instrument
from fks.kernel.errors import Invalid

__all__ = [
    "BUILT_IN",
    "guess_instrument",
    "kind_of_symbol",
    "known_instrument",
    "quoted",
    "with_sizes",
]

_ID = re.compile(r"\^?[A-Za-z0-9][A-Za-z0-9._=/^-]{0,31}\Z")
_CONTRACT_ID = re.compile(r"[A-Z0-9._-]+?(?:[FGHJKMNQUVXZ]\d{1,2}|20\d{4})\Z")
_ANY_YEAR = 2025

BUILT_IN: dict[str, Instrument] = {
    symbol: product.instrument(symbol) for symbol, product in REGISTRY.products.items()
}


def known_instrument(symbol: str, registry: Registry = REGISTRY) -> Instrument | None:
    """Return the instrument of a name, an alias or a futures contract, if the registry has it.

    A contract keeps its own name, or is written as exchanges do (`ES 03-25` is `ESH25`), and has
    its product's sizes. Raises `Invalid` for a symbol that means two things.
    """
    found = meaning_of(symbol, registry, _ANY_YEAR)
    if found is None:
        return None
    product = registry.products[found.product].instrument(found.product)
    if found.contract is None:
        return product
    kept = _CONTRACT_ID.match(symbol) is not None and found.source in ("exchange", "fks")
    return msgspec.structs.replace(product, id=symbol if kept else found.contract.code)


def kind_of_symbol(symbol: str, registry: Registry = REGISTRY) -> str:
    """Return the kind of the product that a symbol means, "" for one the registry has not."""
    found = meaning_of(symbol, registry, _ANY_YEAR)
    return "" if found is None else registry.products[found.product].kind


def guess_instrument(
    symbol: str, precision: Precision, volume: Float64, calendar: str
) -> Instrument:
    """Return an instrument that fits the data: ticks from its digits, lots from its volume.

    The lot is one unit, or a power of ten below where volumes are fractional, but large enough
    that a tick of a lot is a whole number of nanos. Raises `Invalid` for a name that is none.
    """
    if not _ID.match(symbol):
        raise Invalid(
            f"{symbol[:40]!r} is not an instrument's name; write letters, digits and . _ = / ^ -",
            code="data.bad_instrument",
        )
    known = volume[np.isfinite(volume)]
    fractional = bool(len(known)) and bool(np.any(known != np.rint(known)))
    lot_places = min(4, max(0, MAX_PLACES - precision.places)) if fractional else 0
    return Instrument(
        id=symbol,
        tick_size=Decimal(1).scaleb(-precision.places),
        lot_size=Decimal(1).scaleb(-lot_places),
        calendar=calendar,
        description="sizes inferred from the data",
    )


def quoted(instrument: Instrument) -> Instrument:
    """Return the instrument for middles of bid and ask, which lie between two ticks as well."""
    return msgspec.structs.replace(instrument, tick_size=instrument.tick_size / 2)


def with_sizes(instrument: Instrument, **sizes: str | None) -> Instrument:
    """Return the instrument with given sizes in place of its own.

    Raises `Invalid` for what is no positive number, and where a tick of a lot is no whole number
    of nanos: such an instrument could not be accounted for exactly.
    """
    changed: dict[str, Decimal] = {}
    for name, text in sizes.items():
        if text is None:
            continue
        try:
            changed[name] = Decimal(text)
        except ArithmeticError:
            raise Invalid(f"{name} {text[:20]!r} is not a number", code="data.bad_size") from None
        if not changed[name].is_finite() or not 0 < changed[name] <= Decimal(10) ** 9:
            raise Invalid(
                f"{name} must be positive and at most 1e9, not {text[:20]}", code="data.bad_size"
            )
    if not changed:
        return instrument
    made = msgspec.structs.replace(instrument, **changed)
    if (made.tick_size * made.lot_size * made.multiplier * NANOS) % 1 != 0:
        raise Invalid(
            f"a tick of a lot of {made.id} would be worth "
            f"{made.tick_size * made.lot_size * made.multiplier} {made.currency}, which is finer "
            "than 1e-9; give a larger --tick-size, --lot-size or --multiplier",
            code="data.bad_size",
        )
    return made
