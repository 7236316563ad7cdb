"""An account that trades over FIX, whole: HTTP, risk, journal, venue, counterparty and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.contexts.execution.trading.running import LIMITS, TradingApp, trading_app

from fks.contracts.values import Instrument, Side
from fks.testing.fix import FixAcceptor

D = Decimal
GOLD = Instrument(id="GC", tick_size=D("0.1"), lot_size=D(1), multiplier=D(100))
WAIVED = {
    **LIMITS,
    "check_margin": "none",
    "duplicate_orders": "none",
    "duplicate_breaker": "none",
    "max_order_value": "none",
    "max_gross_exposure": "none",
    "max_net_exposure": "none",
    "max_concentration": "none",
    "max_day_value": "none",
}


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[tuple[TradingApp, FixAcceptor]]:
    """Run a counterparty and an app with an armed account there."""
    acceptor = FixAcceptor([GOLD])
    await acceptor.start()
    section = {
        "host": "127.0.0.1",
        "port": acceptor.port,
        "sender": "FKS",
        "target": "VENUE",
        "numbers": str(folder / "numbers"),
        "answer_timeout_s": 0.5,
        "tells": ["trades", "positions"],
    }
    chosen = {"execution": {"venues": {"fix": section}, "reconcile_every_s": 1.0}}
    async with closing(acceptor), trading_app(folder, limits=WAIVED, settings=chosen) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        body = {"id": "fix", "venue": "fix44", "mode": "live", "limits": WAIVED}
        await app.call("POST", "/accounts", body, 201)
        check = {"symbol": "GC", "side": "buy", "quantity": "1", "account": "fix"}
        await app.call("POST", "/orders/check", check)
        await app.bar(1999, 2001, 2000)
        route = {"strategy_id": "sma_cross", "account": "fix", "approval": False}
        await app.call("PUT", "/risk/routes", route)
        await ready(app)
        await app.call("POST", "/accounts/fix/arm", {"hours": 1})
        yield app, acceptor


@asynccontextmanager
async def closing(acceptor: FixAcceptor) -> AsyncIterator[None]:
    """Stop a counterparty in the end."""
    try:
        yield
    finally:
        await acceptor.stop()


async def ready(app: TradingApp) -> None:
    """Wait until the account may be armed."""
    for _ in range(200):
        told = await app.call("GET", "/accounts/fix/readiness")
        if told["ready"]:
            return
        await asyncio.sleep(0.05)
    raise AssertionError([check for check in told["checks"] if not check["passed"]])


async def until(app: TradingApp, order: int, state: str) -> Any:
    """Wait until an order is in a state."""
    for _ in range(400):
        found = await app.order(order)
        if found["state"] == state:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(found)


async def position(app: TradingApp) -> Decimal:
    """Return the position in gold."""
    await app.settle()
    held = (await app.call("GET", "/accounts/fix/positions"))["positions"]
    return sum((D(one["quantity"]) for one in held), D(0))


async def test_orders_over_fix_are_filled_amended_and_cancelled(tmp_path: Path) -> None:
    """Lost: the venue could pass its own tests and still not fit the desk."""
    async with desk(tmp_path) as (app, acceptor):
        given = {"account": "fix", "type": "limit", "price": "1999.5", "quantity": "3"}
        order = await app.place(**given)
        await until(app, order["id"], "new")
        acceptor.room.stranger("GC", Side.SELL, D(1), D("1999.5"))
        await until(app, order["id"], "partially_filled")
        await app.call("PATCH", f"/orders/{order['id']}", {"quantity": "1"})
        for _ in range(100):
            found = await app.order(order["id"])
            if (found["state"], D(found["quantity"])) == ("partially_filled", D(2)):
                break
            await asyncio.sleep(0.05)
        await app.call("DELETE", f"/orders/{order['id']}")
        ended = await until(app, order["id"], "cancelled")
        assert (D(ended["quantity"]), D(ended["filled"])) == (D(2), D(1))
        assert await position(app) == acceptor.room.position("GC") == D(1)


async def test_a_lost_order_and_fills_missed_while_away_end_in_the_venues_truth(
    tmp_path: Path,
) -> None:
    """Lost: after an outage the desk would hold another position than the venue."""
    async with desk(tmp_path) as (app, acceptor):
        working = await app.place(account="fix", type="limit", price="1999.5", quantity="2")
        await until(app, working["id"], "new")
        acceptor.lose = 1
        lost = await app.place(account="fix", type="limit", price="1999.0", quantity="5")
        unknown = await until(app, lost["id"], "unknown")
        assert D(unknown["leaves"]) == D(5), "what is unknown stays exposure"
        acceptor.room.stranger("GC", Side.SELL, D(2), D("1999.5"))
        await until(app, working["id"], "filled")
        ended = await until(app, lost["id"], "rejected")
        assert ended["code"] == "NEVER_ARRIVED"
        sent = [m for m in acceptor.received if m[35] == "D"]
        assert len(sent) == 2, "nothing was sent twice"
        assert await position(app) == acceptor.room.position("GC") == D(2)
