"""Overrides: two persons, five minutes, once, the same order, and soft limits only."""

from __future__ import annotations

import pytest

from fks.contexts.execution.domain.matching.layout import Reason
from fks.contexts.execution.domain.risk.policies import Policies
from fks.kernel.errors import Denied, NotFound

from .given import MINUTE, START, code, desk, order, place

TTL = 5 * MINUTE


def granted(**given: str) -> tuple[Policies, int]:
    """Return a desk near news, and an override that two persons granted."""
    policies = desk(news_window="30m", **given)
    policies.on_market(START, news_ns=[START + TTL])
    number = policies.ask_override(order(), "anna", "hedge of an option", START)
    policies.approve_override(number, "bert", START)
    return policies, number


def test_two_persons_let_one_order_past_a_soft_limit_once() -> None:
    """Lost: a limit could not be passed with reason, or would stay passed."""
    policies, number = granted()
    assert code(policies, order()) is Reason.NEWS_GATE
    verdict = policies.before_order(order(override=number), START)
    assert (verdict.code, verdict.override) == (Reason.NONE, number)
    assert place(policies, order(override=number)) is Reason.NONE
    assert code(policies, order("2", override=number)) is Reason.NEWS_GATE


def test_it_lasts_five_minutes() -> None:
    """Lost: yesterday's permission would be used today."""
    policies, number = granted()
    assert code(policies, order(override=number), START + TTL) is Reason.NONE
    assert code(policies, order(override=number), START + TTL + 1) is Reason.NEWS_GATE
    policies.approve_override(
        policies.ask_override(order(), "anna", "yes", START), "bert", START + TTL
    )
    late = policies.ask_override(order(), "anna", "again", START)
    with pytest.raises(NotFound):
        policies.approve_override(late, "bert", START + TTL + 1)


@pytest.mark.parametrize(
    "other",
    [{"lots": 2}, {"side": 1}, {"symbol": "NQ"}, {"strategy": "t"}, {"automated": True}],
)
def test_it_is_of_that_order_and_of_a_person_only(other: dict[str, object]) -> None:
    """Lost: permission for one lot would be used for a hundred."""
    policies, number = granted()
    assert code(policies, order(override=number, **other)) is Reason.NEWS_GATE


def test_one_person_is_not_two() -> None:
    """Lost: whoever is blocked would unblock himself."""
    policies = desk(news_window="30m")
    policies.on_market(START, news_ns=[START])
    number = policies.ask_override(order(), "anna", "I want it", START)
    with pytest.raises(Denied):
        policies.approve_override(number, "anna", START)
    with pytest.raises(Denied):
        policies.ask_override(order(), "", "I want it", START)
    with pytest.raises(Denied):
        policies.ask_override(order(), "anna", " ok ", START)
    assert code(policies, order(override=number)) is Reason.NEWS_GATE


@pytest.mark.parametrize(
    ("limit", "text", "expected"),
    [("stop_required", "on", Reason.STOP_REQUIRED), ("max_vix", "25", Reason.VIX_GATE),
     ("max_trades_day", "0", Reason.TRADES_A_DAY), ("symbols", "NQ", Reason.RESTRICTED),
     ("principals", "anna", Reason.NOT_AUTHORIZED)],
)  # fmt: skip
def test_hard_limits_do_not_give_way(limit: str, text: str, expected: Reason) -> None:
    """Lost: two persons could agree to break the rules that protect them from themselves."""
    policies, number = granted(**{limit: text})
    assert code(policies, order(override=number)) is expected
