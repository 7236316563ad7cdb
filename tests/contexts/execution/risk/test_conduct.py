"""Who may trade and how orders are sent: each control at its boundary, tripped and not."""

from __future__ import annotations

import pytest

from fks.contexts.execution.domain.matching.layout import Reason
from fks.contexts.execution.domain.risk.facts import TripBreaker
from fks.contexts.execution.domain.risk.policies import Policies

from .given import MINUTE, SECOND, START, code, desk, fill, gates, order, place


def test_only_listed_principals_trade_and_only_their_symbols() -> None:
    """Lost: whoever reaches the desk could trade any account."""
    policies = desk(principals="operator, anna=NQ")
    assert code(policies, order()) is Reason.NONE
    assert code(policies, order(principal="anna", symbol="NQH6")) is Reason.NONE
    assert code(policies, order(principal="anna")) is Reason.NOT_AUTHORIZED
    assert code(policies, order(principal="bert")) is Reason.NOT_AUTHORIZED


def test_an_unknown_account_is_refused() -> None:
    """Lost: orders of an account without limits would pass."""
    assert code(Policies(), order()) is Reason.UNKNOWN_ACCOUNT


def test_symbols_not_listed_may_only_be_closed() -> None:
    """Lost: a taken-off symbol could be entered, or never be left."""
    policies = desk(symbols="NQ")
    assert code(policies, order()) is Reason.RESTRICTED
    assert code(policies, order(reduces=True)) is Reason.NONE
    assert code(policies, order(symbol="NQZ5")) is Reason.NONE


def test_the_fourth_equal_order_within_a_second_is_refused() -> None:
    """Lost: a loop gone wrong would send the same order for ever."""
    policies = desk(duplicate_orders="3")
    for name in "123":
        assert place(policies, order(name)) is Reason.NONE
    late = START + SECOND - 1
    assert code(policies, order("4"), late) is Reason.DUPLICATE_PATTERN
    assert code(policies, order("4"), START + SECOND) is Reason.NONE


@pytest.mark.parametrize(
    "other", [{"lots": 2}, {"price_ticks": 999}, {"side": 1}, {"symbol": "NQ"}, {"strategy": "t"}]
)
def test_an_order_that_differs_is_no_duplicate(other: dict[str, object]) -> None:
    """Lost: a ladder of prices or two strategies would be taken for a loop."""
    policies = desk(duplicate_orders="3")
    for name in "123":
        place(policies, order(name))
    assert code(policies, order("4", **other)) is Reason.NONE


def test_one_signal_in_many_accounts_is_no_duplicate() -> None:
    """Lost: the fourth of thirty prop accounts would be refused its share."""
    policies = desk(duplicate_orders="3")
    for name in "bcde":
        policies.open_account(name, policies.limits("a"), None, 1, START)
        assert place(policies, order(name, account=name)) is Reason.NONE


def test_ten_refused_duplicates_in_a_minute_halt_the_strategy() -> None:
    """Lost: refusing alone would let the loop run on."""
    policies = desk(duplicate_orders="0", duplicate_breaker="10")
    facts = order()
    for number in range(9):
        now = START + number * SECOND
        assert not policies.on_decision(facts, code(policies, facts, now), now)
    now = START + MINUTE
    assert not policies.on_decision(facts, Reason.DUPLICATE_PATTERN, now)  # the first has left
    acts = policies.on_decision(facts, Reason.DUPLICATE_PATTERN, now)
    assert gates(acts) == [("strategy", "s", "HALTED", "DUPLICATE_PATTERN")]
    assert code(policies, facts, now) is Reason.TRADING_STATE


def test_a_minute_takes_its_burst_at_once_and_then_an_even_rate() -> None:
    """Lost: 100 orders a minute could all leave in its first second."""
    policies = desk(orders_per_minute="100", orders_burst="10")
    for number in range(10):
        assert place(policies, order(str(number))) is Reason.NONE
    assert code(policies, order("x")) is Reason.MSG_RATE
    step = MINUTE // 100
    assert code(policies, order("x"), START + step - 1) is Reason.MSG_RATE
    assert place(policies, order("x"), START + step) is Reason.NONE
    assert code(policies, order("y"), START + step) is Reason.MSG_RATE
    assert code(policies, order("y", reduces=True), START + step) is Reason.NONE


def test_the_minute_rate_lets_through_at_most_burst_and_rate() -> None:
    """Lost: a steady sender could exceed the rate by staying just below the burst."""
    policies = desk(orders_per_minute="100", orders_burst="10")
    passed = sum(
        place(policies, order(str(number)), START + number * MINUTE // 300) is Reason.NONE
        for number in range(300)
    )
    assert 100 <= passed <= 110


def test_rate_refusals_that_go_on_for_three_seconds_halt_the_strategy() -> None:
    """Lost: a runaway sender would keep hammering at the rate limit."""
    policies = desk(rate_breaker="3")
    for tenth in range(0, 30):
        now = START + tenth * SECOND // 10
        assert not policies.on_decision(order(), Reason.MSG_RATE, now)
    acts = policies.on_decision(order(), Reason.MSG_RATE, START + 3 * SECOND)
    assert gates(acts) == [("strategy", "s", "HALTED", "MSG_RATE")]


def test_rate_refusals_with_a_pause_between_do_not_add_up() -> None:
    """Lost: a refusal in the morning and one at noon would halt a strategy."""
    policies = desk(rate_breaker="3")
    for number in range(10):
        now = START + number * (SECOND + 1)
        assert not policies.on_decision(order(), Reason.MSG_RATE, now)


def test_the_fiftieth_automated_fill_in_a_minute_disables_the_strategy() -> None:
    """Lost: a strategy could buy all day without anyone having looked (RTS 6 article 15(3))."""
    policies = desk(automated_fills="50")
    for number in range(49):
        assert not policies.on_fill(fill(position=number + 1, automated=True), START)
    assert not policies.on_fill(fill(position=50), START)  # by hand: not counted
    acts = policies.on_fill(fill(position=51, automated=True), START + MINUTE - 1)
    assert gates(acts) == [("strategy", "s", "HALTED", "EXEC_THROTTLE")]


def test_automated_fills_that_are_a_minute_apart_do_not_add_up() -> None:
    """Lost: a slow strategy would be stopped once a day."""
    policies = desk(automated_fills="2")
    assert not policies.on_fill(fill(automated=True), START)
    assert not policies.on_fill(fill(position=2, automated=True), START + MINUTE)


def test_ten_refusals_in_a_row_halt_the_sender_and_open_the_venues_breaker() -> None:
    """Lost: orders would be thrown at a venue that refuses them all."""
    policies = desk(rejects_in_row="10")
    for _ in range(9):
        assert not policies.on_reject("a", "s", "v", START)
    acts = policies.on_reject("a", "s", "v", START)
    assert gates(acts) == [("strategy", "s", "HALTED", "REJECT_STORM")]
    assert [act.venue for act in acts if isinstance(act, TripBreaker)] == ["v"]


def test_an_order_taken_ends_the_row_of_refusals() -> None:
    """Lost: ten refusals in a year would be a storm."""
    policies = desk(rejects_in_row="10")
    for _ in range(9):
        policies.on_reject("a", "s", "v", START)
    policies.on_accept("a", "s", "v", START)
    assert not policies.on_reject("a", "s", "v", START)


@pytest.mark.parametrize(("refused", "trips"), [(25, False), (26, True)])
def test_more_than_half_of_fifty_refused_is_a_storm(refused: int, trips: bool) -> None:
    """Lost: a venue that takes every other order would never count as failing."""
    policies = desk(reject_share="0.5")
    for _ in range(50 - refused):
        policies.on_accept("a", "s", "v", START)
    acts = [policies.on_reject("a", "s", "v", START) for _ in range(refused)]
    assert bool(acts[-1]) is trips and not any(acts[:-1])


def test_refusals_of_orders_by_hand_close_the_accounts_gate() -> None:
    """Lost: a storm of manual orders would have no one to halt."""
    policies = desk(rejects_in_row="1")
    acts = policies.on_reject("a", "", "v", START)
    assert gates(acts) == [("account", "a", "HALTED", "REJECT_STORM")]


def test_a_strategy_silent_for_longer_than_ten_seconds_may_only_reduce() -> None:
    """Lost: a dead strategy's positions would be added to by nobody's will."""
    policies = desk(heartbeat="10")
    policies.heartbeat("s", START)
    assert not policies.on_time(START + 10 * SECOND)
    late = START + 10 * SECOND + 1
    assert gates(policies.on_time(late)) == [("strategy", "s", "REDUCING", "DEAD_MAN")]
    assert not policies.on_time(late + SECOND)
    assert code(policies, order(), late) is Reason.TRADING_STATE
    assert code(policies, order(reduces=True), late) is Reason.NONE


def test_strategies_without_heartbeats_or_retired_ones_are_not_missed() -> None:
    """Lost: a strategy that was stopped on purpose would raise the alarm."""
    policies = desk(heartbeat="10")
    policies.on_decision(order(), Reason.NONE, START)
    policies.heartbeat("t", START)
    policies.retire("t")
    assert not policies.on_time(START + MINUTE)


@pytest.mark.parametrize(
    ("given", "passes"),
    [
        ({"signal_ts_ns": START - 300 * SECOND}, True),
        ({"signal_ts_ns": START - 300 * SECOND - 1}, False),
        ({"signal_ts_ns": START + 60 * SECOND}, True),
        ({"signal_ts_ns": START + 60 * SECOND + 1}, False),
        ({"signal_ts_ns": START, "confidence_ppm": 600_000}, True),
        ({"signal_ts_ns": START, "confidence_ppm": 599_999}, False),
        ({"signal_ts_ns": START, "confidence_ppm": 1, "reduces": True}, True),
        ({"confidence_ppm": 1}, True),
    ],
)
def test_signals_are_fresh_not_of_the_future_and_sure(
    given: dict[str, object], passes: bool
) -> None:
    """Lost: yesterday's signal, or a guess, would become an order."""
    policies = desk(signal_age="300", signal_ahead="60", min_confidence="0.6")
    expected = Reason.NONE if passes else Reason.MODEL_STALE
    assert code(policies, order(**given)) is expected


def test_a_doubted_model_takes_no_new_risk() -> None:
    """Lost: an unapproved or drifting model would trade on."""
    policies = desk()
    policies.on_model("s", "drift of feature 3")
    assert code(policies, order()) is Reason.MODEL_STALE
    assert code(policies, order(reduces=True)) is Reason.NONE
    policies.on_model("s", "")
    assert code(policies, order()) is Reason.NONE
