"""Which orders make sense by themselves, and which of them a phase takes.

Part of the plain matching engine; the rules are in `docs/explanation/matching.md`, "One command,
step by step" and "Phases and auctions".
"""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import Flag, Kind, OrderKind, Phase, Tif
from fks.contexts.execution.domain.matching.reference_links import LISTED
from fks.contexts.execution.domain.matching.reference_state import (
    PRICE_BOUND,
    TRAILING,
    Book,
    Command,
    State,
)

__all__ = ["PRICED", "priced_well", "sized_well", "takes", "well_formed"]

PRICED = (OrderKind.LIMIT, OrderKind.STOP_LIMIT, OrderKind.LIMIT_IF_TOUCHED)
STOPPED = (*PRICED[1:], OrderKind.STOP, OrderKind.MARKET_IF_TOUCHED)
SHOWS_ALL = (
    OrderKind.MARKET,
    OrderKind.STOP,
    OrderKind.MARKET_IF_TOUCHED,
    OrderKind.TRAILING_STOP,
)
MOST_PARTS = 128  # of an iceberg: each is a trade, and all of them may be in one command
RESTING_TIFS = (Tif.GTC, Tif.GTD, Tif.DAY)
AUCTIONS = (Phase.OPENING_AUCTION, Phase.CLOSING_AUCTION)


def priced_well(book: Book, kind: int, price: int, stop: int) -> bool:
    """Tell whether a type's limit, trigger and offsets are where they may be."""
    if kind in TRAILING:
        limited = kind == OrderKind.TRAILING_STOP_LIMIT
        return 1 <= stop <= PRICE_BOUND and (not limited or 0 <= price <= PRICE_BOUND)
    if kind in PRICED and not book.min_ticks <= price <= book.max_ticks:
        return False
    return kind not in STOPPED or book.min_ticks <= stop <= book.max_ticks


def sized_well(book: Book, kind: int, quantity: int, display: int) -> bool:
    """Tell whether quantity and display go together."""
    if quantity == 0 or quantity < book.min_lots or display > quantity:
        return False
    return display == 0 or (kind not in SHOWS_ALL and quantity <= MOST_PARTS * display)


def timed_well(state: State, c: Command) -> bool:
    """Tell whether a type goes with its time in force."""
    if c.tif == Tif.GTD and c.expire_ns <= state.now_ns:
        return False
    if c.type in (OrderKind.MARKET, OrderKind.MARKET_TO_LIMIT) and c.tif == Tif.GTD:
        return False
    immediate = c.type in (OrderKind.MARKET, OrderKind.LIMIT)
    return immediate or c.tif not in (Tif.FOK, Tif.AT_OPEN, Tif.AT_CLOSE)


def flagged_well(book: Book, c: Command) -> bool:
    """Tell whether the flags go with each other and with the rest."""
    listed = c.flags & LISTED
    if c.flags >= Flag.MAKER or (listed and (not c.link or book.kind == Kind.ROUTED)):
        return False
    if c.flags & Flag.OCO and c.flags & Flag.OUO:
        return False
    resting = c.tif in RESTING_TIFS
    if c.flags & Flag.POST_ONLY and not (c.type == OrderKind.LIMIT and resting):
        return False
    market = c.type in (OrderKind.MARKET, OrderKind.MARKET_TO_LIMIT)
    return not c.flags & Flag.CHILD or (resting and not market)


def well_formed(state: State, book: Book, c: Command) -> bool:
    """Tell whether an ADD makes sense by itself."""
    return (
        1 <= c.id < 2**63
        and c.side <= 1
        and c.type <= OrderKind.TRAILING_STOP_LIMIT
        and c.tif <= Tif.AT_CLOSE
        and sized_well(book, c.type, c.quantity, c.display)
        and priced_well(book, c.type, c.price, c.stop)
        and timed_well(state, c)
        and flagged_well(book, c)
    )


def takes(book: Book, c: Command) -> bool:
    """Tell whether the phase of an instrument takes an order."""
    if book.phase in (Phase.CLOSED, Phase.HALTED):
        return False
    if c.tif == Tif.AT_OPEN:
        return book.phase == Phase.OPENING_AUCTION
    immediate = c.tif in (Tif.IOC, Tif.FOK) or c.type == OrderKind.MARKET_TO_LIMIT
    return book.phase not in AUCTIONS or not (immediate or c.flags & Flag.POST_ONLY)
