"""Streams that a server keeps: told over the bus, begun again, steered by a list."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from fks.contexts.data.handlers import streams_check
from fks.contracts.data.live import (
    BestPriceChanged,
    KeepStream,
    StreamFailed,
    StreamSpec,
    StreamStateChanged,
    TradeReported,
)
from fks.kernel.health import Status
from fks.kernel.messages import Meta
from fks.kernel.testing import RunningApp, running_app

from .exchange import SYMBOL, Exchange, market

WISH = {"exchange": "binance", "symbols": ["ethusdt"], "channels": ["depth", "trades"]}
SPEC = StreamSpec(name="eth", exchange="binance", symbols=("ETHUSDT",))


class Heard:
    """A listener on the bus; `pause_s` is how long it takes over each trade."""

    def __init__(self, app: RunningApp, pause_s: float = 0.0) -> None:
        self.trades: list[str] = []
        self.tops: list[BestPriceChanged] = []
        self.states: list[str] = []
        self.failures: list[str] = []
        self._pause_s = pause_s
        bus: Any = app.runtime.bus
        bus.on(TradeReported, self.on_trade)
        bus.on(BestPriceChanged, lambda event, meta: self.tops.append(event))
        bus.on(StreamStateChanged, lambda event, meta: self.states.append(event.state))
        bus.on(StreamFailed, lambda event, meta: self.failures.append(event.code))

    async def on_trade(self, event: TradeReported, meta: Meta) -> None:
        """Take a trade."""
        if self._pause_s:
            await asyncio.sleep(self._pause_s)
        self.trades.append(event.id)


@asynccontextmanager
async def serving(exchange: Exchange, home: Path) -> AsyncIterator[RunningApp]:
    """Run an app whose Binance is the exchange on this machine."""
    quick = {"allow_loopback": True, "tries": 1, "first_pause_s": 0.01}
    mirror = {
        "url": f"ws://{exchange.address}/stream",
        "pages_url": f"http://{exchange.address}",
    }
    settings: dict[str, dict[str, Any]] = {
        "fetching": quick,
        "streams": {"mirrors": {"binance": mirror}},
    }
    async with running_app(home=home, contexts=["data", "api"], settings=settings) as app:
        yield app


async def until(app: RunningApp, found: Any) -> dict[str, Any]:
    """Ask for the stream until something holds."""
    async with asyncio.timeout(30):
        while True:
            answer = await app.http.get("/api/v1/streams")
            if answer.status_code == 200:
                streams = answer.json()["streams"]
                if streams and found(streams[0]):
                    first: dict[str, Any] = streams[0]
                    return first
            await asyncio.sleep(0.02)


async def degraded(app: RunningApp, word: str) -> None:
    """Wait until the health check complains of something."""
    async with asyncio.timeout(20):
        while True:
            found = await streams_check(app.runtime).probe()
            if word in found.message:
                assert found.status is Status.DEGRADED
                return
            await asyncio.sleep(0.02)


async def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(40):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def live(stream: dict[str, Any]) -> bool:
    """Tell whether its symbol is live."""
    return [one["state"] for one in stream["symbols"]] == ["live"]


async def test_what_the_exchange_says_is_told_over_the_bus(tmp_path: Path) -> None:
    """Lost: strategies and screens would get other prices or trades than the exchange told."""
    exchange = Exchange(*market(1500, 31))
    exchange.go.clear()
    async with exchange.running(), serving(exchange, tmp_path) as app:
        heard = Heard(app)
        kept = await app.http.put("/api/v1/streams/eth", json=WISH)
        assert kept.status_code == 200, kept.text
        exchange.go.set()
        shown = await until(app, lambda one: live(one) and exchange.done)
        await eventually(lambda: len(heard.trades) >= len(exchange.trades_sent))
        await eventually(lambda: heard.tops[-1].id == exchange.last_id)
        assert heard.trades == exchange.trades_sent
        for top in heard.tops:
            assert top.bid is not None and top.ask is not None
            shown_top = (top.bid, top.bid_quantity, top.ask, top.ask_quantity)
            decimals = (top.price_decimals, top.quantity_decimals) * 2
            exact = tuple(
                Decimal(value).scaleb(-places)
                for value, places in zip(shown_top, decimals, strict=True)
            )
            assert exact == exchange.tops[top.id]
        assert shown["state"] == "running"
        assert shown["counters"]["gaps"] == 0
        assert shown["symbols"][0]["heard_at_ns"] > 0
        path = f"/api/v1/streams/eth/book?symbol={SYMBOL}&levels=5"
        book = (await app.http.get(path)).json()
        best = sorted(exchange.bids, reverse=True)[:5]
        scale = Decimal(10) ** -book["price_decimals"]
        assert [row[0] * scale for row in book["bids"]] == best
        assert (await streams_check(app.runtime).probe()).status is Status.HEALTHY
        left = await app.http.delete("/api/v1/streams/eth")
        assert left.json() == {"streams": []}
        await eventually(lambda: heard.states[-1] == "ended")
        assert (await app.http.get(path)).status_code == 404


async def test_a_slow_listener_costs_prices_and_no_trade(tmp_path: Path) -> None:
    """Lost: under load trades would be dropped, or old prices told one after the other."""
    exchange = Exchange(*market(2500, 32))
    async with exchange.running(), serving(exchange, tmp_path) as app:
        heard = Heard(app, pause_s=0.002)
        await app.runtime.bus.ask(KeepStream(key="1", spec=SPEC), timeout_s=10)
        sent = exchange.trades_sent
        await eventually(lambda: exchange.done and len(heard.trades) >= len(sent))
        shown = await until(app, live)
    assert heard.trades == exchange.trades_sent
    assert shown["counters"]["conflated"] > 100
    ids = [top.id for top in heard.tops]
    assert ids == sorted(ids), "an older price came after a newer one"


async def test_a_stream_that_fails_says_so_and_is_begun_again(tmp_path: Path) -> None:
    """Lost: one refusal would end a stream for good, or nobody would hear of it."""
    exchange = Exchange(*market(400, 33))
    exchange.answers = [(400, {}), (400, {})]
    async with exchange.running(), serving(exchange, tmp_path) as app:
        heard = Heard(app)
        await app.http.put("/api/v1/streams/eth", json=WISH)
        failed = await until(app, lambda one: one["state"] == "waiting" and one["error"])
        assert failed["error_code"] == heard.failures[0]
        await degraded(app, "eth waiting")
        again = await until(app, live)
        assert again["restarts"] == 2 and again["error"] == ""
        assert (await streams_check(app.runtime).probe()).status is Status.HEALTHY
    assert len(heard.failures) == 2


async def test_the_list_survives_a_restart_and_may_be_edited_by_hand(tmp_path: Path) -> None:
    """Lost: a server would forget its streams, or a mistake in the list would end all of them."""
    exchange = Exchange(*market(300, 34))
    path = tmp_path / "streams" / "streams.json"
    async with exchange.running():
        async with serving(exchange, tmp_path) as app:
            await app.http.put("/api/v1/streams/eth", json=WISH)
            await until(app, live)
        async with serving(exchange, tmp_path) as app:
            await until(app, lambda one: one["state"] == "running" and one["symbols"])
            good = path.read_text()
            path.write_text(good.replace('"symbols"', '"symbol"'))
            await degraded(app, "streams.json")
            assert (await app.http.get("/api/v1/streams")).status_code == 422
            path.write_text(good.replace('"paused": false', '"paused": true'))
            shown = await until(app, lambda one: one["state"] == "paused")
            assert shown["symbols"] == []


async def test_what_cannot_be_streamed_is_refused_and_not_kept(tmp_path: Path) -> None:
    """Lost: a list full of streams that fail for ever, or an address that nobody allowed."""
    async with running_app(home=tmp_path, contexts=["data", "api"]) as app:
        for name, change in (
            ("Eth", {}),
            ("eth", {"exchange": "nowhere"}),
            ("eth", {"symbols": ["a b"]}),
            ("eth", {"symbols": []}),
            ("eth", {"channels": ["news"]}),
            ("eth", {"url": "wss://example.org/"}),
        ):
            answer = await app.http.put(f"/api/v1/streams/{name}", json={**WISH, **change})
            assert answer.status_code in (400, 422), answer.text
        assert (await app.http.delete("/api/v1/streams/eth")).status_code == 404
        book = await app.http.get("/api/v1/streams/eth/book?symbol=X")
        assert book.status_code == 404
    assert (
        not (tmp_path / "streams").exists()
        or not json.loads((tmp_path / "streams" / "streams.json").read_text())["streams"]
    )
