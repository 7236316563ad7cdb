"""What is added to what: averaging down, correlation, risk at the stops, children of a parent."""

from __future__ import annotations

import pytest

from fks.contexts.execution.domain.matching.layout import Reason
from fks.contexts.execution.domain.risk.facts import CancelAll

from .given import EQUITY, SECOND, START, UNIT, code, desk, fill, gates, order, place


@pytest.mark.parametrize(
    ("side", "position", "cost", "price", "last", "passes"),
    [
        (0, 2, 2_000, 1_000, 1_000, True),  # at the average
        (0, 2, 2_000, 999, 999, False),  # below it
        (0, 2, 2_001, 1_000, 1_000, False),  # below an average between two ticks
        (0, 2, 2_000, 1_001, 1_001, True),  # a winner is added to
        (0, 2, 2_000, 999, 1_005, False),  # a limit that waits below it
        (0, 2, 2_000, 1_001, 998, False),  # a limit that would trade below it at once
        (1, -2, -2_000, 1_000, 1_000, True),
        (1, -2, -2_000, 1_001, 1_001, False),
        (1, -2, -2_000, 999, 999, True),
        (1, -2, -2_000, 1_001, 990, False),
        (0, -2, -2_000, 1_001, 1_001, True),  # the other side adds nothing
    ],
)
def test_nothing_is_added_to_a_loser(
    side: int, position: int, cost: int, price: int, last: int, passes: bool
) -> None:
    """Lost: a loss would be doubled to bring the average down."""
    policies = desk(no_averaging_down="on")
    facts = order(
        side=side, position_lots=position, cost_ticks=cost, price_ticks=price, last_ticks=last
    )
    assert code(policies, facts) is (Reason.NONE if passes else Reason.AVERAGING_DOWN)


def test_a_trigger_beyond_the_average_adds_to_a_winner_only() -> None:
    """Lost: a stop entry above the market would count as a purchase below it."""
    policies = desk(no_averaging_down="on")
    held = {"position_lots": 1, "cost_ticks": 1_000, "last_ticks": 990, "trigger": True}
    assert code(policies, order(price_ticks=1_001, **held)) is Reason.NONE
    assert code(policies, order(price_ticks=999, **held)) is Reason.AVERAGING_DOWN


@pytest.mark.parametrize(
    ("first", "second", "passes"),
    [
        ({"price_ticks": 990}, {"price_ticks": 985}, False),  # a ladder of bids downwards
        ({"price_ticks": 985}, {"price_ticks": 990}, False),  # the same ladder, other order
        ({"price_ticks": 990}, {"price_ticks": 990}, True),
        ({"price_ticks": 1_010, "trigger": True}, {"price_ticks": 1_020, "trigger": True}, True),
        ({"price_ticks": 1_010, "trigger": True}, {"price_ticks": 990}, False),
        ({"price_ticks": 990}, {"price_ticks": 1_010, "trigger": True}, False),
        ({"price_ticks": 1_010, "trigger": True}, {}, True),
        ({}, {"price_ticks": 1_001, "last_ticks": 1_001}, False),  # the first still waits below
        ({}, {"price_ticks": 999, "last_ticks": 999}, False),
        ({"price_ticks": 990, "side": 1}, {"price_ticks": 985}, True),  # the other side
    ],
)
def test_entries_that_wait_do_not_average_down_among_themselves(
    first: dict[str, object], second: dict[str, object], passes: bool
) -> None:
    """Lost: bids laid out below one another would do what a single order may not."""
    policies = desk(no_averaging_down="on")
    assert place(policies, order("1", **first)) is Reason.NONE
    assert code(policies, order("2", **second)) is (
        Reason.NONE if passes else Reason.AVERAGING_DOWN
    )


def test_correlated_symbols_share_a_cap_and_others_do_not() -> None:
    """Lost: three index futures would be one bet thrice the size."""
    cap = 30_000  # three lots at 1,000 ticks of 10
    policies = desk(max_correlated_exposure=str(cap), correlation_groups="index=ES,NQ; m=GC")
    policies.on_fill(fill(position=1, symbol="ESH6"), START)
    assert place(policies, order("2", symbol="NQM6", side=1)) is Reason.NONE  # shorts too
    assert code(policies, order("3")) is Reason.NONE
    verdict = policies.before_order(order("3", lots=5), START)
    assert verdict.code is Reason.CORRELATION and verdict.cap_lots == 1
    assert code(policies, order("3", lots=1, price_ticks=1_001)) is Reason.CORRELATION
    assert code(policies, order("3", symbol="GC", lots=3)) is Reason.NONE
    assert code(policies, order("3", symbol="AAPL", lots=9)) is Reason.NONE
    assert code(policies, order("3", lots=9, reduces=True)) is Reason.NONE
    policies.on_done("a", "2", START)
    assert code(policies, order("3", lots=2)) is Reason.NONE


def test_an_amended_order_is_measured_as_its_new_whole() -> None:
    """Lost: an order that is made larger would be counted twice, or not at all."""
    policies = desk(max_correlated_exposure="30000", correlation_groups="index=ES")
    place(policies, order("1", lots=3))
    assert code(policies, order("1", lots=3, amends=True)) is Reason.NONE
    assert code(policies, order("1", lots=4, amends=True)) is Reason.CORRELATION
    policies.on_decision(order("1", lots=2, amends=True), Reason.NONE, START)
    assert code(policies, order("2", lots=1)) is Reason.NONE


def test_an_entry_risks_at_most_its_share_of_equity_at_the_stop() -> None:
    """Lost: a wide stop would put the account at risk in one trade."""
    policies = desk(max_trade_risk="0.01")
    ticks = EQUITY // 100 // UNIT  # one lot over this many ticks loses exactly one per cent
    fits = {"price_ticks": 10_000, "stop_ticks": 10_000 - ticks}
    assert code(policies, order(**fits)) is Reason.NONE
    wide = {"price_ticks": 10_000, "stop_ticks": 10_000 - ticks - 1}
    assert code(policies, order(**wide)) is Reason.TRADE_RISK
    verdict = policies.before_order(order(lots=7, **fits), START)
    assert (verdict.code, verdict.cap_lots) == (Reason.TRADE_RISK, 1)


def test_a_position_risks_at_most_five_per_cent_at_its_stops() -> None:
    """Lost: five trades of one per cent each in one symbol would become ten."""
    policies = desk(max_position_risk="0.05")
    ticks = EQUITY // 100 // UNIT
    facts = {"price_ticks": 10_000, "stop_ticks": 10_000 - ticks}
    for number in range(4):
        assert place(policies, order(str(number), **facts)) is Reason.NONE
    for number in range(3):
        policies.on_fill(fill(str(number), position=number + 1), START)
    assert code(policies, order("x", **facts)) is Reason.NONE
    verdict = policies.before_order(order("x", lots=2, **facts), START)
    assert (verdict.code, verdict.cap_lots) == (Reason.TRADE_RISK, 1)
    policies.on_fill(fill("y", position=1, side=1), START)  # two of three lots closed
    assert code(policies, order("x", lots=3, **facts)) is Reason.NONE
    assert code(policies, order("x", lots=4, **facts)) is Reason.TRADE_RISK


def test_children_never_add_up_to_more_than_their_parent() -> None:
    """Lost: what leaves would not be what was entered (Knight, 2012)."""
    policies = desk()
    policies.open_parent("a", "p", "s", "ES", 0, 5)
    child = {"parent": "p"}
    assert place(policies, order("1", lots=3, **child)) is Reason.NONE
    policies.on_fill(fill("1", position=2, lots=2), START)
    verdict = policies.before_order(order("2", lots=3, **child), START)
    assert (verdict.code, verdict.cap_lots) == (Reason.PARENT_CHILD, 2)
    assert place(policies, order("2", lots=2, **child)) is Reason.NONE
    policies.on_done("a", "1", START)  # one lot of it was never filled
    assert code(policies, order("3", lots=1, **child)) is Reason.NONE
    assert code(policies, order("3", lots=2, **child)) is Reason.PARENT_CHILD


@pytest.mark.parametrize("wrong", [{"lots": 6}, {"side": 1}, {"symbol": "NQ"}, {"parent": "q"}])
def test_a_child_that_exceeds_or_misses_its_parent_kills_the_strategy(
    wrong: dict[str, object],
) -> None:
    """Lost: a sender that has lost count would send on."""
    policies = desk()
    policies.open_parent("a", "p", "s", "ES", 0, 5)
    facts = order(**({"parent": "p"} | wrong))
    found = code(policies, facts)
    assert found is Reason.PARENT_CHILD
    acts = policies.on_decision(facts, found, START)
    assert gates(acts) == [("strategy", "s", "KILLED", "PARENT_CHILD")]
    assert CancelAll(strategy="s") in acts
    policies.close_parent("a", "p")


def test_children_that_come_too_fast_are_refused_and_nothing_is_killed() -> None:
    """Lost: a slicing algorithm could flood its venue within its own parent."""
    policies = desk(child_orders_per_second="2")
    policies.open_parent("a", "p", "s", "ES", 0, 9)
    for name in "12":
        assert place(policies, order(name, parent="p")) is Reason.NONE
    facts = order("3", parent="p")
    found = code(policies, facts, START + SECOND - 1)
    assert found is Reason.PARENT_CHILD
    assert policies.on_decision(facts, found, START) == ()
    assert code(policies, facts, START + SECOND) is Reason.NONE
