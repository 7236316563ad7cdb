"""Re-arming: a person's act, after a cool-down, once the cause is gone, by two after a kill."""

from __future__ import annotations

import pytest

from fks.contexts.execution.domain.matching.layout import Gate, Reason
from fks.contexts.execution.domain.risk.policies import Policies
from fks.contracts.execution import PropRules, Scope
from fks.kernel.errors import Conflict, Denied

from .given import EQUITY, MINUTE, SECOND, START, code, desk, fill, gates, order

PERCENT = EQUITY // 100
LATER = START + 5 * MINUTE


def rearm(policies: Policies, now_ns: int = LATER, **given: object) -> list[object]:
    """Re-arm the account, or what `given` names."""
    facts = {"scope": Scope.ACCOUNT, "target": "a", "person": "anna", "reason": "looked at it"}
    known = facts | given
    return list(policies.rearm(now_ns=now_ns, **known))  # type: ignore[arg-type]


def halted(**given: str) -> Policies:
    """Return a desk whose account was halted by hand."""
    policies = desk(rearm_cooldown="5m", **given)
    policies.close_gate(Scope.ACCOUNT, "a", Gate.HALTED, Reason.TRADING_STATE, "x", "anna", START)
    return policies


def test_a_person_opens_a_gate_when_its_cool_down_is_over() -> None:
    """Lost: a gate could be opened in anger, or never."""
    policies = halted()
    with pytest.raises(Conflict) as caught:
        rearm(policies, LATER - 1)
    assert caught.value.code == "execution.rearm_cooling"
    assert code(policies, order(), LATER - 1) is Reason.TRADING_STATE
    acts = rearm(policies)
    assert gates(tuple(acts)) == [("account", "a", "ACTIVE", "NONE")]
    assert code(policies, order(), LATER) is Reason.NONE and policies.gates() == ()


@pytest.mark.parametrize("given", [{"person": ""}, {"reason": " "}])
def test_nobody_and_no_reason_open_nothing(given: dict[str, str]) -> None:
    """Lost: the audit could not say who opened a gate and why."""
    policies = halted()
    before = policies.state()
    with pytest.raises(Denied):
        rearm(policies, **given)
    assert policies.state() == before


def test_what_is_open_cannot_be_opened() -> None:
    """Lost: a mistyped target would look as if it had been re-armed."""
    with pytest.raises(Conflict):
        rearm(desk())


def test_a_further_fall_begins_the_cool_down_anew() -> None:
    """Lost: a halt could be opened a second after it became a kill."""
    policies = halted()
    now = START + 4 * MINUTE
    policies.close_gate(Scope.ACCOUNT, "a", Gate.KILLED, Reason.TRADING_STATE, "y", "anna", now)
    with pytest.raises(Conflict):
        rearm(policies, LATER)
    assert rearm(policies, now + 5 * MINUTE)


def test_a_gate_for_all_cools_as_long_as_the_most_careful_account() -> None:
    """Lost: one account that waived its cool-down would waive it for the others."""
    policies = desk()  # `a` waived its own
    policies.open_account("b", desk(rearm_cooldown="2m").limits("a"), None, EQUITY, START)
    for scope, target, minutes in ((Scope.GLOBAL, "", 2), (Scope.ACCOUNT, "a", 0)):
        policies.close_gate(scope, target, Gate.HALTED, Reason.TRADING_STATE, "x", "anna", START)
        if minutes:
            with pytest.raises(Conflict):
                rearm(policies, START + minutes * MINUTE - 1, scope=scope, target=target)
        assert rearm(policies, START + minutes * MINUTE, scope=scope, target=target)


def test_closing_to_active_opens_and_leaves_nothing() -> None:
    """Lost: a gate that is open would be listed as closed, or be opened by a slip."""
    policies = desk()
    before = policies.state()
    for _ in range(2):
        acts = policies.close_gate(
            Scope.SYMBOL, "ES", Gate.ACTIVE, Reason.TRADING_STATE, "x", "anna", START
        )
        assert acts == ()
    assert policies.state() == before


def test_closing_less_far_changes_nothing() -> None:
    """Lost: a milder gate would open a stricter one."""
    policies = halted()
    acts = policies.close_gate(
        Scope.ACCOUNT, "a", Gate.REDUCING, Reason.TRADING_STATE, "z", "anna", START
    )
    assert acts == () and code(policies, order(reduces=True)) is Reason.TRADING_STATE


def test_a_day_that_lost_too_much_stays_closed_until_the_next() -> None:
    """Lost: the daily loss limit could be overridden in anger, five per cent at a time."""
    policies = desk(daily_loss_halt="0.05", daily_loss_reduce="0.03")
    policies.on_mark("a", EQUITY - 5 * PERCENT, START)
    with pytest.raises(Conflict) as caught:
        rearm(policies)
    assert caught.value.code == "execution.rearm_refused"
    policies.on_day("a", LATER)
    assert rearm(policies, LATER + 1)
    assert code(policies, order(), LATER + 1) is Reason.NONE


def test_a_loss_that_was_made_good_may_be_re_armed_and_trips_again() -> None:
    """Lost: after a re-arming the day's limit would hold no more."""
    policies = desk(daily_loss_reduce="0.03")
    policies.on_mark("a", EQUITY - 3 * PERCENT, START)
    policies.on_mark("a", EQUITY - PERCENT, START)
    assert rearm(policies)
    assert gates(policies.on_mark("a", EQUITY - 3 * PERCENT, LATER))


def test_a_re_armed_drawdown_is_measured_from_where_the_person_looked() -> None:
    """Lost: an account that fell once could never trade again, or would have no limit left."""
    policies = desk(max_drawdown="0.1", drawdown_kind="trailing")
    low = EQUITY - 10 * PERCENT
    policies.on_mark("a", low, START)
    assert rearm(policies)
    assert policies.on_mark("a", low - low // 10 + 1, LATER) == ()
    assert gates(policies.on_mark("a", low - low // 10, LATER))


def test_a_gap_with_the_venue_closes_at_once_and_opens_when_explained_and_re_armed() -> None:
    """Lost: trading would go on with a position that the venue sees otherwise."""
    policies = desk()
    assert gates(policies.on_gap("a", "", START)) == []
    acts = policies.on_gap("a", "ES: 2 here, 3 there", START)
    assert gates(acts) == [("account", "a", "REDUCING", "RECON_GAP")]
    assert code(policies, order(reduces=True)) is Reason.NONE
    with pytest.raises(Conflict):
        rearm(policies)
    assert len(policies.on_gap("a", "", LATER)) == 1
    assert code(policies, order(), LATER) is Reason.TRADING_STATE
    assert rearm(policies)


def test_after_a_kill_in_live_two_persons_are_needed_in_time() -> None:
    """Lost: the one who pulled the switch, or lost his head, could undo it alone."""
    policies = desk()
    policies.close_gate(Scope.GLOBAL, "", Gate.KILLED, Reason.TRADING_STATE, "kill", "anna", START)
    live = {"scope": Scope.GLOBAL, "target": "", "live": True}
    assert not gates(tuple(rearm(policies, **live)))
    assert not gates(tuple(rearm(policies, **live)))  # the same person twice is one
    late = LATER + 5 * MINUTE + 1
    assert not gates(tuple(rearm(policies, late, **live, person="bert")))  # too late: the first
    assert gates(tuple(rearm(policies, late + 1, **live))) == [("global", "", "ACTIVE", "NONE")]


def test_a_gate_of_any_scope_stops_the_orders_that_it_reaches() -> None:
    """Lost: closing a venue or a symbol would close nothing."""
    reached = {
        (Scope.GLOBAL, ""): {},
        (Scope.STRATEGY, "s"): {"strategy": "t"},
        (Scope.VENUE, "v"): {"venue": "w"},
        (Scope.SYMBOL, "ES"): {"symbol": "NQ"},
    }
    for (scope, target), other in reached.items():
        policies = desk()
        policies.close_gate(scope, target, Gate.HALTED, Reason.TRADING_STATE, "x", "anna", START)
        assert code(policies, order()) is Reason.TRADING_STATE
        if other:
            assert code(policies, order(**other)) is Reason.NONE


def test_a_strategy_starts_with_a_clean_count_after_its_review() -> None:
    """Lost: the first fill after a re-arming would trip the throttle again."""
    policies = desk(automated_fills="2", rearm_cooldown="10")
    policies.on_fill(fill(automated=True), START)
    assert gates(policies.on_fill(fill(position=2, automated=True), START))
    now = START + 10 * SECOND
    assert rearm(policies, now, scope=Scope.STRATEGY, target="s")
    assert policies.on_fill(fill(position=3, automated=True), now) == ()
    assert gates(policies.on_fill(fill(position=4, automated=True), now))


def test_a_silent_strategy_must_speak_before_it_is_re_armed() -> None:
    """Lost: a dead strategy would be re-armed and nobody would miss it again."""
    policies = desk(heartbeat="10")
    policies.heartbeat("s", START)
    policies.on_time(START + 11 * SECOND)
    late = START + 11 * SECOND + 5 * MINUTE
    with pytest.raises(Conflict):
        rearm(policies, late, scope=Scope.STRATEGY, target="s")
    policies.heartbeat("s", late)
    assert rearm(policies, late, scope=Scope.STRATEGY, target="s")
    assert gates(policies.on_time(late + 11 * SECOND))


def test_a_strategy_that_lost_its_day_waits_for_the_next() -> None:
    """Lost: a halted strategy could be set loose on the same day."""
    policies = desk(daily_loss_halt="0.05")
    policies.on_fill(fill(position=0, realised_nanos=-5 * PERCENT), START)
    with pytest.raises(Conflict):
        rearm(policies, scope=Scope.STRATEGY, target="s")
    policies.on_day("a", LATER)
    assert rearm(policies, scope=Scope.STRATEGY, target="s")


def test_a_failed_prop_account_is_never_re_armed() -> None:
    """Lost: an account that its firm has closed would trade on."""
    policies = desk(PropRules(drawdown_kind="static"))
    policies.on_mark("a", EQUITY - 5 * PERCENT, START)
    policies.on_day("a", LATER)
    with pytest.raises(Conflict):
        rearm(policies, LATER + MINUTE)
