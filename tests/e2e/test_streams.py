"""Live prices from an exchange's socket, through a real server, to a browser's socket."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.contexts.data.streaming.exchange import SYMBOL, Exchange, market
from websockets.asyncio.client import connect

from .processes import Served

pytestmark = pytest.mark.e2e

PRICE, TRADE = "data.best_price_changed.v1", "data.trade_reported.v1"
STATE = "data.stream_state_changed.v1"
CONFIG = """
[fetching]
allow_loopback = true
[streams.mirrors.binance]
url = "ws://{address}/stream"
pages_url = "http://{address}"
"""


async def test_a_browser_sees_the_best_prices_of_a_live_book(tmp_path: Path) -> None:
    """Lost: a screen without live prices, or one that goes on showing those of a dead book."""
    exchange = Exchange(*market(2000, 41))
    exchange.go.clear()
    async with exchange.running():
        (tmp_path / "fks.toml").write_text(CONFIG.format(address=exchange.address))
        with Served(tmp_path, "--port", "0") as served:
            url = served.url.replace("http", "ws") + "/ws"
            async with connect(url) as socket, httpx.AsyncClient(base_url=served.url) as http:
                wanted = {"op": "subscribe", "topics": [PRICE, TRADE, STATE]}
                await socket.send(json.dumps(wanted))
                wish = {"exchange": "binance", "symbols": [SYMBOL]}
                kept = await http.put("/api/v1/streams/eth", json=wish)
                assert kept.status_code == 200, kept.text
                exchange.go.set()
                prices: list[dict[str, Any]] = []
                states: list[str] = []
                trades: list[str] = []
                async with asyncio.timeout(60):
                    while not (exchange.done and prices and prices[-1]["id"] == exchange.last_id):
                        told = json.loads(await socket.recv())
                        if told.get("topic") == PRICE:
                            assert told["op"] == "latest" and states[-1] == "live"
                            prices.append(told["data"])
                        elif told.get("topic") == TRADE:
                            trades.append(told["data"]["id"])
                        elif told.get("topic") == STATE:
                            assert told["op"] == "event"
                            states.append(told["data"]["state"])
                for price in prices:
                    places = price["price_decimals"]
                    bid, _, ask, _ = exchange.tops[price["id"]]
                    shown = (Decimal(price[side]).scaleb(-places) for side in ("bid", "ask"))
                    assert tuple(shown) == (bid, ask)
                assert states == ["waiting", "live"]
                assert trades == sorted(trades, key=int) and set(trades) <= set(
                    exchange.trades_sent
                )
            async with connect(url) as late, httpx.AsyncClient(base_url=served.url) as http:
                await late.send(json.dumps(wanted))
                told = [json.loads(await late.recv()) for _ in range(3)]
                assert {one.get("topic") for one in told[1:]} == {PRICE, TRADE}
                await http.delete("/api/v1/streams/eth")
                async with asyncio.timeout(20):
                    while told[-1].get("topic") != STATE:
                        told.append(json.loads(await late.recv()))
                assert told[-1]["data"]["state"] == "ended"
            async with connect(url) as after:
                await after.send(json.dumps(wanted))
                await after.recv()
                await after.send('{"op": "ping"}')
                assert json.loads(await after.recv())["op"] == "pong", "an old price was told"
