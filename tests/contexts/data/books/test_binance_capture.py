"""Binance's depth and its own best prices, recorded side by side."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import pytest
from tests.contexts.data.books.recorded import Seen, capture, exact

from fks.contexts.data.domain.books.sync import Books
from fks.contexts.data.domain.wires.binance import BinanceWire, Market
from fks.contracts.data.streams import DepthUpdate, QuoteUpdate, StreamUpdate

pytestmark = pytest.mark.real_data

Best = tuple[Decimal | None, ...]


class Expected(NamedTuple):
    """What a capture holds."""

    market: Market
    symbol: str
    kinds: dict[str, int]
    waited: int
    live: int
    matched: int


SPOT = Expected(
    "spot",
    "ETHUSDT",
    {"DepthUpdate": 3435, "QuoteUpdate": 24077, "TradeUpdate": 6106},
    waited=2,
    live=3433,
    matched=577,
)
COINM = Expected(
    "coinm",
    "ETHUSD_PERP",
    {"DepthUpdate": 22910, "QuoteUpdate": 15812, "TradeUpdate": 1732},
    waited=24,
    live=22886,
    matched=1345,
)


def books_and_quotes(
    name: str, expected: Expected
) -> tuple[Seen, dict[int, Best], dict[int, Best]]:
    """Return the best prices of the book and of the exchange, each by its update id."""
    wire = BinanceWire(expected.market)
    books, seen = Books(wire.book_rule), Seen()
    built: dict[int, Best] = {}
    quoted: dict[int, Best] = {}
    for message in capture(name):
        updates: Sequence[StreamUpdate]
        if message.page:
            updates = [wire.read_snapshot(expected.symbol, message.payload, message.received_ns)]
        else:
            updates = wire.read(message.payload, message.received_ns)
        for update in updates:
            seen.take(update, books)
            if isinstance(update, DepthUpdate):
                book = books.live(expected.symbol)
                if book is not None:
                    built[update.last_id] = exact(book.best(), book.scale)
            elif isinstance(update, QuoteUpdate):
                best = (update.bid, update.bid_quantity, update.ask, update.ask_quantity)
                quoted[update.id] = exact(best, update.scale)
    return seen, built, quoted


@pytest.mark.parametrize(
    ("name", "expected"),
    [("spot_ethusdt_20240808", SPOT), ("cm_ethusd_perp_20240808", COINM)],
)
def test_the_book_is_the_exchanges_at_every_update(name: str, expected: Expected) -> None:
    """Lost: a book that drifts from the exchange's own best prices would be shown as live.

    Equal ids have to have equal best prices and quantities. Beyond that, best prices change only
    by quotes, so the last quote at or before each change of the book has to be its best as well.
    There is no exception in either capture.
    """
    seen, built, quoted = books_and_quotes(name, expected)
    assert dict(seen.kinds) == expected.kinds
    assert seen.outcomes["Buffered"] == expected.waited
    assert seen.outcomes["Joined"] == 1
    assert seen.outcomes["Applied"] == expected.live - 1
    assert seen.refused == []
    matched = [number for number in built if number in quoted]
    assert len(matched) == expected.matched
    differing = [number for number in matched if built[number] != quoted[number]]
    ids = sorted(quoted)
    last = {number: ids[at - 1] for number in built if (at := bisect_right(ids, number))}
    unlike = [number for number in last if built[number] != quoted[last[number]]]
    assert differing == []
    assert len(last) == expected.live
    assert unlike == []
