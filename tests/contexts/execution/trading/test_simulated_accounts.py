"""What an account says of its simulated fills, and the auctions in the bars it hears."""

from __future__ import annotations

from pathlib import Path

from fks.contexts.execution.domain.simulation.models import (
    FillModel,
    SimulationModels,
    model_hash,
    not_modelled,
)
from fks.contracts.data import BarClosed

from .running import FIRST_NS, TradingApp, trading_app

DAY_NS = 86_400_000_000_000


async def test_an_account_names_the_models_of_its_fills_and_what_they_leave_out(
    tmp_path: Path,
) -> None:
    """Paper profits under unnamed assumptions would be compared with those under others."""
    models = SimulationModels(name="careful", fill=FillModel(slippage_ticks=2))
    given = {"models": {"name": "careful", "fill": {"slippage_ticks": 2}}}
    settings = {"execution": {"venues": {"paper": given}}}
    async with trading_app(tmp_path, settings=settings) as app:
        (listed,) = (await app.call("GET", "/accounts"))["accounts"]
        shown = await app.call("GET", "/accounts/paper")
        for found in (listed, shown):
            assert found["model_hash"] == model_hash(models)
            assert found["not_modelled"] == list(not_modelled(models))


async def test_orders_for_an_auction_fill_at_the_prints_of_bars_of_a_day(tmp_path: Path) -> None:
    """An order at the close that fills at the next open is another trade."""
    async with trading_app(tmp_path) as app:
        await app.call("GET", "/accounts")
        await _day(app, 1, 2000.0, 2001.0)
        opening = await app.place(time_in_force="at_open")
        closing = await app.place(time_in_force="at_close")
        await _day(app, 2, 2010.0, 2015.0)
        prices = [(await app.order(order["id"]))["average_price"] for order in (opening, closing)]
        assert prices == ["2010", "2015"]


async def _day(app: TradingApp, number: int, opened: float, close: float) -> None:
    """Publish the bar of a day."""
    await app.app.runtime.bus.publish(
        BarClosed(
            stream="test",
            index=number,
            instrument="GC",
            timeframe="1d",
            provider="test",
            ts_ns=FIRST_NS + number * DAY_NS,
            open=opened,
            high=close + 5.0,
            low=opened - 5.0,
            close=close,
            volume=1000.0,
        )
    )
    await app.settle()
