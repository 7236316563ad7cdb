"""Auctions in the simulation: one price, known at its print, and nothing of it before."""

from __future__ import annotations

from typing import Any

import pytest

from fks.contexts.execution.domain.matching.layout import OrderKind, Tif
from fks.contexts.execution.domain.simulation.auctions import CLOSES, OPENS
from fks.contexts.execution.domain.simulation.events import BUY, SELL
from fks.contexts.execution.domain.simulation.models import (
    DataKind,
    FillModel,
    LatencyModel,
    SimulationModels,
)
from fks.contexts.execution.domain.simulation.orders import Report, ReportKind, SimOrder, Why
from fks.contexts.execution.domain.simulation.simulator import Facts, Simulator

BAR = (100, 110, 90, 105)


def _simulator(data: DataKind = DataKind.BARS, **models: Any) -> Simulator:
    return Simulator(Facts(1), SimulationModels(data=data, **models), 10**9)


def _order(number: int, side: int = BUY, tif: Tif = Tif.AT_OPEN, **more: Any) -> SimOrder:
    return SimOrder(number, side, **{"type": OrderKind.MARKET, "lots": 5, "tif": tif, **more})


def _said(reports: tuple[Report, ...]) -> list[tuple[int, str, int, int, int]]:
    return [(r.order_id, r.kind.name, r.ts_ns, r.lots, r.price_ticks) for r in reports]


def test_a_bar_fills_at_the_open_of_a_session_and_at_its_close_alone() -> None:
    """An order for an auction that trades in any bar is a market order with another name."""
    simulator = _simulator()
    simulator.submit(_order(1), 0)
    simulator.submit(_order(2, SELL, Tif.AT_CLOSE), 0)
    assert not [r for r in simulator.on_bar(10, 20, BAR, 1000) if r.kind is ReportKind.FILLED]
    assert _said(simulator.on_bar(20, 30, BAR, 1000, OPENS)) == [(1, "FILLED", 20, 5, 100)]
    assert simulator.on_bar(30, 40, BAR, 1000) == ()
    assert _said(simulator.on_bar(40, 50, BAR, 1000, CLOSES)) == [(2, "FILLED", 50, 5, 105)]


def test_what_arrives_during_the_last_bar_waits_for_the_next_close() -> None:
    """With the close of a bar in hand an order would be sent back in time to meet it."""
    simulator = _simulator(latency=LatencyModel(entry_ns=3))
    simulator.submit(_order(1, tif=Tif.AT_CLOSE), 8)
    assert not [r for r in simulator.on_bar(10, 20, BAR, 9, CLOSES) if r.kind is ReportKind.FILLED]
    assert _said(simulator.on_bar(20, 30, BAR, 9, CLOSES)) == [(1, "FILLED", 30, 5, 105)]


def test_a_limit_must_be_better_than_the_print_and_ends_with_it() -> None:
    """At the price itself strangers may have come first; a rest of the order is no other order."""
    simulator = _simulator()
    simulator.submit(_order(1, type=OrderKind.LIMIT, price=100), 0)
    simulator.submit(_order(2, type=OrderKind.LIMIT, price=101), 0)
    reports = simulator.on_bar(10, 20, BAR, 1000, OPENS)[2:]
    assert _said(reports) == [(2, "FILLED", 10, 5, 100), (1, "CANCELLED", 10, 5, 100)]
    assert reports[1].why is Why.NOT_FILLABLE
    assert simulator.working() == ()


def test_the_volume_of_the_print_goes_to_orders_without_a_limit_first() -> None:
    """Own orders that share lots that were not there would fill more than the auction traded."""
    simulator = _simulator(DataKind.TRADES, fill=FillModel(participation_ppm=500_000))
    simulator.submit(_order(1, type=OrderKind.LIMIT, price=109), 0)
    simulator.submit(_order(2, type=OrderKind.LIMIT, price=120), 0)
    simulator.submit(_order(3), 0)
    reports = simulator.on_auction(10, 100, 16, closing=False)[3:]
    assert _said(reports) == [
        (3, "FILLED", 10, 5, 100),
        (2, "FILLED", 10, 3, 100),
        (2, "CANCELLED", 10, 2, 120),
        (1, "CANCELLED", 10, 5, 109),
    ]
    assert reports[2].why is Why.NO_LIQUIDITY


def test_a_print_meets_resting_orders_at_its_own_price_and_fires_stops() -> None:
    """One price for all: a bid far above the print pays the print, and a stop hears of it."""
    simulator = _simulator(DataKind.TRADES)
    simulator.on_trade(1, 130, 1)
    simulator.submit(_order(1, tif=Tif.GTC, type=OrderKind.LIMIT, price=120), 2)
    simulator.submit(_order(2, SELL, Tif.GTC, type=OrderKind.STOP, stop=110), 2)
    reports = simulator.on_auction(10, 100, 50, closing=True)[2:]
    assert _said(reports) == [
        (1, "FILLED", 10, 5, 100),
        (2, "TRIGGERED", 10, 5, 0),
        (2, "FILLED", 10, 5, 100),
    ]


def test_a_trade_is_no_auction_and_an_opening_no_closing() -> None:
    """The first trade that comes along is not what the order was for."""
    simulator = _simulator(DataKind.TRADES)
    simulator.submit(_order(1, tif=Tif.AT_CLOSE), 0)
    simulator.on_trade(1, 100, 50)
    simulator.on_auction(2, 101, 50, closing=False)
    simulator.on_day_end(3)
    assert [own.offer.id for own in simulator.working()] == [1]
    simulator.cancel(1, 4)
    assert simulator.on_auction(5, 102, 50, closing=True)[-1].kind is ReportKind.CANCELLED


@pytest.mark.parametrize(
    "more",
    [
        {"type": OrderKind.STOP, "stop": 90},
        {"type": OrderKind.LIMIT, "price": 90, "post_only": True},
        {"type": OrderKind.LIMIT, "price": 90, "display": 1},
    ],
)
def test_what_no_auction_has_is_refused(more: dict[str, Any]) -> None:
    """Silently dropping a wish is trading something else than was asked for."""
    simulator = _simulator()
    simulator.submit(_order(1, **more), 0)
    assert simulator.on_time(1)[-1].why is Why.INVALID
