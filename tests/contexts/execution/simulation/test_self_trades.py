"""Own orders that would meet: each mode does what the matching engine's does."""

from __future__ import annotations

from typing import Any

import pytest

from fks.contexts.execution.domain.matching.layout import OrderKind, SelfTrade, Tif
from fks.contexts.execution.domain.simulation.events import BUY, SELL
from fks.contexts.execution.domain.simulation.models import DataKind, FillModel, SimulationModels
from fks.contexts.execution.domain.simulation.orders import Report, SimOrder, Why
from fks.contexts.execution.domain.simulation.simulator import Facts, Simulator

ASKS = [(SELL, 101, 3), (SELL, 102, 4), (SELL, 104, 9), (BUY, 99, 9)]


def _book(mode: SelfTrade | None, resting: int = 102) -> Simulator:
    """Return a market with an own offer of 6 lots at 102, behind 4 strangers' lots."""
    simulator = Simulator(Facts(1), SimulationModels(data=DataKind.DEPTH), 10**9)
    simulator.on_depth(1, ASKS, snapshot=True)
    simulator.submit(_limit(1, SELL, 6, resting, mode), 2)
    simulator.on_time(2)
    return simulator


def _limit(
    number: int, side: int, lots: int, price: int, mode: SelfTrade | None, **more: Any
) -> SimOrder:
    return SimOrder(number, side, OrderKind.LIMIT, lots, price, self_trade=mode, **more)


def _said(reports: tuple[Report, ...]) -> list[tuple[int, str, int]]:
    """Return the reports after the acceptance."""
    return [(r.order_id, r.kind.name, r.lots) for r in reports if r.kind.name != "ACCEPTED"]


TAKEN = [(2, "FILLED", 3), (2, "FILLED", 4)]


@pytest.mark.parametrize(
    ("mode", "then"),
    [
        (None, [(2, "FILLED", 3)]),
        (SelfTrade.CANCEL_NEWEST, [(2, "CANCELLED", 3)]),
        (SelfTrade.CANCEL_OLDEST, [(1, "CANCELLED", 6), (2, "FILLED", 3)]),
        (SelfTrade.CANCEL_BOTH, [(1, "CANCELLED", 6), (2, "CANCELLED", 3)]),
        (SelfTrade.DECREMENT, [(1, "REPLACED", 3), (2, "CANCELLED", 3)]),
    ],
)
def test_strangers_ahead_trade_first_then_the_mode_decides(
    mode: SelfTrade | None, then: list[tuple[int, str, int]]
) -> None:
    """A simulator that lets us pass ourselves fills what a venue would have cancelled."""
    simulator = _book(mode)
    simulator.submit(SimOrder(2, BUY, OrderKind.MARKET, 10, self_trade=mode), 3)
    reports = simulator.on_depth(4, [(BUY, 99, 8)])
    assert _said(reports) == TAKEN + then
    stopped = [r for r in reports if r.kind.name in ("CANCELLED", "REPLACED")]
    assert all(r.why is Why.SELF_TRADE for r in stopped)


def test_decrement_takes_as_much_off_both() -> None:
    """The smaller order ends, the larger goes on with what is left of it."""
    simulator = _book(SelfTrade.DECREMENT)
    simulator.submit(_limit(2, BUY, 17, 104, SelfTrade.DECREMENT), 3)
    reports = simulator.on_depth(4, [(BUY, 99, 8)])
    assert _said(reports) == [*TAKEN, (1, "CANCELLED", 6), (2, "REPLACED", 4), (2, "FILLED", 4)]


def test_an_order_that_locks_only_its_owners_is_met_too() -> None:
    """Between the strangers' prices the own offer is the best one there is."""
    simulator = _book(SelfTrade.CANCEL_OLDEST, resting=100)
    simulator.submit(_limit(2, BUY, 2, 100, SelfTrade.CANCEL_OLDEST), 3)
    assert _said(simulator.on_depth(4, [(BUY, 99, 8)])) == [(1, "CANCELLED", 6)]
    assert [own.offer.id for own in simulator.working()] == [2]


def test_fill_or_kill_counts_no_lots_behind_its_owners_order() -> None:
    """What it could only get by passing itself is not there to be filled."""
    simulator = _book(SelfTrade.CANCEL_NEWEST)
    simulator.submit(_limit(2, BUY, 8, 104, SelfTrade.CANCEL_NEWEST, tif=Tif.FOK), 3)
    assert _said(simulator.on_depth(4, [(BUY, 99, 8)])) == [(2, "CANCELLED", 8)]
    simulator.submit(_limit(3, BUY, 7, 104, SelfTrade.CANCEL_NEWEST, tif=Tif.FOK), 5)
    assert _said(simulator.on_depth(6, [(BUY, 99, 9)])) == [(3, "FILLED", 3), (3, "FILLED", 4)]


def test_bars_know_it_as_well() -> None:
    """An offer that the open is beyond, and a market order at that open, are one owner's trade."""
    simulator = Simulator(Facts(1), SimulationModels(fill=FillModel(penetration_ticks=9)), 10**9)
    mode = SelfTrade.CANCEL_NEWEST
    simulator.submit(_limit(1, SELL, 5, 102, mode), 1)
    simulator.submit(SimOrder(2, BUY, OrderKind.MARKET, 5, self_trade=mode), 1)
    reports = simulator.on_bar(10, 20, (103, 103, 100, 101), 1000)
    assert _said(reports) == [(2, "CANCELLED", 5)]
