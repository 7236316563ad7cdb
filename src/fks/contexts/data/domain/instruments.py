"""Instruments: what is built in, and what can be said of an unknown one from its prices.

Tick sizes and multipliers of ES, NQ, GC and CL were checked against a public symbol-properties
table; the others are as commonly quoted and marked `unverified` in their description.
"""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec
import numpy as np

from fks.contracts.columns import Float64
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid

__all__ = ["BUILT_IN", "guess_instrument", "infer_places", "known_instrument", "with_sizes"]

_MAX_PLACES = 9
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=/^-]{0,31}\Z")
_FUTURES = (
    # id, tick size, multiplier, venue, description
    ("ES", "0.25", "50", "CME", "E-mini S&P 500"),
    ("NQ", "0.25", "20", "CME", "E-mini Nasdaq-100"),
    ("GC", "0.10", "100", "COMEX", "Gold"),
    ("CL", "0.01", "1000", "NYMEX", "Crude oil"),
    ("MES", "0.25", "5", "CME", "Micro E-mini S&P 500 (unverified)"),
    ("MNQ", "0.25", "2", "CME", "Micro E-mini Nasdaq-100 (unverified)"),
    ("MGC", "0.10", "10", "COMEX", "Micro gold (unverified)"),
    ("MCL", "0.01", "100", "NYMEX", "Micro crude oil (unverified)"),
    ("BTC", "5", "5", "CME", "Bitcoin futures (unverified)"),
    ("MBT", "5", "0.1", "CME", "Micro bitcoin futures (unverified)"),
    ("RTY", "0.10", "50", "CME", "E-mini Russell 2000 (unverified)"),
    ("YM", "1", "5", "CBOT", "E-mini Dow (unverified)"),
    ("6E", "0.00005", "125000", "CME", "Euro FX (unverified)"),
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
BUILT_IN["SPX"] = Instrument(
    id="SPX", tick_size=Decimal("0.01"), calendar="XNYS", description="S&P 500 index"
)
BUILT_IN["COMP"] = Instrument(
    id="COMP", tick_size=Decimal("0.01"), calendar="XNYS", description="NASDAQ Composite index"
)
_ALIASES = {f"{symbol}=F": symbol for symbol, *_ in _FUTURES} | {"^GSPC": "SPX", "^IXIC": "COMP"}


def known_instrument(symbol: str) -> Instrument | None:
    """Return the built-in instrument of a name or alias, if there is one."""
    return BUILT_IN.get(_ALIASES.get(symbol, symbol))


def infer_places(prices: Float64) -> int:
    """Return how many decimal places write all finite prices exactly, 9 at most."""
    left = prices[np.isfinite(prices) & (np.abs(prices) < 1e9)]
    for places in range(_MAX_PLACES):
        scaled = left * 10.0**places
        left = left[np.abs(scaled - np.rint(scaled)) > np.maximum(np.abs(scaled), 1.0) * 2e-11]
        if len(left) == 0:
            return places
    return _MAX_PLACES


def guess_instrument(
    symbol: str, prices: Float64, volume: Float64, *, every_day: bool, daily: bool
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
    places = infer_places(prices)
    known = volume[np.isfinite(volume)]
    fractional = bool(len(known)) and bool(np.any(known != np.rint(known)))
    lot_places = min(4, max(0, _MAX_PLACES - places)) if fractional else 0
    calendar = "24/7" if every_day else "weekdays" if daily else "24/5"
    return Instrument(
        id=symbol,
        tick_size=Decimal(1).scaleb(-places),
        lot_size=Decimal(1).scaleb(-lot_places),
        calendar=calendar,
        description="sizes inferred from the data",
    )


def with_sizes(instrument: Instrument, **sizes: str | None) -> Instrument:
    """Return the instrument with given sizes in place of its own; `Invalid` for no number."""
    changed: dict[str, Decimal] = {}
    for name, text in sizes.items():
        if text is None:
            continue
        try:
            changed[name] = Decimal(text)
        except ArithmeticError:
            raise Invalid(f"{name} {text[:20]!r} is not a number") from None
        if not changed[name].is_finite() or changed[name] <= 0:
            raise Invalid(f"{name} must be positive, not {text[:20]}")
    return msgspec.structs.replace(instrument, **changed)
