"""Phases of an instrument and the uncrossing of its auctions.

Part of the plain matching engine; the rules are in `docs/explanation/matching.md`, "Phases and
auctions".
"""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import (
    EventKind,
    OrderKind,
    Phase,
    Reason,
    Tif,
)
from fks.contexts.execution.domain.matching.reference_links import end
from fks.contexts.execution.domain.matching.reference_state import (
    BUY,
    MARKET_PRICE,
    SELL,
    Book,
    Event,
    Order,
    Place,
    State,
)
from fks.contexts.execution.domain.matching.reference_triggers import collect
from fks.contexts.execution.domain.matching.reference_walk import meet, reducible, trade

__all__ = ["enter_phase", "uncrossing_price"]


def uncrossing_price(book: Book, reference: int | None) -> int | None:
    """Return the price at which the most lots trade, None where none would."""
    buys, sells = (
        {price: sum(one.active for one in level.values()) for price, level in side.levels.items()}
        for side in book.sides
    )
    candidates = sorted({*buys, *sells} - set(MARKET_PRICE))
    if not candidates:
        return reference if buys and sells else None
    found: list[tuple[int, int, int, int]] = []
    for price in candidates:
        demand = sum(lots for at, lots in buys.items() if at >= price)
        supply = sum(lots for at, lots in sells.items() if at <= price)
        found.append((-min(demand, supply), abs(demand - supply), demand - supply, price))
    most, surplus = min(one[:2] for one in found)
    if most == 0:
        return None
    tied = [one[2:] for one in found if one[:2] == (most, surplus)]
    if all(left > 0 for left, _ in tied):
        return max(price for _, price in tied)
    if all(left < 0 for left, _ in tied):
        return min(price for _, price in tied)
    if reference is None:
        return min(price for _, price in tied)
    return min((abs(price - reference), price) for _, price in tied)[1]


def uncross(state: State, book: Book) -> tuple[int, int]:
    """Trade all that crosses; return the first price of it and the lots."""
    first = 0
    before = book.volume
    reference = book.last if book.reference is None else book.reference
    while (price := uncrossing_price(book, reference)) is not None:
        traded = book.volume
        pair(state, book, price)
        if traded == before and book.volume > before:
            first = price
    return first, book.volume - before


def eligible(book: Book, side: int, price: int) -> Order | None:
    """Return the first order of a side that trades at a price."""
    order = book.sides[side].first()
    if order is None or order.kind == OrderKind.MARKET:
        return order
    inside = order.price >= price if side == BUY else order.price <= price
    return order if inside else None


def pair(state: State, book: Book, price: int) -> None:
    """Trade buys with sells at one price until one side has none left."""
    while True:
        buy, sell = eligible(book, BUY, price), eligible(book, SELL, price)
        if buy is None or sell is None:
            return
        if reducible(state, sell) == 0:
            end(state, sell, Reason.REDUCE_ONLY)
        elif reducible(state, buy) == 0:
            end(state, buy, Reason.REDUCE_ONLY)
        else:
            lots = min(buy.shown, sell.shown, reducible(state, buy), reducible(state, sell))
            trade(state, buy, sell, price, lots, auction=True)


def stays(order: Order, phase: int) -> Reason:
    """Return why an order cannot stay in a phase that begins, NONE if it can."""
    if order.place == Place.ROUTED:
        return Reason.NONE
    if phase == Phase.CLOSING_AUCTION:
        return Reason.SESSION_END if order.tif == Tif.AT_OPEN else Reason.NONE
    if phase not in (Phase.CONTINUOUS, Phase.CLOSED):
        return Reason.NONE
    closed = phase == Phase.CLOSED
    in_book = order.place == Place.BOOK
    if order.tif == Tif.AT_OPEN or (order.tif == Tif.AT_CLOSE and (in_book or closed)):
        return Reason.SESSION_END
    if order.tif == Tif.DAY and closed:
        return Reason.SESSION_END
    if order.kind == OrderKind.MARKET and in_book:
        return Reason.NO_LIQUIDITY
    return Reason.NONE


def enter_phase(state: State, book: Book, phase: int) -> None:
    """Move an instrument to a phase: uncross, end what cannot stay, let in what waited."""
    price = lots = 0
    book.phase = phase
    if phase in (Phase.CONTINUOUS, Phase.CLOSED):
        price, lots = uncross(state, book)
    for order in state.by_acceptance(book.number):
        if order.live and (reason := stays(order, phase)):
            end(state, order, reason)
    if phase == Phase.CLOSING_AUCTION:
        for order in state.by_acceptance(book.number):
            if order.place == Place.CLOSE:
                meet(state, order)
    state.events.append(
        Event(
            kind=EventKind.PHASE,
            flags=phase,
            instrument=book.number,
            price=price,
            quantity=min(lots, 2**32 - 1),
            other=lots,
        )
    )
    collect(state, book)
