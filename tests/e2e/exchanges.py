"""Exchanges of the tests' own: Binance's pages and sockets over a fixed history."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.contexts.data.streaming.exchange import Exchange as StreamingExchange
from tests.contexts.data.streaming.exchange import market
from websockets.asyncio.server import ServerConnection

START_S, MINUTES, HELD = 1_704_067_200, 2_500, 2_000


class Exchange(BaseHTTPRequestHandler):
    """Binance's spot interface over a fixed history of minutes; its last page waits for `going`."""

    protocol_version = "HTTP/1.1"
    going = threading.Event()
    going.set()

    def do_GET(self) -> None:
        """Answer for sizes and for klines."""
        parts = urlsplit(self.path)
        body = json.dumps(
            _sizes() if parts.path.endswith("exchangeInfo") else _klines(parse_qs(parts.query))
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def _sizes() -> dict[str, Any]:
    filters = [
        {"filterType": "PRICE_FILTER", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "stepSize": "0.1"},
    ]
    return {"symbols": [{"symbol": "BTCUSDT", "quoteAsset": "USDT", "filters": filters}]}


def _klines(query: dict[str, list[str]]) -> list[list[Any]]:
    since = int(query["startTime"][0])
    if since >= (START_S + 60 * HELD) * 1000:
        Exchange.going.wait(20)
    stamps = [(START_S + 60 * k) * 1000 for k in range(MINUTES)]
    asked = [at for at in stamps if at >= since][: int(query["limit"][0])]
    row = ["100.50", "101.00", "99.50", "100.75", "3.5"]
    return [[at, *row, at + 59_999, "350.0", 7, "1.0", "100.0", "0"] for at in asked]


@contextmanager
def exchange() -> Iterator[str]:
    """Serve the exchange and return its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Slow(StreamingExchange):
    """Binance's sockets at a pace at which a person can read."""

    async def send(self, connection: ServerConnection, message: bytes) -> None:
        """Send a message, and wait a little."""
        await super().send(connection, message)
        await asyncio.sleep(0.02)


@contextmanager
def sockets() -> Iterator[str]:
    """Serve changes of a book and trades, and return the host and port."""
    up = threading.Event()
    told: dict[str, Any] = {}

    async def serve() -> None:
        told["loop"], told["over"] = asyncio.get_running_loop(), asyncio.Event()
        async with Slow(*market(20_000, seed=5)).running() as exchange:
            told["address"] = exchange.address
            up.set()
            await told["over"].wait()

    # Its runner closes what the browser left open, and the loop.
    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert up.wait(10)
    try:
        yield str(told["address"])
    finally:
        told["loop"].call_soon_threadsafe(told["over"].set)
        thread.join(20)
        assert not thread.is_alive()
