"""The trading machine: orders, brackets, gates, signals, and that a replay is the same."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fks.contexts.execution.domain.matching.engines import engine
from fks.contexts.execution.domain.trading import inputs
from fks.contexts.execution.domain.trading.effects import (
    CancelSent,
    Decided,
    FillMade,
    GateMoved,
    OrderSent,
)
from fks.contexts.execution.domain.trading.machine import TRADING_INPUT, TradingMachine
from fks.contracts.execution import (
    OrderLink,
    OrderState,
    SignalRoute,
    SizingMethod,
    SizingRule,
    TakeSignal,
    VenueReportKind,
)
from fks.contracts.values import OrderType, PositionSide, Side

from .floor import LOOSE, Floor, reference


@pytest.fixture(params=[reference, engine], ids=["plain", "compiled"])
def floor(request: pytest.FixtureRequest) -> Floor:
    """Return a machine over either engine."""
    return Floor(request.param)


def test_a_passed_order_is_sent_once_with_its_audit_record(floor: Floor) -> None:
    """Lost: an order could leave without a decision, or twice."""
    order = floor.place(price="1999")
    effects = floor.machine.floor.effects
    sent = [e for e in effects if isinstance(e, OrderSent)]
    decided = [e for e in effects if isinstance(e, Decided)]
    assert [e.order_id for e in sent] == [order.id]
    assert [(d.decision.passed, d.decision.limits_version) for d in decided] == [(True, 1)]
    assert order.state is OrderState.PENDING_NEW


def test_a_refused_order_changes_nothing_but_is_kept(floor: Floor) -> None:
    """Lost: why an order was refused could not be told afterwards."""
    order = floor.place(quantity=2_000, price="1999")
    assert (order.state, order.code) == (OrderState.REJECTED, "MAX_QTY")
    assert not [e for e in floor.machine.floor.effects if isinstance(e, OrderSent)]
    assert floor.machine.floor.open_lots("paper", 0) == (0, 0)


def test_fills_move_position_cash_and_profit_exactly(floor: Floor) -> None:
    """Lost: money would be off by a cent somewhere, and nobody would know where."""
    buy = floor.place(quantity=3, price="2000")
    floor.ack(buy)
    floor.fill(buy, 1, "2000.0", "t1")
    floor.fill(buy, 2, "1999.9", "t2")
    sell = floor.place(Side.SELL, 2, price="2001")
    floor.fill(sell, 2, "2001.0", "t3")
    account = floor.machine.floor.accounts["paper"]
    held = account.holdings[0]
    assert held.lots == 1
    # Two thirds of what three lots cost leave with two of them, rounded down to a nano.
    cost = (20000 + 2 * 19999) * 10_000_000_000
    gained = 2 * 20010 * 10_000_000_000 - cost * 2 // 3
    assert held.cost_nanos == cost - cost * 2 // 3
    assert account.cash_nanos == 150_000 * 10**9 + gained - 3 * 2_500_000_000
    assert floor.machine.floor.engine.position(1, 0) == 1
    assert floor.machine.floor.engine.cash(1) == account.cash_nanos


def test_a_fill_told_twice_is_counted_once(floor: Floor) -> None:
    """Lost: a repeated report would double a position."""
    buy = floor.place(quantity=2, price="2000")
    floor.fill(buy, 1, "2000", "t1")
    assert not [e for e in floor.fill(buy, 1, "2000", "t1") if isinstance(e, FillMade)]
    assert floor.machine.floor.accounts["paper"].holdings[0].lots == 1


def test_a_bracket_follows_its_leader_stop_first_and_ends_as_a_pair(floor: Floor) -> None:
    """Lost: a position could stand without its stop, or be closed twice."""
    leader = floor.place(quantity=2, price="2000", stop_loss="1990", take_profit="2020")
    floor.ack(leader)
    sent = [e for e in floor.fill(leader, 1, "2000", "t1") if isinstance(e, OrderSent)]
    first = [floor.machine.floor.orders[e.order_id] for e in sent]
    assert [(o.request.type, o.lots, o.request.reduce_only) for o in first] == [
        (OrderType.STOP, 1, True),
        (OrderType.LIMIT, 1, True),
    ]
    floor.fill(leader, 1, "2000", "t2")
    target = first[1]
    effects = floor.fill(target, 1, "2020", "t3")
    cancelled = [e.order_id for e in effects if isinstance(e, CancelSent)]
    assert cancelled == [first[0].id], "the stop of the same part, and no other"


def test_oco_orders_cancel_one_another(floor: Floor) -> None:
    """Lost: both sides of an either-or could fill."""
    low = floor.place(price="1990", list_id="L", link=OrderLink.OCO)
    high = floor.place(Side.SELL, price="2010", list_id="L", link=OrderLink.OCO)
    effects = floor.fill(low, 1, "1990", "t1")
    assert [e.order_id for e in effects if isinstance(e, CancelSent)] == [high.id]


def test_an_order_in_doubt_stays_exposure_and_is_not_sent_again(floor: Floor) -> None:
    """Lost: a lost answer would free the limit, or double the order."""
    order = floor.place(price="1999")
    effects = floor.say(order, VenueReportKind.UNKNOWN)
    assert order.state is OrderState.UNKNOWN
    assert floor.machine.floor.open_lots("paper", 0) == (1, 0)
    for _ in range(50):
        effects += floor.put(inputs.Ticked(), after_ms=1000)
    assert not [e for e in effects if isinstance(e, OrderSent)]
    assert floor.machine.floor.accounts["paper"].gap, "a doubt that lasts is told"


def test_the_kill_switch_blocks_and_cancels(floor: Floor) -> None:
    """Lost: after the kill something could still leave, or stay at work."""
    orders = [floor.place(price=str(1990 - n)) for n in range(5)]
    effects = floor.put(inputs.Killed(scope="global", target="", reason="drill", person="operator"))
    assert sorted(e.order_id for e in effects if isinstance(e, CancelSent)) == [
        o.id for o in orders
    ]
    assert [e.gate.gate.value for e in effects if isinstance(e, GateMoved)] == ["killed"]
    assert floor.place(price="1980").code == "TRADING_STATE"


def test_a_kill_that_flattens_closes_and_then_blocks(floor: Floor) -> None:
    """Lost: a kill with open positions would leave them to the market."""
    order = floor.place(quantity=2, price="2000")
    floor.fill(order, 2, "2000", "t1")
    effects = floor.put(
        inputs.Killed(scope="global", target="", reason="drill", flatten=True, person="operator")
    )
    sent = [floor.machine.floor.orders[e.order_id] for e in effects if isinstance(e, OrderSent)]
    assert [(o.request.side, o.lots, o.request.reduce_only) for o in sent] == [(Side.SELL, 2, True)]
    assert floor.place(price="1980").code == "TRADING_STATE"


def test_a_daily_loss_cancels_and_reduces_by_itself() -> None:
    """Lost: a limit of the account would only be a number on a page."""
    floor = Floor(limits=LOOSE)
    order = floor.place(quantity=2, price="2000")
    floor.fill(order, 2, "2000", "t1")
    resting = floor.place(price="1950")
    effects = floor.price("1960")  # 2 lots * 400 ticks * $10 = $8,000 of 150,000: beyond 5 %
    gates = {(e.gate.scope.value, e.gate.gate.value) for e in effects if isinstance(e, GateMoved)}
    assert ("account", "halted") in gates
    assert [e.order_id for e in effects if isinstance(e, CancelSent)] == [resting.id]
    assert floor.place(price="1950").state is OrderState.REJECTED


def signal(number: int, now_ns: int, **fields: object) -> TakeSignal:
    """Return a signal to buy gold."""
    given = {"side": PositionSide.LONG, "stop_loss": Decimal(1990), "strategy_id": "s"}
    return TakeSignal(
        key="k", signal_id=f"sig{number}", symbol="GC", ts_ns=now_ns, **{**given, **fields}
    )  # type: ignore[arg-type]


def test_a_signal_is_sized_by_risk_and_placed_where_it_is_routed(floor: Floor) -> None:
    """Lost: one signal would not reach the accounts, or not in their size."""
    route = SignalRoute(strategy_id="s", account="paper", approval=False)
    floor.put(inputs.RouteSet(route=route))
    floor.put(inputs.SignalCame(signal=signal(1, floor.now_ns)))
    ((decision, order_id),) = floor.machine.answer
    # 1 % of 150,000 is 1,500; 100 ticks of $10 are lost a lot: one lot.
    assert (decision.decision, decision.quantity) == ("placed", 1)
    assert floor.machine.floor.orders[order_id].request.stop_loss == Decimal(1990)


def test_a_signal_that_needs_approval_waits_and_expires(floor: Floor) -> None:
    """Lost: a person's word would not be waited for, or waited for without end."""
    floor.put(inputs.RouteSet(route=SignalRoute(strategy_id="s", account="paper")))
    floor.put(inputs.SignalCame(signal=signal(1, floor.now_ns)))
    floor.put(inputs.SignalCame(signal=signal(2, floor.now_ns)))
    first, second = sorted(floor.machine.floor.held)
    floor.put(inputs.SignalsDecided(approve=True, ids=(first,), person="anna"))
    (held,) = floor.machine.answer
    assert (held.status, held.decided_by) == ("approved", "anna")
    assert floor.machine.floor.orders[held.order_id].state is OrderState.PENDING_NEW
    floor.put(inputs.Ticked(), after_ms=301_000)
    assert second not in floor.machine.floor.held


def test_sizing_rules_differ_by_account(floor: Floor) -> None:
    """Lost: a fan-out would give every account the same size."""
    from fks.contracts.execution import OpenAccount

    rule = SizingRule(method=SizingMethod.FIXED, quantity=Decimal(3))
    floor.put(
        inputs.AccountOpened(account=OpenAccount(key="k", id="second", limits=LOOSE, sizing=rule))
    )
    for name in ("paper", "second"):
        route = SignalRoute(strategy_id="s", account=name, approval=False)
        floor.put(inputs.RouteSet(route=route))
    floor.put(inputs.SignalCame(signal=signal(1, floor.now_ns)))
    assert {d.account: d.quantity for d, _ in floor.machine.answer} == {"paper": 1, "second": 3}


def test_a_replay_of_the_inputs_is_the_same_machine(floor: Floor) -> None:
    """Lost: after a crash the desk would be another one."""
    leader = floor.place(quantity=2, price="2000", stop_loss="1990", take_profit="2020")
    floor.fill(leader, 1, "2000", "t1")
    floor.price("2003")
    floor.put(inputs.Ticked(), after_ms=1000)
    again = TradingMachine(reference)
    for seq, ts_ns, wish in floor.given:
        again.apply(seq, ts_ns, TRADING_INPUT, 1, inputs.encode(wish))
    assert again.state_hash() == floor.machine.state_hash()
    restored = TradingMachine(reference)
    restored.restore(floor.machine.snapshot())
    assert restored.state_hash() == floor.machine.state_hash()
    restored.take(floor.seq + 1, floor.now_ns + 1, inputs.Ticked())
    floor.machine.take(floor.seq + 1, floor.now_ns + 1, inputs.Ticked())
    assert restored.state_hash() == floor.machine.state_hash()
