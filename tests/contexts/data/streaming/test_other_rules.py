"""Exchanges whose snapshots come in the stream, pings of their own, and planned reconnects."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
import websockets
from websockets.asyncio.server import ServerConnection, serve

from fks.contexts.data.adapters.streaming.socket import SocketSource
from fks.contexts.data.domain.streaming.told import StateChange, Told, Top
from fks.contexts.data.domain.wires.okx import OkxWire
from fks.contexts.data.service.streaming import LiveStream, StreamSettings
from fks.contracts.data.streams import BookRule, Liveness, Scale, TradeUpdate
from fks.kernel.errors import Invalid
from fks.kernel.resilience import Backoff

from .listening import LOCAL

SYMBOL = "BTC-USDT"
Script = Callable[[ServerConnection], Awaitable[None]]


class Okx:
    """Speaks OKX's format: `script` is what a connection says, `asked` what was asked of it."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.asked: list[str] = []
        self.connections = 0

    async def serve(self, connection: ServerConnection) -> None:
        """Play the script, and hear what is asked."""
        self.connections += 1
        script = asyncio.ensure_future(self._script(connection))
        try:
            async for message in connection:
                text = message if isinstance(message, str) else message.decode()
                self.asked.append(text if text == "ping" else json.loads(text)["op"])
                if text == "ping":
                    await connection.send("pong")
                elif self.asked.count("unsubscribe") and self.asked[-1] == "subscribe":
                    await connection.send(books("snapshot", 30, -1, "100.5", "101.5"))
        except websockets.ConnectionClosed:
            pass
        finally:
            script.cancel()
            await asyncio.gather(script, return_exceptions=True)


def books(action: str, number: int, before: int, bid: str, ask: str, **more: Any) -> str:
    """Return a message of the book; each replaces the only level of each side."""
    checksum = zlib.crc32(f"{bid}:1:{ask}:1".encode())
    book = {
        "bids": [[bid, "1", "0", "1"], *more.get("bids", [])],
        "asks": [[ask, "1", "0", "1"], *more.get("asks", [])],
        "ts": "1700000000000",
        "seqId": number,
        "prevSeqId": before,
        "checksum": checksum - (1 << 32) if checksum >= 1 << 31 else checksum,
    }
    arg = {"channel": "books", "instId": SYMBOL}
    return json.dumps({"arg": arg, "action": action, "data": [book]})


def trade(number: int) -> str:
    """Return a message of a trade."""
    data = {"px": "1", "sz": "1", "side": "buy", "ts": "1700000000000", "tradeId": str(number)}
    arg = {"channel": "trades", "instId": SYMBOL}
    return json.dumps({"arg": arg, "data": [data]})


@asynccontextmanager
async def listening(
    okx: Okx, *channels: str, settings: StreamSettings, blind: bool = False
) -> AsyncIterator[LiveStream]:
    """Listen to it."""

    def make(scales: Mapping[str, Scale]) -> OkxWire:
        wire = OkxWire(scales)
        wire.liveness = Liveness(ping=b"ping", every_s=0.05, silence_s=10.0)
        if blind:
            wire.book_rule = BookRule(link="none")
        return wire

    async with serve(okx.serve, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        source = SocketSource(LOCAL, url=f"ws://127.0.0.1:{port}/ws")
        async with LiveStream(
            make, [SYMBOL], channels, source, settings=settings, backoff=Backoff(0.01, 0.05)
        ) as stream:
            yield stream


async def until(stream: LiveStream, found: Callable[[list[Told]], bool]) -> list[Told]:
    """Listen until it was told."""
    told: list[Told] = []
    async with asyncio.timeout(30):
        async for one in stream:
            told.append(one)
            if found(told):
                return told
    raise AssertionError("the stream ended first")


def bid_of(told: list[Told]) -> int:
    """Return the last best bid."""
    return next((one.bid for one in reversed(told) if isinstance(one, Top)), 0)


GAP = books("update", 25, 20, "100.0", "101.0")
CHECKSUM = books("update", 11, 10, "100.0", "101.0", bids=[["99.5", "7", "0", "1"]])


@pytest.mark.parametrize(
    ("broken", "counter"), [(GAP, "gaps"), (CHECKSUM, "checksum_failures")], ids=["gap", "checksum"]
)
async def test_a_broken_book_is_asked_for_again_in_the_stream(broken: str, counter: str) -> None:
    """Lost: an exchange that has no page of its book could never be joined again.

    Its own ping is sent all the while.
    """

    async def script(connection: ServerConnection) -> None:
        await connection.send(books("snapshot", 10, -1, "100.0", "101.0"))
        await connection.send(broken)

    okx = Okx(script)
    async with listening(okx, "depth", settings=StreamSettings()) as stream:
        told = await until(stream, lambda told: bid_of(told) == 1005)
        assert getattr(stream.counters, counter) == stream.counters.resyncs == 1
        assert stream.counters.reconnects == 0
        async with asyncio.timeout(10):
            while "ping" not in okx.asked:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert [one for one in okx.asked if one != "ping"] == ["subscribe", "unsubscribe", "subscribe"]
    assert isinstance(told[-2], StateChange)
    assert told[-2].state == "live"


async def test_a_snapshot_that_never_comes_costs_the_connection() -> None:
    """Lost: a book would wait for its snapshot for ever."""

    async def script(connection: ServerConnection) -> None:
        if okx.connections > 1:
            await connection.send(books("snapshot", 10, -1, "100.0", "101.0"))

    okx = Okx(script)
    settings = StreamSettings(watch_s=0.02, snapshot_s=0.1)
    async with listening(okx, "depth", settings=settings) as stream:
        await until(stream, lambda told: bid_of(told) == 100)
        assert stream.counters.reconnects == 1


async def test_what_cannot_be_read_costs_the_connection_where_no_id_tells_of_it() -> None:
    """Lost: a change that was damaged would be missing from a book that looks live."""

    async def script(connection: ServerConnection) -> None:
        await connection.send(books("snapshot", 10, -1, "100.0", "101.0"))
        if okx.connections == 1:
            await connection.send('{"arg":{"channel":"books"')

    okx = Okx(script)
    async with listening(okx, "depth", settings=StreamSettings(), blind=True) as stream:
        await until(stream, lambda told: okx.connections == 2 and bid_of(told) == 100)
        assert stream.counters.malformed == stream.counters.reconnects == 1


async def test_a_connection_is_made_anew_before_the_exchange_ends_it() -> None:
    """Lost: the exchange would cut the connection after its day, whatever is going on then."""

    async def script(connection: ServerConnection) -> None:
        number = 1000 * okx.connections
        while True:
            number += 1
            await connection.send(trade(number))
            await asyncio.sleep(0.01)

    okx = Okx(script)
    settings = StreamSettings(longest_s=0.1)
    async with listening(okx, "trades", settings=settings) as stream:
        told = await until(
            stream, lambda told: any(isinstance(one, TradeUpdate) and one.id >= "3" for one in told)
        )
        assert stream.counters.reconnects >= 2
    reasons = {one.reason for one in told if isinstance(one, StateChange)}
    assert "connected for long enough" in reasons


async def test_a_refused_subscription_ends_the_stream_with_the_exchanges_words() -> None:
    """Lost: a channel or symbol that is refused would be waited for without end."""

    async def script(connection: ServerConnection) -> None:
        refusal = {"event": "error", "code": "60018", "msg": "no such instrument"}
        await connection.send(json.dumps(refusal))

    async with listening(Okx(script), "trades", settings=StreamSettings()) as stream:
        with pytest.raises(Invalid, match="no such instrument") as refusal:
            await until(stream, lambda told: False)
    assert refusal.value.code == "data.subscription_refused"
