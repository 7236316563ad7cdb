"""Prop firms' rules: floors, targets, days, consistency, payouts, each at its boundary."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

import fks.contexts.execution.domain.risk as risk
from fks.contexts.execution.domain.matching.layout import Reason
from fks.contexts.execution.domain.risk.facts import CancelAll, Flatten, Pause, Warn
from fks.contexts.execution.domain.risk.policies import Policies
from fks.contexts.execution.domain.risk.prop import (
    PropProgress,
    checked,
    loosened_rules,
    parse_firms,
)
from fks.contracts.execution import PropRules
from fks.kernel.errors import Invalid

from .given import EQUITY, START, code, desk, fill, gates, order, place

PERCENT = EQUITY // 100
SAMPLES = Path(risk.__path__[0]) / "prop_firms.toml"


def progress(policies: Policies) -> PropProgress:
    """Return how the account stands."""
    found = policies.prop_progress("a")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("kind", "lock", "floor"),
    [("static", None, 95), ("end_of_day", None, 99), ("trailing", None, 103),
     ("trailing", Decimal(0), 100), ("end_of_day", Decimal("0.02"), 99)],
)  # fmt: skip
def test_an_account_fails_at_the_floor_of_its_kind(
    kind: str, lock: Decimal | None, floor: int
) -> None:
    """Lost: the firm would close an account that we hold for good."""
    policies = desk(PropRules(drawdown_kind=kind, lock=lock, daily_loss=None))
    policies.on_mark("a", 104 * PERCENT, START)
    policies.on_day("a", START)
    policies.on_mark("a", 108 * PERCENT, START)
    edge = floor * PERCENT
    assert progress(policies).floor_nanos == edge
    assert policies.on_mark("a", edge + 1, START) == ()
    assert progress(policies).left_nanos == 1
    acts = policies.on_mark("a", edge, START)
    assert gates(acts) == [("account", "a", "REDUCING", "PROP_RULE")]
    assert CancelAll(account="a") in acts and any(isinstance(act, Flatten) for act in acts)
    assert progress(policies).verdict == "failed"
    assert code(policies, order()) is Reason.TRADING_STATE
    assert code(policies, order(reduces=True)) is Reason.NONE


def test_a_daily_loss_fails_the_account_or_ends_the_day_as_the_firm_says() -> None:
    """Lost: a day's end would be taken for the end, or the end for a day's."""
    hard = desk(PropRules(max_drawdown=None))
    assert hard.on_mark("a", EQUITY - 3 * PERCENT + 1, START) == ()
    assert progress(hard).day_left_nanos == 1
    assert gates(hard.on_mark("a", EQUITY - 3 * PERCENT, START))
    soft = desk(PropRules(max_drawdown=None, daily_loss_soft=True))
    acts = soft.on_mark("a", EQUITY - 3 * PERCENT, START)
    assert not gates(acts) and isinstance(acts[0], Pause)
    assert code(soft, order()) is Reason.PROP_RULE
    assert code(soft, order(reduces=True)) is Reason.NONE
    soft.on_day("a", START)
    assert code(soft, order()) is Reason.NONE and progress(soft).verdict == "running"


def test_an_evaluation_is_passed_when_all_is_reached_and_closed() -> None:
    """Lost: an account would be called passed that the firm will not pass."""
    policies = desk(PropRules(min_days=2, max_drawdown=None, daily_loss=None))
    policies.on_fill(fill(), START)
    policies.on_mark("a", EQUITY + 8 * PERCENT, START)
    assert progress(policies).missing == (
        "1 more trading days",
        "open positions are still to be closed",
    )
    policies.on_day("a", START)
    policies.on_fill(fill(position=0, side=1), START)
    assert progress(policies).days == 1  # a day that only closes is none
    policies.on_fill(fill(), START)
    policies.on_fill(fill(position=0, side=1), START)
    assert policies.on_mark("a", EQUITY + 8 * PERCENT - 1, START) == ()
    (act,) = policies.on_mark("a", EQUITY + 8 * PERCENT, START)
    assert isinstance(act, Warn) and progress(policies).verdict == "passed"
    assert policies.on_mark("a", EQUITY + 9 * PERCENT, START) == ()  # told once


@pytest.mark.parametrize(("second", "passes"), [(5, True), (4, False)])
def test_no_day_may_have_made_more_than_its_share(second: int, passes: bool) -> None:
    """Lost: one lucky day would be taken for a record."""
    rules = PropRules(consistency=Decimal("0.5"), profit_target=Decimal("0.01"),
                      max_drawdown=None, daily_loss=None)  # fmt: skip
    policies = desk(rules)
    policies.on_mark("a", EQUITY + 5 * PERCENT, START)
    policies.on_day("a", START)
    policies.on_mark("a", EQUITY + (5 + second) * PERCENT, START)
    assert (progress(policies).verdict == "passed") is passes


def test_a_funded_account_has_a_payout_by_its_share() -> None:
    """Lost: a payout would be asked for that is not due."""
    rules = PropRules(phase="funded", min_days=1, max_drawdown=None, daily_loss=None)
    policies = desk(rules)
    policies.on_mark("a", EQUITY + 5 * PERCENT, START)
    assert (progress(policies).payout_nanos, progress(policies).verdict) == (0, "running")
    policies.on_fill(fill(), START)
    policies.on_fill(fill(position=0, side=1), START)
    assert (progress(policies).payout_nanos, progress(policies).verdict) == (4 * PERCENT, "payout")
    assert progress(policies).target_nanos is None


def test_another_phase_begins_anew_and_the_same_one_goes_on() -> None:
    """Lost: the verification would count the evaluation's profit, or an edit would reset it."""
    rules = PropRules(firm="f", max_drawdown=None)
    policies = desk(rules)
    policies.on_mark("a", EQUITY + PERCENT, START)
    limits = policies.limits("a")
    policies.change_limits("a", limits, PropRules(firm="f", min_days=3), START)
    assert progress(policies).profit_nanos == PERCENT
    policies.change_limits("a", limits, PropRules(firm="f", phase="verification"), START)
    assert progress(policies).profit_nanos == 0 and progress(policies).phase == "verification"
    policies.change_limits("a", limits, None, START)
    assert policies.prop_progress("a") is None


def test_contracts_are_counted_over_all_symbols_held_and_waiting() -> None:
    """Lost: the firm's most would hold for each symbol instead of the account."""
    policies = desk(PropRules(max_contracts=Decimal(3)))
    policies.on_fill(fill(), START)
    assert place(policies, order("2", symbol="GC")) is Reason.NONE
    assert code(policies, order("3", symbol="NQ")) is Reason.NONE
    verdict = policies.before_order(order("3", symbol="NQ", lots=2), START)
    assert (verdict.code, verdict.cap_lots) == (Reason.PROP_RULE, 1)
    assert code(policies, order("3", side=1, lots=1, reduces=True)) is Reason.NONE
    micro = {"symbol": "MES", "contract_ppm": 100_000}
    assert code(policies, order("3", lots=10, **micro)) is Reason.NONE
    assert code(policies, order("3", lots=11, **micro)) is Reason.PROP_RULE


@pytest.mark.parametrize(
    "wrong",
    [{"profit_target": Decimal(0)}, {"max_drawdown": Decimal("1.1")}, {"phase": "gold"},
     {"drawdown_kind": "sliding"}, {"min_days": -1}, {"max_contracts": Decimal(0)},
     {"lock": Decimal(-1)}, {"payout": Decimal("nan")}],
)  # fmt: skip
def test_rules_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    """Lost: a typing error would become a rule."""
    with pytest.raises(Invalid):
        checked(PropRules(**wrong))  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        desk(PropRules(**wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "expected"),
    [({}, ()), ({"max_drawdown": Decimal("0.06")}, ("max_drawdown",)),
     ({"max_drawdown": Decimal("0.04")}, ()), ({"daily_loss": None}, ("daily_loss",)),
     ({"news": True}, ("news",)), ({"phase": "funded"}, ("phase",)),
     ({"min_days": 1}, ("min_days",)),
     ({"lock": Decimal(0)}, ("lock",)), ({"max_contracts": Decimal(1)}, ())],
)  # fmt: skip
def test_rules_that_loosen_are_known(change: dict[str, object], expected: tuple[str, ...]) -> None:
    """Lost: a firm's rule could be lifted without a reason, which a limit cannot."""
    old = PropRules(min_days=2)
    facts = {"min_days": 2} | change
    assert loosened_rules(old, PropRules(**facts)) == expected  # type: ignore[arg-type]
    assert loosened_rules(old, None) == ("prop",) and loosened_rules(None, old) == ()


def test_the_samples_can_be_read_and_say_that_they_are_not_checked() -> None:
    """Lost: a sample would be taken for a contract."""
    firms = parse_firms(SAMPLES.read_text(encoding="utf-8"))
    assert len(firms) == 4 and all(firm.name.startswith("Sample: ") for firm in firms)
    assert not any(firm.checked_on for firm in firms)
    assert {rules.phase for firm in firms for rules in firm.phases} == {
        "evaluation", "verification", "funded"
    }  # fmt: skip
    assert all(rules.firm == firm.name for firm in firms for rules in firm.phases)


@pytest.mark.parametrize(
    "text",
    ["[[firm]", "[[firm]]\nname = 1", "[[firm]]\nname='x'\naccount='y'\nnote=''\n"
     "[[firm.phases]]\nphase='x'", "[[firm]]\nname='x'\naccount='y'\nnote=''\n"
     "[[firm.phases]]\nprofit=1"],
)  # fmt: skip
def test_a_document_that_cannot_be_read_is_refused(text: str) -> None:
    """Lost: a rule with a misspelt name would be left out in silence."""
    with pytest.raises(Invalid) as caught:
        parse_firms(text)
    assert caught.value.code == "execution.bad_prop_rules"
