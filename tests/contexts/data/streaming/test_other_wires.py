"""Bitfinex, BitMEX and Kraken Futures over a socket: what is asked, and a book that breaks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import pytest
import websockets
from tests.contexts.data.wires import bitfinex_speaker as bitfinex
from tests.contexts.data.wires import test_bitmex as bitmex
from tests.contexts.data.wires import test_kraken_futures as futures
from tests.contexts.data.wires.speaking import Level, Levels, decimals, market
from websockets.asyncio.server import ServerConnection, serve

from fks.contexts.data.adapters.streaming.exchanges import EXCHANGES
from fks.contexts.data.adapters.streaming.socket import SocketSource
from fks.contexts.data.service.streaming import LiveStream, StreamSettings
from fks.contracts.data.streams import Scale, StreamWire, TradeUpdate
from fks.kernel.resilience import Backoff

from .listening import LOCAL

TRADES = 3


class Server(Protocol):
    """An exchange: answers what is asked, says changes, and once something that does not fit."""

    symbol: str

    def answer(self, asked: dict[str, Any], levels: Levels) -> list[bytes]:
        """Return what is said to a request."""
        ...

    def change(self, level: Level, levels: Levels) -> list[bytes]:
        """Return a change, and put it into the levels."""
        ...

    def broken(self) -> bytes:
        """Return a message after which the book is not the exchange's."""
        ...

    def trade(self, number: int) -> bytes:
        """Return a trade."""
        ...


class Bitfinex:
    """Numbers and checksums; each subscription has a channel."""

    symbol = "BTCUSD"

    def __init__(self) -> None:
        self._link, self._channel = bitfinex.Connection(65536 + 131072 + 32768), 10

    def answer(self, asked: dict[str, Any], levels: Levels) -> list[bytes]:
        """Answer; a book begins with a snapshot."""
        if asked["event"] == "conf":
            return self._link.begin()
        if asked["event"] == "unsubscribe":
            return [b'{"event":"unsubscribed","status":"OK","chanId":%d}' % asked["chanId"]]
        if asked["channel"] == "trades":
            return [bitfinex.subscribed(5, "trades", asked["symbol"])]
        self._channel += 1
        begun = bitfinex.subscribed(self._channel, "book", asked["symbol"])
        return [begun, self._link.data(self._channel, bitfinex.whole(levels))]

    def change(self, level: Level, levels: Levels) -> list[bytes]:
        """Say a level and the checksum."""
        levels.put(level)
        checksum = str(bitfinex.checksum(levels))
        row = self._link.data(self._channel, bitfinex.level_row(level))
        return [row, self._link.data(self._channel, '"cs"', checksum)]

    def broken(self) -> bytes:
        """Say another book's checksum."""
        return self._link.data(self._channel, '"cs"', "1")

    def trade(self, number: int) -> bytes:
        """Say a trade."""
        return self._link.data(5, '"te"', f"[{number},{bitfinex.MS},1,2.5]")


class Bitmex:
    """Levels with ids."""

    symbol = bitmex.SYMBOL

    def __init__(self) -> None:
        self._speaker = bitmex.Speaker()

    def answer(self, asked: dict[str, Any], levels: Levels) -> list[bytes]:
        """Answer; a book begins with all of it."""
        wanted = asked["op"] == "subscribe" and any("orderBook" in one for one in asked["args"])
        return [self._speaker.whole(levels)] if wanted else []

    def change(self, level: Level, levels: Levels) -> list[bytes]:
        """Say a level."""
        return self._speaker.change([level], levels)

    def broken(self) -> bytes:
        """Say a change of a level that was never told."""
        row = {"symbol": self.symbol, "id": 1, "side": "Buy", "size": 1}
        return bitmex.said(bitmex.BOOK, "update", [row])

    def trade(self, number: int) -> bytes:
        """Say a trade."""
        row = {"timestamp": "2021-10-12T00:00:00.000Z", "symbol": self.symbol, "side": "Buy"}
        more = {"size": 1, "price": 2.5, "trdMatchID": str(number)}
        return bitmex.said("trade", "insert", [row | more])


class KrakenFutures:
    """Levels with numbers."""

    symbol = futures.SYMBOL

    def __init__(self) -> None:
        self._seq = 100

    def answer(self, asked: dict[str, Any], levels: Levels) -> list[bytes]:
        """Answer; a book begins with a snapshot."""
        feed = asked["feed"]
        if asked["event"] != "subscribe" or feed != "book":
            return [futures.said(event=f"{asked['event']}d", feed=feed)]
        begun = futures.said(event="subscribed", feed=feed, product_ids=[self.symbol])
        return [begun, futures.snapshot(levels, self._seq)]

    def change(self, level: Level, levels: Levels) -> list[bytes]:
        """Say a level."""
        levels.put(level)
        self._seq += 1
        return [futures.change(level, self._seq)]

    def broken(self) -> bytes:
        """Leave a number out."""
        self._seq += 2
        return futures.change(Level(1, market(1, 1)[0].price, market(1, 1)[0].size), self._seq)

    def trade(self, number: int) -> bytes:
        """Say a trade."""
        told = {"feed": "trade", "product_id": self.symbol, "uid": str(number), "side": "buy"}
        return futures.said(**told, time=futures.MS, qty=1.0, price=2.5)


SERVERS: dict[str, Callable[[], Server]] = {
    "bitfinex": Bitfinex,
    "bitmex": Bitmex,
    "kraken_futures": KrakenFutures,
}


@pytest.mark.parametrize("name", SERVERS)
async def test_a_book_that_breaks_is_the_exchanges_again(name: str) -> None:
    """Lost: these exchanges' streams would be read from files only.

    Bitfinex and Kraken Futures are asked again in the stream; BitMEX, whose changes have no
    numbers, over a new connection.
    """
    levels, changes, connections = Levels(), market(4, 80, lot="1"), 0
    for level in changes[:40]:
        levels.put(level)
    later = iter(changes[40:])

    async def serving(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        server = SERVERS[name]()
        try:
            async for message in connection:
                text = message if isinstance(message, str) else message.decode()
                if text == "ping":
                    continue
                asked = json.loads(text)
                said = server.answer(asked, levels)
                for one in said:
                    await connection.send(one.decode())
                if said and is_book(asked):
                    for level in (one for _, one in zip(range(20), later, strict=False)):
                        for one in server.change(level, levels):
                            await connection.send(one.decode())
                    if connections == 1 and not broken.is_set():
                        broken.set()
                        await connection.send(server.broken().decode())
                    else:
                        for number in range(TRADES):
                            await connection.send(server.trade(number).decode())
        except websockets.ConnectionClosed:
            pass

    def is_book(asked: dict[str, Any]) -> bool:
        wanted = asked.get("event", asked.get("op")) == "subscribe"
        return wanted and "book" in json.dumps(asked).lower()

    broken = asyncio.Event()

    def make(scales: Mapping[str, Scale]) -> StreamWire:
        return EXCHANGES[name].make(scales)

    symbol = SERVERS[name]().symbol
    async with serve(serving, "127.0.0.1", 0) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        source = SocketSource(LOCAL, url=f"ws://127.0.0.1:{port}/ws")
        channels = ("trades", "depth")
        settings, pause = StreamSettings(), Backoff(0.01, 0.05)
        async with LiveStream(
            make, [symbol], channels, source, settings=settings, backoff=pause
        ) as stream:
            trades = 0
            async with asyncio.timeout(30):
                async for told in stream:
                    trades += isinstance(told, TradeUpdate)
                    if trades == TRADES:
                        break
            book = stream.book(symbol)
            assert book is not None
            found = decimals(book.packed(1000), book.scale)
            assert found == (levels.bids, levels.asks)
            assert stream.counters.resyncs + stream.counters.malformed == 1
            assert stream.counters.reconnects == int(name == "bitmex")
            assert stream.counters.unknown == 0
    assert next(later, None) is None
