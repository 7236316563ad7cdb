"""A live account at Binance, by the front door: armed, traded under faults, in step at the end."""

from __future__ import annotations

import asyncio
import random
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec import UNSET
from tests.contexts.execution.trading.running import LIMITS, TradingApp, trading_app

from fks.contracts import execution as said
from fks.kernel.errors import FksError
from fks.testing.exchange import Fault, Listing, LocalExchange, Market

FREE = Decimal(0)
GOLD = Listing(
    symbol="GC", base="GC", quote="USD", tick=Decimal("0.1"), lot=Decimal(1), leverage=100,
    taker_fee=FREE, maker_fee=FREE,
)  # fmt: skip
SIZES = {"tick_size": "0.1", "lot_size": "1", "multiplier": "1", "currency": "USD"}
# What is processed and not told of: what is never processed waits ten seconds for its proof.
CHANCES = dict.fromkeys(
    (Fault.LOST_ACK, Fault.SERVER_ERROR, Fault.MALFORMED, Fault.LATE_ACK, Fault.CUT,
     Fault.DUPLICATE_FILL, Fault.FILL_BEFORE_ACK, Fault.KEY_EXPIRED, Fault.MALFORMED_EVENT), 0.05,
)  # fmt: skip


async def arm(app: TradingApp) -> None:
    """Open a live account, route a strategy to it, arm it once its check list is through."""
    await app.call("GET", "/accounts")
    await app.bar(1999, 2001, 2000)
    account = {"id": "live", "mode": "live", "venue": "binance_usdm", "limits": dict(LIMITS)}
    await app.call("POST", "/accounts", account, 201)
    bus = app.app.runtime.bus
    route = said.SignalRoute(strategy_id="s", account="live")
    await bus.ask(said.SetSignalRoute(key="route", route=route), timeout_s=5)
    async with asyncio.timeout(20):
        while True:
            await app.trading.ready("live", "GC")
            await app.bar(1999, 2001, 2000)
            try:
                await bus.ask(said.ArmAccount(key="arm", account="live"), timeout_s=5)
                return
            except FksError:
                await asyncio.sleep(0.1)


async def test_a_live_account_under_faults_ends_in_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: risk would be counted on a position that the venue does not have."""
    seed = 5
    chance = random.Random(seed)
    async with LocalExchange([GOLD], Market.USDM) as exchange:
        user = exchange.add_user("me", {"USD": Decimal(150_000)})
        monkeypatch.setenv("FKS_TEST_KEY", user.api_key)
        monkeypatch.setenv("FKS_TEST_SECRET", user.api_secret)
        venue = {
            "api_key_env": "FKS_TEST_KEY", "api_secret_env": "FKS_TEST_SECRET",
            "base_url": exchange.url, "stream_url": exchange.stream_url,
            "timeout_s": 1.0, "heartbeat_s": 0.3, "first_pause_s": 0.05,
        }  # fmt: skip
        settings = {
            "execution": {
                "reconcile_every_s": 1.0,
                "venues": {"binance_usdm": venue},
                "instruments": {"GC": SIZES},
            }
        }
        async with trading_app(tmp_path, settings=settings) as app:
            exchange.set_price("GC", Decimal(2000), Decimal(50))
            await arm(app)
            exchange.faults.at_random(seed, CHANCES)
            for number in range(20):
                side = chance.choice(("buy", "sell"))
                order = {"symbol": "GC", "account": "live", "side": side, "quantity": "1"}
                if chance.random() < 0.4:
                    order |= {"type": "limit", "price": "1999" if side == "buy" else "2001"}
                order["client_order_id"] = f"c{number}"
                await app.http.request("POST", "/api/v1/orders", json=order)
                if chance.random() < 0.3:
                    exchange.set_price("GC", Decimal(chance.choice((1999, 2000, 2001))), Decimal(9))
            exchange.faults.clear()
            assert len(exchange.book.trades) > 5
            async with asyncio.timeout(30):
                while not await agrees(app, exchange):  # noqa: ASYNC110 - nobody tells of it
                    await asyncio.sleep(0.2)
            sent = [p.get("newClientOrderId") for m, _, p in exchange.asked if m == "POST"]
            named = [name for name in sent if name]
            assert len(named) == len(set(named)), "an order was sent twice"


async def agrees(app: TradingApp, exchange: LocalExchange) -> bool:
    """Tell whether position, working orders and money are those of the exchange."""
    (user,) = exchange.book.users.values()
    held = (await app.call("GET", "/accounts/live/positions"))["positions"]
    ours = Decimal(held[0]["quantity"]) if held else Decimal(0)
    live = app.trading.live
    assert live is not None
    working = {
        order.wire_id
        for order in live.floor.working.values()
        if order.request.account == "live" and order.state is said.OrderState.NEW
    }
    doubtful = [o for o in live.floor.working.values() if o.state is said.OrderState.UNKNOWN]
    there = {order.client_id for order in exchange.book.working(user)}
    truth = user.positions.get("GC", (Decimal(0), Decimal(0)))[0]
    held_money = live.floor.accounts["live"].money
    money = held_money is not UNSET and held_money.wallets["USD"] == user.wallet["USD"]
    return (ours, working) == (truth, there) and not doubtful and money
