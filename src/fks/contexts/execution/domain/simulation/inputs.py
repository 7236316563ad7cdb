"""Market data as a paper venue is told it: prices in currency, quantities in units."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from fks.contracts.values import Bar, Side

__all__ = [
    "AuctionSeen",
    "BarSeen",
    "DepthSeen",
    "FundingSeen",
    "MarketData",
    "QuoteSeen",
    "TradeSeen",
]


class BarSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A bar has closed at `end_ns`.

    `opens`: it is a session's first, its open the price of the opening auction; `closes`: it is
    the last, its close that of the closing auction.
    """

    symbol: str
    bar: Bar
    end_ns: int
    opens: bool = False
    closes: bool = False


class AuctionSeen(msgspec.Struct, frozen=True, kw_only=True):
    """An auction was printed: one price, all its quantity."""

    symbol: str
    ts_ns: int
    price: Decimal
    quantity: Decimal
    closing: bool


class QuoteSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The best bid and ask; a side without quantity is empty."""

    symbol: str
    ts_ns: int
    bid: Decimal
    bid_quantity: Decimal
    ask: Decimal
    ask_quantity: Decimal


class TradeSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A trade; `aggressor` is who took, where it is known."""

    symbol: str
    ts_ns: int
    price: Decimal
    quantity: Decimal
    aggressor: Side | None = None


class DepthSeen(msgspec.Struct, frozen=True, kw_only=True):
    """Levels (price, quantity now; 0 removes); a snapshot removes all others."""

    symbol: str
    ts_ns: int
    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]
    snapshot: bool = False


class FundingSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A funding payment is due at a rate (0.0001 is a basis point) on a mark price."""

    symbol: str
    ts_ns: int
    rate: Decimal
    mark: Decimal


MarketData = AuctionSeen | BarSeen | QuoteSeen | TradeSeen | DepthSeen | FundingSeen
