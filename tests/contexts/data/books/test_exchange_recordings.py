"""Recorded connections of eight exchanges: every message is read, every book holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

import pytest
from tests.contexts.data.books.recorded import Seen, exact, played, recording

from fks.contexts.data.domain.books.sync import Books
from fks.contexts.data.domain.wires.binance import BinanceWire
from fks.contexts.data.domain.wires.bitstamp import BitstampWire
from fks.contexts.data.domain.wires.bybit import BybitWire
from fks.contexts.data.domain.wires.coinbase import CoinbaseWire
from fks.contexts.data.domain.wires.deribit import DeribitWire
from fks.contexts.data.domain.wires.gemini import GeminiWire
from fks.contexts.data.domain.wires.kraken import KrakenWire
from fks.contexts.data.domain.wires.okx import OkxWire
from fks.contracts.data.streams import DepthUpdate, QuoteUpdate, StreamUpdate, StreamWire

pytestmark = pytest.mark.real_data


class Expected(NamedTuple):
    """What a recording holds."""

    name: str
    wire: Callable[[], StreamWire]
    messages: int
    kinds: dict[str, int]
    books: int
    checksums: int = 0


RECORDINGS = [
    Expected(
        "BYBIT.ws.26.0",
        lambda: BybitWire("inverse", version=2),
        1098,
        {"Subscribed": 4, "DepthUpdate": 1018, "TradeUpdate": 150},
        books=2,
    ),
    Expected(
        "COINBASE.ws.28.0",
        CoinbaseWire,
        9946,
        {"Subscribed": 60, "DepthUpdate": 9729, "QuoteUpdate": 107, "TradeUpdate": 107},
        books=10,
    ),
    Expected(
        "DERIBIT.ws.1.0",
        DeribitWire,
        136,
        {"Subscribed": 30, "QuoteUpdate": 89, "DepthUpdate": 46},
        books=10,
    ),
    Expected(
        "GEMINI.ws.1.0",
        GeminiWire,
        678,
        {"DepthUpdate": 655, "Heartbeat": 7, "TradeUpdate": 16},
        books=10,
    ),
    Expected(
        "KRAKEN.ws.48.0",
        lambda: KrakenWire(1),
        49,
        {"Notice": 1, "Subscribed": 10, "Heartbeat": 30, "TradeUpdate": 10},
        books=0,
    ),
    Expected(
        "KRAKEN.ws.49.0",
        lambda: KrakenWire(1),
        60,
        {"Notice": 1, "Subscribed": 10, "Heartbeat": 31, "QuoteUpdate": 18},
        books=0,
    ),
    Expected(
        "OKX.ws.1.0",
        OkxWire,
        410,
        {"Subscribed": 18, "QuoteUpdate": 28, "TradeUpdate": 74, "DepthUpdate": 290},
        books=3,
        checksums=290,
    ),
]


@pytest.mark.parametrize("expected", RECORDINGS, ids=lambda expected: expected.name)
def test_every_message_is_read_and_no_book_breaks(expected: Expected) -> None:
    """Lost: a message that is not understood, or a book that does not agree, would go unseen.

    No gap, no failed checksum and no crossed book is in any recording.
    """
    messages = recording(expected.name)
    assert len(messages) == expected.messages
    seen, books = played(expected.wire(), messages)
    assert dict(seen.kinds) == expected.kinds
    assert seen.unknown == []
    assert seen.refused == []
    assert seen.checksums == expected.checksums
    assert seen.outcomes["Joined"] == expected.books
    applied = expected.kinds.get("DepthUpdate", 0) - expected.books
    assert seen.outcomes["Applied"] == applied
    assert sum(books.live(symbol) is not None for symbol in books) == expected.books


Best = tuple[Decimal | None, ...]


class Bests(NamedTuple):
    """Best prices by symbol and id: the book's, and those that the exchange quoted."""

    seen: Seen
    built: dict[tuple[str, int], Best]
    quoted: dict[tuple[str, int], Best]


def with_pages(wire: StreamWire, stream: str, pages: str, marks: tuple[str, str]) -> Bests:
    """Play a stream with the snapshots that were fetched meanwhile; pages come in their time.

    `marks` are what stands before and after the symbol in a page's address.
    """
    seen, books = Seen(), Books(wire.book_rule)
    bests = Bests(seen, {}, {})
    begin, end = marks
    for message in sorted([*recording(stream), *recording(pages)], key=lambda m: m.received_ns):
        updates: Sequence[StreamUpdate]
        if message.page:
            symbol = message.page.partition(begin)[2].partition(end)[0]
            updates = [wire.read_snapshot(symbol, message.payload, message.received_ns)]
        else:
            updates = wire.read(message.payload, message.received_ns)
        for update in updates:
            seen.take(update, books)
            if isinstance(update, DepthUpdate):
                book = books.live(update.symbol)
                if book is not None:
                    best = exact(book.best(), book.scale)
                    bests.built[update.symbol, update.last_id] = best
            elif isinstance(update, QuoteUpdate):
                told = (update.bid, update.bid_quantity, update.ask, update.ask_quantity)
                bests.quoted[update.symbol, update.id] = exact(told, update.scale)
    return bests


def test_binances_recorded_snapshots_join_their_changes() -> None:
    """Lost: snapshots that were fetched while changes came in would not fit them."""
    marks = ("/depth?symbol=", "&")
    seen, built, quoted = with_pages(BinanceWire(), "BINANCE.ws.1.0", "BINANCE.http.0.0", marks)
    assert seen.refused == []
    assert seen.unknown == []
    kinds = {"DepthUpdate": 181, "QuoteUpdate": 84, "TradeUpdate": 2, "BarUpdate": 2}
    assert dict(seen.kinds) == kinds
    assert dict(seen.outcomes) == {"Joined": 4, "Applied": 172, "Ignored": 1, "Buffered": 4}
    matched = built.keys() & quoted.keys()
    assert len(matched) == 26
    assert [number for number in matched if built[number] != quoted[number]] == []


def test_bitstamps_recorded_snapshots_join_their_changes() -> None:
    """Lost: as above, where the only id is a time."""
    marks = ("/order_book/", "/")
    seen, _, _ = with_pages(BitstampWire(), "BITSTAMP.ws.1.0", "BITSTAMP.http.0.0", marks)
    assert seen.refused == []
    assert seen.unknown == []
    assert dict(seen.kinds) == {"DepthUpdate": 727, "Subscribed": 20, "TradeUpdate": 10}
    assert dict(seen.outcomes) == {"Joined": 10, "Applied": 615, "Ignored": 102}
