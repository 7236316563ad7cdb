"""More orders than can be made durable: some are turned away at once, nothing else is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fks.contexts.api.service import Api
from fks.contexts.api.settings import ApiSettings
from fks.contracts.execution import CancelOrders, ListAccounts, OrderRequest, PlaceOrder
from fks.contracts.values import Side
from fks.kernel.errors import Unavailable
from fks.kernel.ids import IdSource

MOST = 3


class Slow:
    """A runtime whose bus answers when it is let go."""

    def __init__(self) -> None:
        self.ids = IdSource()
        self.bus = self
        self.go = asyncio.Event()
        self.heard: list[Any] = []

    def section(self, _name: str, _kind: type) -> ApiSettings:
        """Return the settings."""
        return ApiSettings(max_orders_waiting=MOST)

    async def ask(self, request: Any, *, timeout_s: float) -> str:
        """Answer, in time."""
        self.heard.append(request)
        if isinstance(request, PlaceOrder):
            await asyncio.wait_for(self.go.wait(), timeout_s)
        return "done"


def order(name: str) -> PlaceOrder:
    """Return a wish to place an order."""
    request = OrderRequest(
        account="a", symbol="GC", side=Side.BUY, quantity="1", client_order_id=name
    )
    return PlaceOrder(key=name, request=request)


async def test_the_order_that_would_wait_too_long_is_turned_away_at_once() -> None:
    """Lost: under load every order is late, and who gives up does not know what stands."""
    slow = Slow()
    api = Api(slow)  # type: ignore[arg-type]  # all of it that is used
    waiting = [asyncio.create_task(api.ask(order(str(n)))) for n in range(MOST)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="was not taken: send it again") as turned:
        await api.ask(order("one more"))
    assert (turned.value.code, turned.value.retry_after_s) == ("api.overloaded", 1.0)
    assert len(slow.heard) == MOST, "it was taken after all"
    for passes in (CancelOrders(key="c", account="a"), ListAccounts()):
        assert await api.ask(passes) == "done"  # type: ignore[comparison-overlap]  # of the stub
    slow.go.set()
    assert [await one for one in waiting] == ["done"] * MOST
    assert await api.ask(order("again")) == "done"  # type: ignore[comparison-overlap]  # likewise


async def test_an_order_that_fails_makes_room() -> None:
    """Lost: after a few errors nobody could place an order any more."""
    slow = Slow()
    api = Api(slow)  # type: ignore[arg-type]  # all of it that is used
    for number in range(MOST + 1):
        task = asyncio.create_task(api.ask(order(str(number))))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
