"""The local exchange itself: signatures, clocks, weights, filters, a market that can be set."""

from __future__ import annotations

import asyncio
import os
import random
import ssl
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from tests.contexts.execution.venues.binance_rig import BTC

from fks.contexts.execution.domain.matching._matching import Matcher
from fks.contexts.execution.domain.matching.reference import ReferenceMatcher
from fks.testing.exchange import Listing, LocalExchange, Market, User
from fks.testing.exchange.gate import sign

ENGINES: dict[str, Callable[[], Any]] = {
    "compiled": lambda: Matcher(instruments=2, accounts=8, orders=1024),
    "plain": lambda: ReferenceMatcher(instruments=2, accounts=8, orders=1024),
}
CONTEXT = ssl.create_default_context()  # once: it takes longer than a request
MONEY = {"USDT": Decimal(10_000), "BTC": Decimal(1)}
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}


class Client:
    """A user with curl: signs what it is told, as it is told."""

    def __init__(self, exchange: LocalExchange, user: User) -> None:
        self.exchange, self.user = exchange, user

    async def ask(
        self, method: str, path: str, params: dict[str, str] | None = None, **wrong: Any
    ) -> httpx.Response:
        """Send a signed request; `wrong` changes secret, key or timestamp."""
        given = dict(params or {})
        given["timestamp"] = str(wrong.get("timestamp", time.time_ns() // 1_000_000))
        given["recvWindow"] = str(wrong.get("window", 5000))
        given["signature"] = sign(wrong.get("secret", self.user.api_secret), urlencode(given))
        headers = {"X-MBX-APIKEY": wrong.get("key", self.user.api_key)}
        async with httpx.AsyncClient(base_url=self.exchange.url, verify=CONTEXT) as client:
            return await client.request(method, path, params=given, headers=headers)

    async def error(self, *asked: Any, **wrong: Any) -> tuple[int, int]:
        """Send a request that fails; return the status and the code."""
        answer = await self.ask(*asked, **wrong)
        return answer.status_code, answer.json()["code"]

    async def place(self, **changed: str) -> httpx.Response:
        """Place an order on spot."""
        return await self.ask("POST", "/api/v3/order", ORDER | changed)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """Give a user of a spot exchange."""
    async with LocalExchange([BTC]) as exchange:
        yield Client(exchange, exchange.add_user("me", MONEY))


async def test_only_who_signs_in_time_is_let_in(client: Client) -> None:
    """Lost: the test exchange would take what the real one refuses."""
    now_ms = time.time_ns() // 1_000_000
    path = ("GET", "/api/v3/account")
    assert (await client.ask(*path)).status_code == 200
    assert await client.error(*path, secret="x") == (400, -1022)
    assert await client.error(*path, key="x") == (401, -2015)
    assert await client.error(*path, timestamp=now_ms - 6000) == (400, -1021)
    assert await client.error(*path, timestamp=now_ms + 2000) == (400, -1021)
    assert await client.error(*path, timestamp=now_ms - 500, window=100) == (400, -1021)
    assert await client.error(*path, timestamp="now") == (400, -1102)
    assert await client.error(*path, window=70_000) == (400, -1131)
    assert await client.error("GET", "/api/v3/nothing") == (404, -1000)


async def test_filters_and_funds_are_kept(client: Client) -> None:
    """Lost: orders would pass here that are refused where money is at stake."""
    good = {"price": "30000.00", "quantity": "0.001"}
    for wrong, code in (
        ({"price": "30000.005"}, -1013),
        ({"quantity": "0.000015"}, -1013),
        ({"quantity": "0.0001"}, -1013),  # 3 USDT: too little
        ({"quantity": "1"}, -2010),  # 30,000 USDT: too much
        ({"symbol": "NOSUCH"}, -1121),
        ({"type": "TRAILING"}, -1116),
        ({"timeInForce": "GTX"}, -1115),
        ({"quantity": "many"}, -1100),
        ({"quantity": "NaN"}, -1100),
        ({"newClientOrderId": "no spaces"}, -1100),
    ):
        answer = await client.place(**(good | wrong))
        assert (answer.status_code, answer.json()["code"]) == (400, code), wrong
    assert (await client.place(**good, newClientOrderId="a")).status_code == 200
    again = await client.place(**good, newClientOrderId="a")
    assert again.json() == {"code": -2010, "msg": "Duplicate order sent."}


async def test_too_many_requests_are_limited_then_banned() -> None:
    """Lost: nobody would notice a client that hammers before Binance does."""
    async with LocalExchange([BTC], weight_limit=45, order_limit=2) as exchange:
        client = Client(exchange, exchange.add_user("me", MONEY))
        price = {"price": "30000.00", "quantity": "0.001"}
        found = [(await client.place(**price)).status_code for _ in range(3)]
        assert found == [200, 200, 429] or 10 - time.time() % 10 > 9  # a new window just began
        for _ in range(30):
            answer = await client.ask("GET", "/api/v3/account")
        assert answer.status_code == 418
        assert int(answer.headers["Retry-After"]) > 0


async def test_money_moves_by_the_trade_and_its_fee(client: Client) -> None:
    """Lost: balances would not be those that the trades made."""
    client.exchange.set_market("BTCUSDT", asks=[(Decimal("30000"), Decimal("0.1"))])
    answer = await client.place(price="30000", quantity="0.1")
    assert answer.json()["status"] == "FILLED"
    assert client.user.wallet["USDT"] == Decimal(10_000) - 3000
    assert client.user.wallet["BTC"] == Decimal("1.1") - Decimal("0.1") * BTC.taker_fee
    await client.place(price="20000", quantity="0.2")
    account = (await client.ask("GET", "/api/v3/account")).json()
    dollars = next(row for row in account["balances"] if row["asset"] == "USDT")
    assert (Decimal(dollars["free"]), Decimal(dollars["locked"])) == (3000, 4000)


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_session_over_bars_fills_at_the_opens(engine: str) -> None:
    """Lost: a session over this server could not be compared with a backtest of the same bars."""
    chance = random.Random(7)
    price = Decimal(30_000)
    async with LocalExchange([BTC], matcher=ENGINES[engine]) as exchange:
        client = Client(exchange, exchange.add_user("me", MONEY))
        for _ in range(20):
            opened = price
            close = opened + chance.randrange(-5000, 5000) * BTC.tick
            high = max(opened, close) + chance.randrange(2000) * BTC.tick
            low = min(opened, close) - chance.randrange(2000) * BTC.tick
            exchange.set_price("BTCUSDT", opened, Decimal(5))
            side = chance.choice(("BUY", "SELL"))
            answer = await client.place(side=side, type="MARKET", quantity="0.01")
            fills = answer.json()["fills"]
            assert [Decimal(one["price"]) for one in fills] == [opened]
            below = low + (opened - low) / 2 // BTC.tick * BTC.tick
            resting = await client.place(price=str(below), quantity="0.01")
            above = await client.place(price=str(low - 1), quantity="0.01")
            exchange.play_bar("BTCUSDT", (opened, high, low, close), Decimal(5))
            states = [exchange.book.orders[one.json()["orderId"]] for one in (resting, above)]
            assert [one.status for one in states] == ["FILLED", "NEW"]
            await client.ask(
                "DELETE",
                "/api/v3/order",
                {"symbol": "BTCUSDT", "orderId": str(states[1].id)},
            )
            price = close


async def test_both_engines_give_the_same_exchange() -> None:
    """Lost: what a drill shows would depend on which engine matched it."""
    stories = []
    for make in ENGINES.values():
        chance, story = random.Random(3), []
        exchange = LocalExchange([BTC], matcher=make, wall_ns=lambda: 1_700_000_000 * 10**9)
        async with exchange:
            clients = [Client(exchange, exchange.add_user(n, dict(MONEY))) for n in "ab"]
            for number in range(60):
                who = chance.choice(clients)
                limit = chance.random() < 0.8
                params = ORDER | {
                    "side": chance.choice(("BUY", "SELL")),
                    "type": "LIMIT" if limit else "MARKET",
                    "timeInForce": chance.choice(("GTC", "IOC", "FOK")),
                    "price": str(30_000 + chance.randrange(-5, 5)),
                    "quantity": f"0.00{chance.randrange(1, 9)}",
                    "newClientOrderId": f"n{number}",
                }
                answer = await who.ask("POST", "/api/v3/order", params, timestamp=1_700_000_000_000)
                story.append(answer.json())
            wallets = [one.user.wallet for one in clients]
        stories.append((story, wallets))
        assert sum(w["BTC"] + 0 for w in wallets) <= 2
    assert stories[0] == stories[1]


async def test_stops_wait_for_their_price() -> None:
    """Lost: a stop sent to spot would be tested against nothing."""
    async with LocalExchange([BTC]) as exchange:
        client = Client(exchange, exchange.add_user("me", MONEY))
        exchange.set_price("BTCUSDT", Decimal(30_000), Decimal(1))
        stop = {"side": "SELL", "type": "STOP_LOSS", "stopPrice": "29900", "quantity": "0.1"}
        placed = (await client.place(**stop)).json()
        assert placed["status"] == "NEW"
        exchange.play_bar(
            "BTCUSDT",
            (Decimal(30_000), Decimal(30_010), Decimal(29_950), Decimal(29_960)),
            Decimal(1),
        )
        assert exchange.book.orders[placed["orderId"]].status == "NEW"
        exchange.set_market("BTCUSDT", bids=[(Decimal(29_890), Decimal(1))])
        exchange.play_trade("BTCUSDT", "SELL", Decimal(29_890), Decimal("0.1"))
        done = exchange.book.orders[placed["orderId"]]
        assert (done.status, done.cost // done.lots) == ("FILLED", 2_989_000)


async def test_futures_keep_positions_and_margin() -> None:
    """Lost: reduce-only, margin and realised profit would not be what futures make of them."""
    listing = Listing(
        symbol="BTCUSDT", base="BTC", quote="USDT", tick=BTC.tick, lot=BTC.lot, taker_fee=Decimal(0)
    )
    async with LocalExchange([listing], Market.USDM) as exchange:
        client = Client(exchange, exchange.add_user("me", {"USDT": Decimal(1000)}))
        path = ("POST", "/fapi/v1/order")
        exchange.set_price("BTCUSDT", Decimal(30_000), Decimal(5))
        market = {"symbol": "BTCUSDT", "type": "MARKET", "side": "BUY", "quantity": "0.5"}
        assert await client.error(*path, market | {"quantity": "1"}) == (400, -2019)
        assert await client.error(*path, market | {"reduceOnly": "true"}) == (400, -2022)
        assert await client.error(*path, market | {"type": "STOP_MARKET"}) == (400, -4120)
        assert (await client.ask(*path, market)).status_code == 200
        assert client.user.positions["BTCUSDT"] == (Decimal("0.5"), Decimal(30_000))
        exchange.set_price("BTCUSDT", Decimal(31_000), Decimal(5))
        close = market | {"side": "SELL", "quantity": "0.9", "reduceOnly": "true"}
        assert (await client.ask(*path, close)).status_code == 200
        assert client.user.positions == {}
        assert client.user.wallet["USDT"] == 1500


async def test_it_comes_back_on_the_same_port_with_its_orders(client: Client) -> None:
    """Lost: an outage could not be drilled."""
    await client.place(price="30000", quantity="0.001", newClientOrderId="kept")
    url = client.exchange.url
    await client.exchange.stop()
    with pytest.raises(httpx.ConnectError):
        await client.ask("GET", "/api/v3/openOrders")
    await client.exchange.start()
    assert client.exchange.url == url
    found = (await client.ask("GET", "/api/v3/openOrders")).json()
    assert [one["clientOrderId"] for one in found] == ["kept"]
    await asyncio.sleep(0)


def test_the_drill_of_the_guide_runs() -> None:
    """Lost: the first thing a user tries would fail."""
    root = Path(__file__).parents[4]
    guide = (root / "docs/how-to/trade-on-binance.md").read_text()
    code = guide.split("## Drill first\n\n")[1].split("\n\nOrders that end")[0]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "src"), *sys.path])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.startswith("http://127.0.0.1:"), done.stderr
