"""Exchanges on this machine, each in its own format, over one market that goes on by itself.

What a speaker says is written from the exchange's documents. `Venue` serves it over a real socket
and misbehaves as it is told to; `told` keeps what was traded and heard of it.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

import websockets
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

__all__ = ["Changes", "Fault", "Market", "Speaker", "Venue"]

Changes = list[tuple[int, int]]
"""Levels of a side as units of price and quantity; a quantity of 0 takes the level away."""


class Market:
    """A book in units of a tenth and a thousandth, never crossed, at most `depth` levels a side."""

    depth = 50

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._middle, self.number, self.trades = 10_000, 100, 0
        self.bids = {self._middle - k: k * 100 for k in range(1, 20)}
        self.asks = {self._middle + k: k * 100 for k in range(1, 20)}

    def step(self) -> tuple[Changes, Changes]:
        """Go on by one change of the book."""
        chance = self._chance
        self._middle += chance.choice((-1, 0, 0, 1))
        found: list[dict[int, int]] = []
        for side, way in ((self.bids, -1), (self.asks, 1)):
            changes = {price: 0 for price in side if (price - self._middle) * way <= 0}
            changes[self._middle + way] = chance.randint(1, 50_000)
            changes[self._middle + way * chance.randint(2, 30)] = chance.randint(1, 50_000)
            side.update(changes)
            far = sorted((price for price in side if side[price]), key=lambda price: price * way)
            changes |= dict.fromkeys(far[self.depth :], 0)
            side.update(changes)
            for price in [price for price, quantity in side.items() if not quantity]:
                del side[price]
            found.append(changes)
        self.number += 1
        return list(found[0].items()), list(found[1].items())

    def trade(self) -> int:
        """Trade once; return its number."""
        self.trades += 1
        return self.trades

    def whole(self) -> tuple[Changes, Changes]:
        """Return all levels, best first."""
        return sorted(self.bids.items(), reverse=True), sorted(self.asks.items())


class Speaker(Protocol):
    """How an exchange of this name talks. `shows_losses`: whether a lost change can be seen."""

    name: str
    symbol: str
    shows_losses: bool

    def word(self, asked: dict[str, Any]) -> str:
        """Return `subscribe`, `unsubscribe`, `ping`, or empty for what needs no market."""
        ...

    def answers(self, asked: dict[str, Any]) -> list[str]:
        """Return what it says to a request that it grants, of which it may not say anything."""
        ...

    def denial(self, asked: dict[str, Any]) -> str:
        """Return what it says to one that it does not grant; the text holds `denied`."""
        ...

    def snapshot(self, market: Market) -> str:
        """Return the whole book; empty where it is a page."""
        ...

    def change(self, market: Market, bids: Changes, asks: Changes) -> str:
        """Return a change of the book."""
        ...

    def trade(self, market: Market, number: int) -> str:
        """Return a trade that bought."""
        ...

    def beat(self) -> str:
        """Return a heartbeat of its own; empty where it has none."""
        ...


Fault = Callable[["Venue", ServerConnection, str], Awaitable[None]]


class Venue:
    """One exchange. `faults` by the number of a step stand in the place of its message."""

    def __init__(self, speaker: Speaker, seed: int, steps: int) -> None:
        self.speaker, self.market, self.steps = speaker, Market(seed), steps
        self.at = self.connections = self.pages = 0
        self.faults: dict[int, Fault] = {}
        self.heard: list[dict[str, Any]] = []
        self.traded: list[int] = []
        self.refused_connections = 0
        self.mute = False
        self.denied: set[int] = set()
        self.address = ""

    @property
    def done(self) -> bool:
        """Tell whether the market closed."""
        return self.at >= self.steps

    async def _serve(self, connection: ServerConnection) -> None:
        self.connections += 1
        self.mute = False
        player: asyncio.Task[None] | None = None
        try:
            async for message in connection:
                if self.mute:
                    continue
                asked = json.loads(message)
                self.heard.append(asked)
                word = self.speaker.word(asked)
                if word == "subscribe" and self.connections in self.denied:
                    await connection.send(self.speaker.denial(asked))
                    continue
                for answer in self.speaker.answers(asked):
                    await connection.send(answer)
                if word == "subscribe":
                    if self.speaker.beat():
                        await connection.send(self.speaker.beat())
                    if player is None or player.done():
                        player = asyncio.create_task(self._play(connection))
                elif word == "unsubscribe" and player is not None:
                    player.cancel()
                    await asyncio.gather(player, return_exceptions=True)
                    # what was on its way when it was asked to stop
                    await connection.send(self.speaker.change(self.market, *self.market.step()))
        except websockets.ConnectionClosed:
            pass
        finally:
            if player is not None:
                player.cancel()
                await asyncio.gather(player, return_exceptions=True)
        for _ in range(0 if self.done else 5):
            self.market.step()  # which nobody hears

    async def _play(self, connection: ServerConnection) -> None:
        """Send the book, then its changes until the market closes."""
        snapshot = self.speaker.snapshot(self.market)
        if snapshot:
            await connection.send(snapshot)
        while not self.done:
            self.at += 1
            change = self.speaker.change(self.market, *self.market.step())
            fault = self.faults.pop(self.at, None)
            if fault is not None:
                await fault(self, connection, change)
            else:
                await connection.send(change)
            if self.at % 3 == 0:
                number = self.market.trade()
                await connection.send(self.speaker.trade(self.market, number))
                self.traded.append(number)
            if self.at % 10 == 0:
                await asyncio.sleep(0)

    async def _page(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer the request for a snapshot; anything else is a socket."""
        if "order_book" in request.path:
            self.pages += 1
            body = page(self.market).encode()
            headers = Headers({"Content-Type": "application/json"})
            headers["Content-Length"] = str(len(body))
            return Response(200, "OK", headers, body)
        if self.refused_connections:
            self.refused_connections -= 1
            return Response(503, "Service Unavailable", Headers({"Content-Length": "0"}), b"")
        return None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Venue]:
        """Listen."""
        async with serve(
            self._serve, "127.0.0.1", 0, process_request=self._page, compression=None
        ) as server:
            self.address = f"127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            yield self


def price(units: int) -> str:
    """Return a price as exchanges write it."""
    return f"{units // 10}.{units % 10}"


def quantity(units: int) -> str:
    """Return a quantity as exchanges write it, with zeros at its end."""
    return f"{units // 1000}.{units % 1000:03d}00000"


def rows(changes: Changes) -> list[list[str]]:
    """Return levels as pairs of texts."""
    return [[price(one), quantity(many)] for one, many in changes]


def page(market: Market) -> str:
    """Return Bitstamp's page of the book."""
    bids, asks = market.whole()
    return json.dumps(
        {
            "timestamp": "1700000000",
            "microtimestamp": str(1_700_000_000_000_000 + market.number),
            "bids": rows(bids),
            "asks": rows(asks),
        }
    )
