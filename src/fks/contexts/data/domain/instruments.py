"""Instruments: what is built in, and what can be said of an unknown one from its prices.

Tick sizes and multipliers of the built-in futures agree with the public symbol-properties table
of LEAN; none was checked against the exchanges' own contract specifications, and the grains,
which that table quotes in dollars, stand here as they are traded, in cents: those say so.
"""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec
import numpy as np

from fks.contexts.data.domain.precision import MAX_PLACES, Precision
from fks.contracts.columns import Float64
from fks.contracts.values import NANOS, Instrument
from fks.kernel.errors import Invalid

__all__ = ["BUILT_IN", "guess_instrument", "known_instrument", "quoted", "with_sizes"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=/^-]{0,31}\Z")
_FUTURES = (
    # id, tick size, multiplier, venue, description
    ("ES", "0.25", "50", "CME", "E-mini S&P 500"),
    ("NQ", "0.25", "20", "CME", "E-mini Nasdaq-100"),
    ("RTY", "0.1", "50", "CME", "E-mini Russell 2000"),
    ("YM", "1", "5", "CBOT", "E-mini Dow"),
    ("MES", "0.25", "5", "CME", "Micro E-mini S&P 500"),
    ("MNQ", "0.25", "2", "CME", "Micro E-mini Nasdaq-100"),
    ("M2K", "0.1", "5", "CME", "Micro E-mini Russell 2000"),
    ("MYM", "1", "0.5", "CBOT", "Micro E-mini Dow"),
    ("GC", "0.1", "100", "COMEX", "Gold"),
    ("MGC", "0.1", "10", "COMEX", "Micro gold"),
    ("SI", "0.005", "5000", "COMEX", "Silver"),
    ("HG", "0.0005", "25000", "COMEX", "Copper"),
    ("PL", "0.1", "50", "NYMEX", "Platinum"),
    ("CL", "0.01", "1000", "NYMEX", "Crude oil"),
    ("MCL", "0.01", "100", "NYMEX", "Micro crude oil"),
    ("NG", "0.001", "10000", "NYMEX", "Natural gas"),
    ("RB", "0.0001", "42000", "NYMEX", "Gasoline"),
    ("HO", "0.0001", "42000", "NYMEX", "Heating oil"),
    ("BTC", "5", "5", "CME", "Bitcoin futures"),
    ("MBT", "5", "0.1", "CME", "Micro bitcoin futures"),
    ("ETH", "0.5", "50", "CME", "Ether futures"),
    ("MET", "0.5", "0.1", "CME", "Micro ether futures"),
    ("6E", "0.00005", "125000", "CME", "Euro FX"),
    ("6J", "0.0000005", "12500000", "CME", "Japanese yen"),
    ("6B", "0.0001", "62500", "CME", "British pound"),
    ("6C", "0.00005", "100000", "CME", "Canadian dollar"),
    ("M6E", "0.0001", "12500", "CME", "Micro euro FX"),
    ("ZN", "0.015625", "1000", "CBOT", "10-year T-note"),
    ("ZB", "0.03125", "1000", "CBOT", "T-bond"),
    ("ZC", "0.25", "50", "CBOT", "Corn, in cents (unverified)"),
    ("ZS", "0.25", "50", "CBOT", "Soybeans, in cents (unverified)"),
    ("ZW", "0.25", "50", "CBOT", "Wheat, in cents (unverified)"),
)
BUILT_IN: dict[str, Instrument] = {
    symbol: Instrument(
        id=symbol,
        tick_size=Decimal(tick),
        multiplier=Decimal(multiplier),
        venue=venue,
        calendar="CMES",
        description=description,
    )
    for symbol, tick, multiplier, venue, description in _FUTURES
}
_CENT = Decimal("0.01")
BUILT_IN["SPX"] = Instrument(
    id="SPX", tick_size=_CENT, calendar="XNYS", description="S&P 500 index"
)
BUILT_IN["COMP"] = Instrument(
    id="COMP", tick_size=_CENT, calendar="XNYS", description="NASDAQ Composite index"
)
_ALIASES = {f"{symbol}=F": symbol for symbol, *_ in _FUTURES} | {"^GSPC": "SPX", "^IXIC": "COMP"}
# ESH5 and ESH25 as exchanges write a contract, ES 03-25 as NinjaTrader, ES202503 as FKS does.
_MONTHS = "FGHJKMNQUVXZ"
_CODE = re.compile(rf"([A-Z0-9]{{1,4}})([{_MONTHS}])(\d{{1,2}})\Z")
_NINJA = re.compile(r"([A-Z0-9]{1,4}) (\d\d)-(\d\d)\Z")
_PLAIN = re.compile(r"([A-Z0-9]{1,4}?)(20\d{4})\Z")


def known_instrument(symbol: str) -> Instrument | None:
    """Return the built-in instrument of a name, an alias or a futures contract, if it is one.

    A contract keeps its own name (`ES 03-25` is written `ESH25`) and has its product's sizes.
    """
    found = BUILT_IN.get(_ALIASES.get(symbol, symbol))
    if found is not None:
        return found
    ninja = _NINJA.match(symbol)
    if ninja is not None and ninja[1] in BUILT_IN and 1 <= int(ninja[2]) <= 12:
        symbol = f"{ninja[1]}{_MONTHS[int(ninja[2]) - 1]}{ninja[3]}"
    for contract in (_CODE.match(symbol), _PLAIN.match(symbol)):
        product = None if contract is None else BUILT_IN.get(contract[1])
        if product is not None and product.calendar == "CMES":
            return msgspec.structs.replace(product, id=symbol)
    return None


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
