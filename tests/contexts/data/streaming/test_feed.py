"""A stream without its socket: what is told of books, states and scales, message by message."""

from __future__ import annotations

import json
from typing import Any

from fks.contexts.data.domain.streaming.feed import Feed, Output
from fks.contexts.data.domain.streaming.told import SnapshotNeeded, StateChange, Top
from fks.contexts.data.domain.wires.binance import BinanceWire
from fks.contracts.data.streams import TradeUpdate

from .exchange import SYMBOL

SECOND = 10**9


def changed(first: int, last: int, bid: str = "99.9") -> bytes:
    """Return a change of depth."""
    data: dict[str, Any] = {"e": "depthUpdate", "E": 1, "s": SYMBOL, "U": first, "u": last}
    return json.dumps({"stream": "x", "data": {**data, "b": [[bid, "1"]], "a": []}}).encode()


def page(last: int, bid: str = "99.95") -> bytes:
    """Return a snapshot."""
    return json.dumps({"lastUpdateId": last, "bids": [[bid, "2"]], "asks": [["100", "3"]]}).encode()


def live(feed: Feed) -> list[Output]:
    """Connect, and join the book at id 10."""
    feed.begin()
    feed.connected(0)
    assert SnapshotNeeded(SYMBOL) in feed.take(changed(9, 11), SECOND)
    return feed.page(SYMBOL, page(10), SECOND)


def made() -> Feed:
    """Return a feed of depth."""
    return Feed(lambda scales: BinanceWire("spot", scales), [SYMBOL], ["depth"], stale_after_s=5)


def test_a_book_of_the_connection_before_takes_no_changes() -> None:
    """Lost: a change that happens to follow would revive a book that missed others."""
    feed = made()
    live(feed)
    assert feed.book(SYMBOL) is not None
    feed.lost("gone", 2 * SECOND)
    feed.begin()
    feed.connected(3 * SECOND)
    out = feed.take(changed(12, 12), 3 * SECOND)
    assert out == [SnapshotNeeded(SYMBOL)]
    assert feed.book(SYMBOL) is None
    assert feed.states[SYMBOL] == "waiting"


def test_the_top_is_told_again_when_a_symbol_comes_back() -> None:
    """Lost: a consumer that dropped a stale price would never get it again."""
    feed = made()
    (first,) = [one for one in live(feed) if isinstance(one, Top)]
    stale = feed.watch(7 * SECOND)
    assert [one.state for one in stale if isinstance(one, StateChange)] == ["stale"]
    assert feed.book(SYMBOL) is None
    out = feed.take(changed(12, 12), 8 * SECOND)
    (again,) = [one for one in out if isinstance(one, Top)]
    assert (again.bid, again.ask, again.id) == (first.bid, first.ask, 12)
    assert feed.book(SYMBOL) is not None


def test_scales_of_a_symbol_outlive_its_connection() -> None:
    """Lost: units told before and after a reconnect could not be compared."""
    feed = Feed(lambda scales: BinanceWire("spot", scales), [SYMBOL], ["trades"])
    told: list[TradeUpdate] = []
    for price in ("100.25", "100"):
        feed.begin()
        feed.connected(0)
        data = {"e": "trade", "E": 1, "s": SYMBOL, "t": 1, "p": price, "q": "1", "T": 1, "m": True}
        message = json.dumps({"stream": "x", "data": data}).encode()
        told += [one for one in feed.take(message, SECOND) if isinstance(one, TradeUpdate)]
        feed.lost("gone", SECOND)
    assert [one.price for one in told] == [10_025, 10_000]
    assert told[0].scale == told[1].scale


def test_a_snapshot_older_than_what_waits_makes_no_book() -> None:
    """Lost: the changes between would be missing from a book that is shown as live."""
    feed = made()
    feed.begin()
    feed.connected(0)
    feed.take(changed(20, 21), SECOND)
    assert feed.page(SYMBOL, page(10), SECOND)[-1] == SnapshotNeeded(SYMBOL)
    assert feed.counters.late_snapshots == 1
    assert feed.book(SYMBOL) is None
    assert feed.page(SYMBOL, page(20), SECOND)
    assert feed.states[SYMBOL] == "live"


def test_symbols_that_nobody_asked_for_are_counted_and_nothing_else() -> None:
    """Lost: a server could fill the memory with books that nobody wants."""
    feed = made()
    live(feed)
    strange = changed(1, 2).replace(SYMBOL.encode(), b"OTHER")
    assert feed.take(strange, 2 * SECOND) == []
    assert feed.counters.foreign == 1
