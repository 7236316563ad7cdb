"""The instrument registry: what is known of each product, and what a symbol means on a day.

Days are ISO dates. Amounts are in the instrument's currency, a contract and side. What nobody
told is None or "": FKS has no commissions or margins of its own.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from fks.contracts.values import Instrument
from fks.kernel.messages import Query

__all__ = [
    "CommissionEntry",
    "GetInstrumentDetails",
    "GetResolvedSymbol",
    "InstrumentDetails",
    "InstrumentRegistry",
    "ListInstruments",
    "MarginEntry",
    "ResolvedSymbol",
]


class CommissionEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What one contract costs on each side, from a day on."""

    since: str
    per_side: Decimal | None = None
    exchange_fee: Decimal | None = None
    note: str = ""


class MarginEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What one contract needs as margin: to open it, to keep it, and to keep it within a day."""

    since: str
    initial: Decimal | None = None
    maintenance: Decimal | None = None
    intraday: Decimal | None = None
    note: str = ""


class InstrumentDetails(msgspec.Struct, frozen=True, kw_only=True):
    """A product of the registry.

    `kind` is `future`, `spread`, `option`, `index`, `share`, `currency` or `crypto`. `tick_value`
    is what a tick of a lot is worth. `months` are the letters of delivery months, `last_day` the
    rule of the last trading day ("" where only `expiries` tell it), `roll` when the next contract
    is in front.
    `origin` is `built in`, `changed` or `yours`; `unverified` names the keys that were compared
    with no source.
    """

    instrument: Instrument
    kind: str
    tick_value: Decimal
    months: str = ""
    last_day: str = ""
    roll: str = ""
    expiries: dict[str, str] = {}
    commission: tuple[CommissionEntry, ...] = ()
    margin: tuple[MarginEntry, ...] = ()
    aliases: dict[str, tuple[str, ...]] = {}
    origin: str = "built in"
    unverified: tuple[str, ...] = ()


class InstrumentRegistry(msgspec.Struct, frozen=True, kw_only=True):
    """All products by symbol; `version` is the hash of what they say."""

    instruments: tuple[InstrumentDetails, ...]
    version: str


class ResolvedSymbol(msgspec.Struct, frozen=True, kw_only=True):
    """What a symbol means on a day.

    `meaning` is `product`, `contract` or `front` (`ES=F`: whichever contract is in front). `code`
    is the contract (`ESH25`), "" for a product that has none in front; `expires` its last trading
    day and `rolls` the first day on which the next one is in front, "" where the registry cannot
    tell, and `unknown` then says why. `commission` and `margin` are those in force on that day.
    """

    symbol: str
    on: str
    meaning: str
    source: str
    instrument: Instrument
    code: str = ""
    delivery: str = ""
    expires: str = ""
    rolls: str = ""
    front: str = ""
    spellings: dict[str, str] = {}
    commission: CommissionEntry | None = None
    margin: MarginEntry | None = None
    unknown: str = ""
    version: str = ""


class GetInstrumentDetails(
    Query[InstrumentDetails], frozen=True, kw_only=True, tag="data.get_instrument_details.v1"
):
    """What is known of the product of this symbol?"""

    symbol: str


class ListInstruments(
    Query[InstrumentRegistry], frozen=True, kw_only=True, tag="data.list_instruments.v1"
):
    """Which products are known?"""


class GetResolvedSymbol(
    Query[ResolvedSymbol], frozen=True, kw_only=True, tag="data.get_resolved_symbol.v1"
):
    """What does this symbol mean on a day (an ISO date; "" is today)?"""

    symbol: str
    on: str = ""
