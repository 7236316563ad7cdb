"""The bytes of the whole engine: what a snapshot keeps and the state hash is taken of.

Little-endian, nothing aligned beyond what is written here, no gaps except the zeros named:

    header      8s "FKSMATCH", u32 version = 1, u32 zero, i64 now_ns, u64 orders accepted
                so far, u32 instruments, u32 groups, u64 orders (the counts below)   (48 bytes)
    instrument  u16 number, u8 kind, u8 phase, u8 has_last, u8 has_reference, 2 zeros, i64 last,
                reference, min_lots, min_ticks, max_ticks; u64 trades, volume; i128 notional
                (80 bytes; every instrument with a kind, by number; what there is none of is 0)
    group       u32 account, u32 self-trade group (not 0), by account                 (8 bytes)
    order       u64 id, link, accepted, traded; i64 price, stop, trigger, expire_ns, held_price;
                u32 account, strategy, open, waiting, shown, display; u16 instrument, flags;
                u8 side, type, tif, place, has_trigger, 7 zeros                      (112 bytes)
    ledger      u64 length, then `Ledger.state()`

Orders stand by instrument; of each first the buys of the book in price-time order (market orders
first, then the best price), then the sells, then all others by acceptance. So the queue needs no
number, and lists follow from the flags and links. Between commands nothing else is remembered.
"""

from __future__ import annotations

import struct

from fks.contexts.execution.domain.matching.layout import Flag, OrderKind, Tif
from fks.contexts.execution.domain.matching.reference_links import LISTED, joined
from fks.contexts.execution.domain.matching.reference_state import (
    PRICE_BOUND,
    TRIGGERED_KINDS,
    Book,
    Order,
    Place,
    State,
)

__all__ = ["load", "snapshot"]

MAGIC = b"FKSMATCH"
VERSION = 1
HEADER = struct.Struct("<8s2IqQ2IQ")
INSTRUMENT = struct.Struct("<H4B2x5q2Q16s")
GROUP = struct.Struct("<2I")
ORDER = struct.Struct("<4Q5q6I2H5B7x")
LENGTH = struct.Struct("<Q")
assert (HEADER.size, INSTRUMENT.size, GROUP.size, ORDER.size) == (48, 80, 8, 112)


def snapshot(state: State) -> bytes:
    """Return the canonical bytes of the state between two commands."""
    assert not (state.passing or state.fired)
    books = [book for _, book in sorted(state.books.items())]
    orders = [order for book in books for order in listed(state, book)]
    groups = sorted((account, group) for account, group in state.groups.items() if group)
    parts = [
        HEADER.pack(
            MAGIC,
            VERSION,
            0,
            state.now_ns,
            state.accepted,
            len(books),
            len(groups),
            len(orders),
        )
    ]
    parts += [pack_book(book) for book in books]
    parts += [GROUP.pack(*group) for group in groups]
    parts += [pack_order(order) for order in orders]
    ledger = state.ledger.state()
    return b"".join([*parts, LENGTH.pack(len(ledger)), ledger])


def listed(state: State, book: Book) -> list[Order]:
    """Return the orders of an instrument in the order of a snapshot."""
    elsewhere = [o for o in state.by_acceptance(book.number) if o.place != Place.BOOK]
    return [*book.sides[0].orders(), *book.sides[1].orders(), *elsewhere]


def pack_book(book: Book) -> bytes:
    """Return the record of an instrument."""
    return INSTRUMENT.pack(
        book.number,
        book.kind,
        book.phase,
        book.last is not None,
        book.reference is not None,
        book.last or 0,
        book.reference or 0,
        book.min_lots,
        book.min_ticks,
        book.max_ticks,
        book.trades,
        book.volume,
        book.notional.to_bytes(16, "little", signed=True),
    )


def pack_order(one: Order) -> bytes:
    """Return the record of an order."""
    return ORDER.pack(
        *(one.id, one.link, one.accepted, one.traded),
        *(one.price, one.stop, one.trigger, one.expire_ns, one.held_price),
        *(one.account, one.strategy, one.open, one.waiting, one.shown, one.display),
        *(one.instrument, one.flags, one.side, one.kind, one.tif, one.place, one.has_trigger),
    )


def load(state: State, data: bytes) -> None:
    """Fill an empty state from the bytes of a snapshot.

    Raises:
        ValueError: not what an engine of this size would have written; the state is useless then.
    """
    if len(data) < HEADER.size:
        raise ValueError("the snapshot is cut short")
    magic, version, _, now_ns, accepted, books, groups, orders = HEADER.unpack_from(data)
    if magic != MAGIC or version != VERSION:
        raise ValueError("not a matching snapshot of version 1")
    size = HEADER.size + books * INSTRUMENT.size + groups * GROUP.size + orders * ORDER.size
    if len(data) < size + LENGTH.size or orders > state.max_orders:
        raise ValueError("the snapshot is cut short, or of a larger engine")
    state.now_ns, state.accepted = now_ns, accepted
    at = HEADER.size
    for _ in range(books):
        book = unpack_book(data, at)
        state.books[book.number] = book
        at += INSTRUMENT.size
    for _ in range(groups):
        account, group = GROUP.unpack_from(data, at)
        state.groups[account] = group
        at += GROUP.size
    for _ in range(orders):
        put_back(state, unpack_order(data, at))
        at += ORDER.size
    for order in state.by_acceptance():
        joined(state, order)
        state.watch(order)
    state.ledger.restore(data[at + LENGTH.size :])
    inside = max(state.books, default=-1) < state.max_instruments
    if not inside or max(state.groups, default=0) >= state.max_accounts or snapshot(state) != data:
        raise ValueError("the snapshot is not what an engine of this size would write")


def unpack_book(data: bytes, at: int) -> Book:
    """Read the record of an instrument."""
    fields = INSTRUMENT.unpack_from(data, at)
    number, kind, phase, has_last, has_reference, last, reference, *numbers, notional = fields
    book = Book(
        number,
        kind,
        phase,
        last if has_last else None,
        reference if has_reference else None,
        *numbers,
    )
    book.notional = int.from_bytes(notional, "little", signed=True)
    return book


def unpack_order(data: bytes, at: int) -> Order:
    """Read the record of an order."""
    fields = ORDER.unpack_from(data, at)
    identity, link, accepted, traded, price, stop, trigger, expire_ns, held_price = fields[:9]
    account, strategy, lots, waiting, shown, display = fields[9:15]
    instrument, flags, side, kind, tif, place, has_trigger = fields[15:]
    return Order(
        id=identity,
        instrument=instrument,
        account=account,
        strategy=strategy,
        side=side,
        kind=kind,
        tif=tif,
        flags=flags,
        price=price,
        stop=stop,
        open=lots,
        display=display,
        expire_ns=expire_ns,
        link=link,
        accepted=accepted,
        waiting=waiting,
        shown=shown,
        traded=traded,
        trigger=trigger,
        has_trigger=bool(has_trigger),
        held_price=held_price,
        place=place,
    )


def sound(state: State, one: Order) -> bool:
    """Tell whether an order is one that could be live."""
    book = state.books.get(one.instrument)
    if book is None or not 0 < one.id < 2**63 or one.id in state.orders:
        return False
    if one.side > 1 or one.kind > OrderKind.TRAILING_STOP_LIMIT or one.tif > Tif.AT_CLOSE:
        return False
    if (
        one.flags >= Flag.MAKER
        or one.account >= state.max_accounts
        or one.accepted > state.accepted
    ):
        return False
    if one.open == 0 or one.waiting > one.open or (one.flags & LISTED and not one.link):
        return False
    if abs(one.price) > PRICE_BOUND or abs(one.trigger) > PRICE_BOUND:
        return False
    waits = one.kind in TRIGGERED_KINDS
    if one.place == Place.BOOK:
        return 0 < one.shown <= one.active and not waits
    if one.place == Place.TRIGGER:
        return waits and one.shown == 0
    return one.shown == 0 and one.place in (Place.NOWHERE, Place.CLOSE, Place.ROUTED)


def put_back(state: State, order: Order) -> None:
    """Put an order where it was.

    Raises:
        ValueError: an order that could not be live.
    """
    if not sound(state, order):
        raise ValueError(f"the snapshot has an order {order.id} that could not be live")
    book = state.books[order.instrument]
    state.orders[order.id] = order
    book.live += 1
    if order.place == Place.BOOK:
        book.sides[order.side].add(order)
    elif order.place == Place.TRIGGER:
        book.triggers[order.id] = order
