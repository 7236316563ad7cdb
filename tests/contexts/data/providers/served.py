"""Local servers that speak the wire formats of providers, and get wrong what a test says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Answer = tuple[int, Mapping[str, str], bytes]
Serve = Callable[[str, dict[str, str]], Answer]


class Served:
    """A running server: its URL, and all that it was asked."""

    def __init__(self, serve: Serve) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.headers: list[Mapping[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                """Answer as the test says."""
                parts = urlsplit(self.path)
                params = dict(parse_qsl(parts.query))
                outer.asked.append((parts.path, params))
                outer.headers.append(dict(self.headers))
                status, headers, body = serve(parts.path, params)
                (self.send_response_only if "Date" in headers else self.send_response)(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def run(self) -> None:
        """Serve until closed."""
        self._server.serve_forever(poll_interval=0.02)

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def served(serve: Serve) -> Iterator[Served]:
    """Serve while the test runs."""
    server = Served(serve)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()


def ok(value: Any, **headers: str) -> Answer:
    """Return a JSON answer."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return 200, {"Content-Type": "application/json", **named}, json.dumps(value).encode()


def failed(status: int, value: Any = None, **headers: str) -> Answer:
    """Return a refusal."""
    return status, ok(value, **headers)[1], json.dumps(value).encode()


class BinanceSpot:
    """The klines and sizes of one symbol as Binance serves them; `rows` are whole klines."""

    def __init__(self, symbol: str, rows: Sequence[list[Any]], tick: str, lot: str) -> None:
        self.symbol, self.rows, self.tick, self.lot = symbol, list(rows), tick, lot

    def __call__(self, path: str, params: dict[str, str]) -> Answer:
        """Answer `exchangeInfo` and `klines` as its documentation says."""
        if params.get("symbol", self.symbol) != self.symbol:
            return failed(400, {"code": -1121, "msg": "Invalid symbol."})
        if path.endswith("/exchangeInfo"):
            return ok({"timezone": "UTC", "symbols": [self._described()]})
        if path.endswith("/klines"):
            limit = int(params.get("limit", "500"))
            start = int(params.get("startTime", "0"))
            found = [row for row in self.rows if row[0] >= start][:limit]
            return ok(found, x_mbx_used_weight_1m="2")
        return failed(404, {"code": 0, "msg": "no such path"})

    def _described(self) -> dict[str, Any]:
        return {
            "symbol": self.symbol,
            "status": "TRADING",
            "baseAsset": self.symbol.removesuffix("USDT"),
            "quoteAsset": "USDT",
            "filters": [
                {"filterType": "PRICE_FILTER", "minPrice": self.tick, "tickSize": self.tick},
                {"filterType": "LOT_SIZE", "minQty": self.lot, "stepSize": self.lot},
                {"filterType": "NOTIONAL", "minNotional": "5.00000000"},
            ],
        }


def klines(count: int, start_ms: int, step_ms: int = 60_000, first: int = 0) -> list[list[Any]]:
    """Return klines as Binance writes them, from a fixed walk; the same for the same index."""
    rows: list[list[Any]] = []
    for k in range(first, first + count):
        base = 30_000 + (k * 7919) % 1000
        open_ms = start_ms + (k - first) * step_ms
        prices = (base, base + 12, base - 9, base + (k * 31) % 12)
        volume = f"{1 + (k * 13) % 50}.{k % 1000:05d}"
        rows.append(
            [
                *(open_ms, *(f"{price}.{k % 100:02d}000000" for price in prices), volume),
                *(open_ms + step_ms - 1, "1000.00000000", 100 + k, "1.0", "1000.0", "0"),
            ]
        )
    return rows
