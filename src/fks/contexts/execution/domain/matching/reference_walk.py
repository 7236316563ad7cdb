"""How an order meets the book: trades, self-trade prevention, what is left.

Part of the plain matching engine; the rules are in `docs/explanation/matching.md`.
"""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import (
    EventKind,
    Flag,
    OrderKind,
    Phase,
    Reason,
    SelfTrade,
    Tif,
)
from fks.contexts.execution.domain.matching.reference_links import cut, end, forget, spread
from fks.contexts.execution.domain.matching.reference_state import (
    BUY,
    Book,
    Event,
    Order,
    Place,
    State,
)
from fks.contexts.execution.domain.matching.reference_triggers import collect

__all__ = ["fillable", "meet", "reducible", "trade", "would_cross"]


def reaches(side: int, limit: int, price: int) -> bool:
    """Tell whether an order with this limit may trade at a price."""
    return price <= limit if side == BUY else price >= limit


def would_cross(book: Book, side: int, limit: int) -> bool:
    """Tell whether a limit is at or through the best opposite price."""
    best = book.sides[1 - side].best()
    return best is not None and reaches(side, limit, best)


def self_trade_mode(order: Order) -> int:
    """Return the SelfTrade of an order."""
    return (order.flags >> 5) & 3


def same_group(state: State, one: Order, other: Order) -> bool:
    """Tell whether a trade between two orders would be one with oneself."""
    group = state.groups.get(one.account, 0)
    return group != 0 and group == state.groups.get(other.account, 0)


def fillable(state: State, book: Book, order: Order) -> bool:
    """Tell whether a FOK order would be filled whole."""
    missing = order.open
    for maker in book.sides[1 - order.side].orders():
        if missing <= 0 or not reaches(order.side, order.limit, maker.price):
            break
        if same_group(state, order, maker):
            if self_trade_mode(order) == SelfTrade.CANCEL_OLDEST:
                continue
            break
        if not maker.flags & (Flag.OCO | Flag.OUO | Flag.REDUCE_ONLY):
            missing -= maker.active
    return missing <= 0


def reducible(state: State, order: Order) -> int:
    """Return how many lots an order may trade for its REDUCE_ONLY flag."""
    return state.room(order) if order.reduce_only else order.active


def lose(state: State, book: Book, order: Order, lots: int) -> None:
    """Take traded lots off an order, and the order from its place where that ends it."""
    order.open -= lots
    order.traded += lots
    if order.place != Place.BOOK:
        return
    order.shown -= lots
    if order.active == 0:
        book.take_out(order)
        order.place = Place.NOWHERE
    elif order.shown == 0:
        order.shown = min(order.display, order.active)
        book.sides[order.side].move_to_end(order)


def settle_both(
    state: State, taker: Order, maker: Order, price: int, lots: int, auction: bool
) -> tuple[int, int] | Order:
    """Let the ledger take both fills; return the fees, or the party whose fill does not fit."""
    fees = []
    before = state.ledger.kept(taker.account)
    for one, resting in ((taker, False), (maker, not auction)):
        where = (one.account, one.instrument, one.side)
        try:
            fees.append(state.ledger.fill(*where, lots, price, one.held_price, resting))
        except OverflowError:
            state.ledger.put_back(taker.account, before)
            return one
    return fees[0], fees[1]


def trade(state: State, taker: Order, maker: Order, price: int, lots: int, auction: bool) -> bool:
    """Trade between two orders, and whatever follows from it at once.

    Returns:
        False where the ledger cannot count it: the order of that account has ended instead.
    """
    book = state.books[taker.instrument]
    fees = settle_both(state, taker, maker, price, lots, auction)
    if isinstance(fees, Order):
        end(state, fees, Reason.OVERFLOW)
        return False
    lose(state, book, taker, lots)
    lose(state, book, maker, lots)
    book.last = price
    book.trades += 1
    book.volume += lots
    book.notional += lots * price
    state.ledger.set_last(book.number, price)
    state.events.append(
        Event(
            kind=EventKind.TRADE,
            side=taker.side,
            flags=(not maker.open) | (not taker.open) << 1 | auction << 2,
            instrument=book.number,
            account=taker.account,
            other_account=maker.account,
            id=taker.id,
            price=price,
            quantity=lots,
            leaves=taker.open,
            other=maker.id,
            fee_nanos=fees[0],
            other_fee_nanos=fees[1],
        )
    )
    for one, other in ((maker, taker), (taker, maker)):
        spread(state, one, lots, other)
        if one.open == 0 and one.live:
            forget(state, one)
    for one in (maker, taker):
        if one.live and reducible(state, one) == 0 and one.reduce_only:
            end(state, one, Reason.REDUCE_ONLY)
    return True


def prevent(state: State, taker: Order, maker: Order) -> None:
    """Do what the incoming order says instead of trading with oneself."""
    mode = self_trade_mode(taker)
    if mode == SelfTrade.DECREMENT:
        lots = min(taker.active, maker.active)
        cut(state, maker, lots, Reason.SELF_TRADE, taker.id)
        if taker.live:
            cut(state, taker, lots, Reason.SELF_TRADE, maker.id)
        return
    if mode in (SelfTrade.CANCEL_OLDEST, SelfTrade.CANCEL_BOTH):
        end(state, maker, Reason.SELF_TRADE, other=taker.id)
    if mode in (SelfTrade.CANCEL_NEWEST, SelfTrade.CANCEL_BOTH) and taker.live:
        end(state, taker, Reason.SELF_TRADE, other=maker.id)


def walk(state: State, book: Book, taker: Order) -> bool:
    """Match an incoming order as long as prices meet; return whether it traded."""
    traded = False
    opposite = book.sides[1 - taker.side]
    while taker.live and taker.active:
        maker = opposite.first()
        if maker is None or not reaches(taker.side, taker.limit, maker.price):
            break
        if same_group(state, taker, maker):
            prevent(state, taker, maker)
        elif reducible(state, maker) == 0:
            end(state, maker, Reason.REDUCE_ONLY)
        elif reducible(state, taker) == 0:
            end(state, taker, Reason.REDUCE_ONLY)
        else:
            lots = min(taker.active, maker.shown, reducible(state, taker), reducible(state, maker))
            if trade(state, taker, maker, maker.price, lots, auction=False):
                traded = True
    return traded


def meet(state: State, order: Order) -> None:
    """Let an order meet the book: trade, then rest or end."""
    book = state.books[order.instrument]
    order.place = Place.ARRIVING
    continuous = book.phase == Phase.CONTINUOUS
    traded = walk(state, book, order) if continuous else False
    if order.live:
        if order.active == 0:
            order.place = Place.NOWHERE
        elif continuous and (order.kind == OrderKind.MARKET or order.tif in (Tif.IOC, Tif.FOK)):
            end(state, order, Reason.NO_LIQUIDITY)
        else:
            book.rest(order)
    if traded:
        collect(state, book)
