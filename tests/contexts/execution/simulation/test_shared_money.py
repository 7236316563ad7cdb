"""One account with two instruments: one cash, one margin, one liquidation."""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import OrderKind
from fks.contexts.execution.domain.simulation.events import BUY, SELL
from fks.contexts.execution.domain.simulation.models import MarginModel, SimulationModels
from fks.contexts.execution.domain.simulation.money import Purse
from fks.contexts.execution.domain.simulation.orders import Report, ReportKind, SimOrder, Why
from fks.contexts.execution.domain.simulation.simulator import Facts, Simulator

HALF = SimulationModels(margin=MarginModel(initial_ppb=500_000_000, maintenance_ppb=250_000_000))


def _pair(cash: int) -> tuple[Simulator, Simulator]:
    purse = Purse()
    one, two = (Simulator(Facts(1), HALF, cash, purse=purse) for _ in range(2))
    for simulator in (one, two):
        simulator.on_bar(0, 10, (100, 100, 100, 100), 10**6)
    return one, two


def _bar(simulator: Simulator, begin: int, price: int) -> list[Report]:
    return list(simulator.on_bar(begin, begin + 10, (price, price, price, price), 10**6))


def _kinds(reports: list[Report]) -> list[ReportKind]:
    return [report.kind for report in reports]


def test_margin_is_asked_of_one_cash_for_both() -> None:
    """Two instruments with the whole cash each would be twice the money that there is."""
    one, two = _pair(1_000)
    one.submit(SimOrder(1, BUY, OrderKind.MARKET, 12), 10)  # margin 600 of 1000
    _bar(one, 10, 100)
    two.submit(SimOrder(1, BUY, OrderKind.MARKET, 9), 20)  # 450 more
    two.submit(SimOrder(2, BUY, OrderKind.MARKET, 8), 20)  # 400 more: just enough
    reports = list(two.on_time(20))
    assert [(r.order_id, r.kind) for r in reports] == [
        (1, ReportKind.REJECTED),
        (2, ReportKind.ACCEPTED),
    ]
    assert reports[0].why is Why.MARGIN


def test_what_one_gains_the_other_may_use() -> None:
    """Shared money is shared in both directions."""
    one, two = _pair(1_000)
    one.submit(SimOrder(1, BUY, OrderKind.MARKET, 10), 10)
    _bar(one, 10, 100)
    _bar(one, 20, 140)  # 400 of open profit; its own margin is 700 now
    two.submit(SimOrder(1, SELL, OrderKind.MARKET, 14), 30)  # 700: 1400 of 1400
    two.submit(SimOrder(2, SELL, OrderKind.MARKET, 1), 30)
    assert _kinds(list(two.on_time(30))) == [ReportKind.ACCEPTED, ReportKind.REJECTED]


def test_the_loss_of_one_closes_the_other() -> None:
    """Maintenance is of the account: an instrument alone may look as if it had enough."""
    one, two = _pair(1_000)
    for simulator in (one, two):
        simulator.submit(SimOrder(1, BUY, OrderKind.MARKET, 9), 10)
        _bar(simulator, 10, 100)
    assert ReportKind.LIQUIDATED not in _kinds(_bar(one, 20, 60))  # equity 640, needs 360
    assert ReportKind.LIQUIDATED in _kinds(_bar(two, 20, 50))  # equity 190, needs 247.5
    assert (two.holding().position_lots, two.holding().cash_nanos) == (0, 550)
    assert ReportKind.LIQUIDATED not in _kinds(_bar(one, 30, 60))  # equity 190 over 135


def test_an_instrument_without_others_is_as_before() -> None:
    """A purse of one changes nothing."""
    purse = Purse()
    alone = Simulator(Facts(1), HALF, 1_000)
    shared = Simulator(Facts(1), HALF, 1_000, purse=purse)
    heard = []
    for simulator in (alone, shared):
        simulator.on_bar(0, 10, (100, 100, 100, 100), 10**6)
        simulator.submit(SimOrder(1, BUY, OrderKind.MARKET, 20), 10)
        heard.append([*_bar(simulator, 10, 100), *_bar(simulator, 20, 60)])
    assert heard[0] == heard[1]
    assert ReportKind.LIQUIDATED in _kinds(heard[0])
