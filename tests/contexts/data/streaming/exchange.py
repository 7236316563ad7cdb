"""An exchange on this machine that speaks Binance's format, and misbehaves as it is told to."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import websockets
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

SYMBOL = "ETHUSDT"
Sides = tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]]
Fault = Callable[["Exchange", ServerConnection, bytes], Any]


class Exchange:
    """Plays `messages` to whoever subscribes, and keeps the book that they make.

    `faults` are put in the place of the message with their number. While nobody listens, time
    goes on: `missed` messages are applied that nobody hears. `hold` keeps it from going on.
    """

    def __init__(self, book: dict[str, Any], messages: list[bytes]) -> None:
        self.messages, self.at = messages, 0
        self.bids = {Decimal(p): Decimal(q) for p, q in book["bids"]}
        self.asks = {Decimal(p): Decimal(q) for p, q in book["asks"]}
        self.last_id: int = book["lastUpdateId"]
        self.tops: dict[int, tuple[Decimal, ...]] = {self.last_id: self.top()}
        self.faults: dict[int, Fault] = {}
        self.missed = 7
        self.refusals = 0
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.connections = self.pages = 0
        self.trades_sent: list[str] = []
        self.go = asyncio.Event()
        self.go.set()
        self._server: Server | None = None

    @property
    def address(self) -> str:
        """Return host and port."""
        assert self._server is not None
        return f"127.0.0.1:{next(iter(self._server.sockets)).getsockname()[1]}"

    @property
    def done(self) -> bool:
        """Tell whether all was played."""
        return self.at >= len(self.messages)

    def top(self) -> tuple[Decimal, ...]:
        """Return the best prices and quantities."""
        bid, ask = max(self.bids), min(self.asks)
        return bid, self.bids[bid], ask, self.asks[ask]

    def apply(self, message: bytes) -> None:
        """Let a message happen, whether anybody hears of it or not."""
        data = json.loads(message)["data"]
        if data.get("e") != "depthUpdate" or data["u"] <= self.last_id:
            return
        for side, changes in ((self.bids, data["b"]), (self.asks, data["a"])):
            for price, quantity in changes:
                side[Decimal(price)] = Decimal(quantity)
                if not Decimal(quantity):
                    side.pop(Decimal(price), None)
        self.last_id = data["u"]
        self.tops[self.last_id] = self.top()

    def next(self) -> bytes:
        """Let the next message happen."""
        message = self.messages[self.at]
        self.at += 1
        self.apply(message)
        return message

    async def send(self, connection: ServerConnection, message: bytes) -> None:
        """Send, and note what was traded."""
        if b'"e":"trade"' in message:
            self.trades_sent.append(str(json.loads(message)["data"]["t"]))
        await connection.send(message, text=True)

    async def _serve(self, connection: ServerConnection) -> None:
        self.connections += 1
        request = json.loads(await connection.recv())
        assert request["method"] == "SUBSCRIBE"
        await connection.send(json.dumps({"result": None, "id": request["id"]}))
        try:
            while not self.done:
                await self.go.wait()
                fault = self.faults.pop(self.at, None)
                message = self.next()
                if fault is not None:
                    await fault(self, connection, message)
                else:
                    await self.send(connection, message)
                if self.at % 5 == 0:
                    await asyncio.sleep(0)
            await connection.wait_closed()
        except websockets.ConnectionClosed:
            pass
        for _ in range(min(self.missed, len(self.messages) - self.at - 1)):
            self.next()

    async def _page(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer the request for a snapshot; anything else is a WebSocket."""
        if not request.path.startswith("/api/v3/depth"):
            if self.refusals:
                self.refusals -= 1
                return Response(503, "Service Unavailable", Headers({"Content-Length": "0"}), b"")
            return None
        self.pages += 1
        if self.answers:
            status, more = self.answers.pop(0)
            body = b'{"code":-1003,"msg":"Too many requests."}'
        else:
            status, more, body = 200, {}, self.snapshot()
        headers = Headers(
            {"Content-Type": "application/json", "Content-Length": str(len(body)), **more}
        )
        return Response(status, "OK", headers, body)

    def snapshot(self) -> bytes:
        """Return the page of the book."""
        sides = ("bids", self.bids), ("asks", self.asks)
        page: dict[str, Any] = {
            name: [[str(p), str(q)] for p, q in side.items()] for name, side in sides
        }
        return json.dumps({"lastUpdateId": self.last_id, **page}, separators=(",", ":")).encode()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Exchange]:
        """Listen."""
        async with serve(
            self._serve, "127.0.0.1", 0, process_request=self._page, compression=None
        ) as server:
            self._server = server
            yield self


def market(count: int, seed: int) -> tuple[dict[str, Any], list[bytes]]:
    """Return a book, and `count` events after it: changes of depth, best prices, trades."""
    chance = random.Random(seed)
    mid, last, trade = 10_000, 1000, 50
    bids = {mid - k: k for k in range(1, 20)}
    asks = {mid + k: k for k in range(1, 20)}
    book = {"lastUpdateId": last, "bids": _shown(bids), "asks": _shown(asks)}
    messages: list[bytes] = []
    while len(messages) < count:
        mid += chance.choice((-1, 0, 0, 1))
        changed: tuple[dict[int, int], dict[int, int]] = (
            {price: 0 for price in bids if price >= mid},
            {price: 0 for price in asks if price <= mid},
        )
        for changes, way in ((changed[0], -1), (changed[1], 1)):
            changes[mid + way] = chance.randint(1, 50)
            changes[mid + way * chance.randint(2, 30)] = chance.randint(1, 50)
        for side, changes in ((bids, changed[0]), (asks, changed[1])):
            side.update(changes)
            for price in [price for price, quantity in side.items() if not quantity]:
                del side[price]
        first, last = last + 1, last + chance.randint(1, 4)
        depth = {"U": first, "u": last, "b": _shown(changed[0]), "a": _shown(changed[1])}
        messages.append(_event("depth@100ms", e="depthUpdate", E=last, s=SYMBOL, **depth))
        best = _shown({max(bids): bids[max(bids)]}) + _shown({min(asks): asks[min(asks)]})
        quote = {"b": best[0][0], "B": best[0][1], "a": best[1][0], "A": best[1][1]}
        messages.append(_event("bookTicker", e="bookTicker", u=last, s=SYMBOL, **quote))
        if chance.random() < 0.5:
            trade += 1
            traded = {"t": trade, "p": best[1][0], "q": "1.0", "T": last, "m": False}
            messages.append(_event("trade", e="trade", E=last, s=SYMBOL, **traded))
    return book, messages


def _shown(side: dict[int, int]) -> list[list[str]]:
    return [[str(Decimal(p).scaleb(-2)), str(Decimal(q).scaleb(-1))] for p, q in side.items()]


def _event(stream: str, **data: Any) -> bytes:
    told = {"stream": f"{SYMBOL.lower()}@{stream}", "data": data}
    return json.dumps(told, separators=(",", ":")).encode()
