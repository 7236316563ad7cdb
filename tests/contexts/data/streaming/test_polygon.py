"""Polygon's sockets: let in by a key that nobody sees, one message of many events."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import websockets
from click.testing import CliRunner
from websockets.asyncio.server import ServerConnection, serve

from fks.cli import program
from fks.contexts.data.domain.streaming.told import StateChange, Told
from fks.contexts.data.service.streaming import LiveStream
from fks.contexts.data.service.streaming.opening import StreamRequest, opened_stream
from fks.contracts.data.streams import (
    BARS,
    NO_PRICE,
    QUOTES,
    TRADES,
    BarUpdate,
    QuoteUpdate,
    TradeUpdate,
)
from fks.kernel.errors import Invalid

from .listening import LOCAL

KEY = "canary-polygon-83b1f0"
AT_MS = 1_700_000_000_123
STOCKS = [
    {"ev": "T", "sym": "MSFT", "x": 4, "i": "12345", "p": 114.125, "s": 100, "t": AT_MS, "q": 3},
    {"ev": "Q", "sym": "MSFT", "bp": 114.12, "bs": 1, "ap": 114.15, "as": 3, "t": AT_MS},
    {
        "ev": "AM",
        "sym": "MSFT",
        "v": 4110,
        "o": 114.1,
        "c": 114.11,
        "h": 114.2,
        "l": 114,
        "s": 60000,
    },
]
FOREX = [
    {"ev": "C", "p": "EUR/USD", "x": "44", "a": 1.08366, "b": 1.08363, "t": AT_MS},
    {
        "ev": "CA",
        "pair": "EUR/USD",
        "o": 1.08,
        "c": 1.081,
        "h": 1.09,
        "l": 1.07,
        "v": 24,
        "s": 60000,
    },
]
CRYPTO = [
    {"ev": "XT", "pair": "BTC-USD", "p": 33021.9, "t": AT_MS, "s": 0.01616617, "c": [1], "i": 142},
    {"ev": "XQ", "pair": "BTC-USD", "bp": 0, "bs": 0, "ap": 33022.5, "as": 0.5, "t": AT_MS},
    {"ev": "XA", "pair": "BTC-USD", "v": 0.03, "o": 1e2, "c": 101, "h": 102, "l": 99.5, "s": 60000},
]
CASES = [
    ("polygon_stocks", "msft", (TRADES, QUOTES, BARS), STOCKS),
    ("polygon_forex", "eur/usd", (QUOTES, BARS), FOREX),
    ("polygon_crypto", "btc-usd", (TRADES, QUOTES, BARS), CRYPTO),
]


class Polygon:
    """Lets in whoever has the key, and says its events to whoever asked for something."""

    def __init__(self, events: list[dict[str, Any]], *, denies: str = "", cuts: int = 0) -> None:
        self._events, self._denies, self._cuts = events, denies, cuts
        self.asked: list[str] = []
        self.connections = 0
        self.url = ""

    async def _serve(self, connection: ServerConnection) -> None:
        self.connections += 1
        try:
            await self._status(connection, "connected", "Connected Successfully")
            asked = json.loads(await connection.recv())
            assert asked["action"] == "auth"
            if asked["params"] != KEY:
                await self._status(connection, "auth_failed", f"no key {asked['params']}")
                return
            await self._status(connection, "auth_success", "authenticated")
            asked = json.loads(await connection.recv())
            assert asked["action"] == "subscribe"
            self.asked.append(asked["params"])
            if self._denies:
                await self._status(connection, "error", self._denies)
                return
            for name in asked["params"].split(","):
                await self._status(connection, "success", f"subscribed to: {name}")
            await connection.send(json.dumps(self._events))
            if self.connections <= self._cuts:
                connection.transport.abort()
            await connection.wait_closed()
        except websockets.ConnectionClosed:
            pass

    async def _status(self, connection: ServerConnection, status: str, text: str) -> None:
        await connection.send(json.dumps([{"ev": "status", "status": status, "message": text}]))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Polygon]:
        """Listen."""
        async with serve(self._serve, "127.0.0.1", 0, compression=None) as server:
            self.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/x"
            yield self

    def stream(self, name: str, symbol: str, channels: tuple[str, ...], key: str = KEY) -> Any:
        """Open a stream of it."""
        request = StreamRequest(exchange=name, symbols=(symbol,), channels=channels, url=self.url)
        return opened_stream(request, LOCAL, lambda provider: key if provider == "polygon" else "")


def exact(units: int, decimals: int) -> Decimal | None:
    """Return units as the decimal they are; None for an empty side."""
    return None if units == NO_PRICE else Decimal(units).scaleb(-decimals)


async def until(stream: LiveStream, kind: type[Told], count: int = 1) -> list[Told]:
    """Listen until so many of a kind were told."""
    told: list[Told] = []
    async with asyncio.timeout(20):
        async for one in stream:
            told.append(one)
            if sum(isinstance(one, kind) for one in told) == count:
                return told
    raise AssertionError("the stream ended first")


@pytest.mark.parametrize(("name", "symbol", "channels", "events"), CASES)
async def test_what_a_cluster_says_is_told_exactly(
    name: str, symbol: str, channels: tuple[str, ...], events: list[dict[str, Any]]
) -> None:
    """Lost: prices of stocks, currencies or crypto would be others than Polygon's."""
    async with (
        Polygon(events).running() as polygon,
        polygon.stream(name, symbol, channels) as stream,
    ):
        told = [one for one in await until(stream, BarUpdate) if not isinstance(one, StateChange)]
        assert stream.states == {symbol.upper(): "live"}
        assert stream.counters.unknown == stream.counters.malformed == 0
    wanted = [f"{event['ev']}.{symbol.upper()}" for event in events]
    assert polygon.asked == [",".join(wanted)]
    assert len(told) == len(events)
    for one, event in zip(told, events, strict=True):
        if isinstance(one, TradeUpdate):
            assert exact(one.price, one.scale[0]) == Decimal(str(event["p"]))
            assert exact(one.quantity, one.scale[1]) == Decimal(str(event["s"]))
            assert (one.id, one.ts_ns) == (str(event["i"]), AT_MS * 10**6)
            assert one.side == (-1 if event["ev"] == "XT" else 0)
        elif isinstance(one, QuoteUpdate):
            bid, ask = event.get("bp", event.get("b")), event.get("ap", event.get("a"))
            assert exact(one.bid, one.scale[0]) == (Decimal(str(bid)) if bid else None)
            assert exact(one.ask, one.scale[0]) == Decimal(str(ask))
        elif isinstance(one, BarUpdate):
            values = (one.open, one.high, one.low, one.close)
            shown = [exact(value, one.scale[0]) for value in values]
            assert shown == [Decimal(str(event[letter])) for letter in "ohlc"]
            assert one.closed and one.ts_ns == 60 * 10**9


async def test_after_a_cut_the_key_lets_in_again() -> None:
    """Lost: a stream would be connected, and never hear anything again."""
    async with (
        Polygon(STOCKS, cuts=2).running() as polygon,
        polygon.stream("polygon_stocks", "MSFT", (TRADES,)) as stream,
    ):
        await until(stream, TradeUpdate, 3)
    assert polygon.asked == ["T.MSFT"] * 3


@pytest.mark.parametrize(
    ("denies", "key", "words"),
    [("", "wrong-canary-key", "auth_failed"), ("not authorized", KEY, "not authorized")],
)
async def test_what_polygon_denies_ends_the_stream_with_its_words(
    denies: str, key: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Lost: a wrong key would be tried for ever, or be read in an error or a log."""
    caplog.set_level(logging.DEBUG)
    async with (
        Polygon([], denies=denies).running() as polygon,
        polygon.stream("polygon_stocks", "MSFT", (TRADES,), key) as stream,
    ):
        with pytest.raises(Invalid, match=words) as refusal:
            await until(stream, TradeUpdate)
    assert refusal.value.code == "data.subscription_refused"
    assert key not in str(refusal.value)
    assert polygon.connections == 1
    ours = [one.getMessage() for one in caplog.records if not one.name.startswith("websockets.ser")]
    assert key not in "".join(ours)


async def test_without_a_key_nothing_is_connected() -> None:
    """Lost: nobody would learn which command sets the key."""
    async with Polygon([]).running() as polygon:
        with pytest.raises(Invalid, match="fks data keys set polygon") as refusal:
            async with polygon.stream("polygon_stocks", "MSFT", (TRADES,), key=""):
                pass
    assert refusal.value.code == "data.no_provider_key"
    assert polygon.connections == 0


async def test_a_recording_holds_no_key_and_is_played_without_one(tmp_path: Path) -> None:
    """Lost: who is given a recording would be given the key."""
    path = tmp_path / "session.txt"
    start = ["--home", str(tmp_path), "data", "stream", "polygon_stocks", "MSFT"]
    asked = ["--channels", "trades,quotes", "--json"]
    echoed: list[dict[str, Any]] = [
        {"ev": "status", "status": "hello", "message": f"you are {KEY}"},
        *STOCKS,
    ]
    async with Polygon(echoed).running() as polygon:
        live = await asyncio.to_thread(
            CliRunner().invoke,
            program,
            [*start, *asked, "--seconds", "1.5", "--record", str(path), "--url", polygon.url],
            env={"FKS__FETCHING__ALLOW_LOOPBACK": "true", "FKS_KEY_POLYGON": KEY},
        )
    assert live.exception is None, live.output
    assert KEY not in live.output
    assert KEY.encode() not in path.read_bytes()
    again = await asyncio.to_thread(
        CliRunner().invoke, program, [*start, *asked, "--replay", str(path)]
    )
    both = [
        [one for one in map(json.loads, result.stdout.splitlines()) if one["kind"] != "state"]
        for result in (live, again)
    ]
    assert both[0][:-1] == both[1][:-1]
    assert [one["kind"] for one in both[1]] == ["trade", "quote", "bar", "end"]
