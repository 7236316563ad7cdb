"""The policies as a whole: what-if changes nothing, uses are shown, the state is kept."""

from __future__ import annotations

import msgspec
import pytest

from fks.contexts.execution.domain.matching.layout import Reason
from fks.contexts.execution.domain.risk.facts import Use
from fks.contexts.execution.domain.risk.limits import DEFAULTS, LIMITS
from fks.contexts.execution.domain.risk.policies import Policies
from fks.contracts.execution import PropRules
from fks.kernel.errors import Invalid

from .given import EQUITY, NANOS, START, code, desk, fill, order, place


def full() -> Policies:
    """Return a desk with every default limit and prop rules, and a little history."""
    policies = Policies()
    rules = PropRules(consistency=None, min_days=3)
    policies.open_account("a", DEFAULTS, rules, EQUITY, START)
    policies.on_market(START, vix_milli=18_000, closes_ns={"ES": START + 10**15})
    place(policies, order("1", stop_ticks=990))
    policies.on_fill(fill("1", automated=True, realised_nanos=-5 * NANOS), START)
    place(policies, order("2", symbol="GC", stop_ticks=990))
    policies.on_mark("a", EQUITY * 99 // 100, START)
    policies.on_reject("a", "s", "v", START)
    policies.heartbeat("s", START)
    policies.open_parent("a", "p", "s", "ES", 0, 3)
    policies.ask_override(order(), "anna", "because", START)
    policies.on_gap("a", "one lot", START)
    return policies


def test_a_usual_entry_passes_every_default_limit() -> None:
    """Lost: an account with the owner's rules could not trade at all."""
    policies = Policies()
    policies.open_account("a", DEFAULTS, None, EQUITY, START)
    policies.on_market(START, vix_milli=18_000)
    assert code(policies, order(stop_ticks=990)) is Reason.NONE


def test_asking_and_what_if_change_nothing() -> None:
    """Lost: looking at an order would use up its limits."""
    policies = full()
    before = policies.state()
    for number in range(20):
        policies.before_order(order(str(number)), START + number)
        policies.what_if(order(str(number)), START + number)
        policies.uses("a", START + number)
    assert policies.state() == before


def test_a_what_if_names_every_control_and_the_reason_of_each_refusal() -> None:
    """Lost: a person would fix one thing after another to learn of the next."""
    policies = desk(max_vix="25", stop_required="on", symbols="NQ")
    lines = policies.what_if(order(), START)
    refused = {name: text for name, passed, text, _ in lines if not passed}
    assert set(refused) == {"VIX_GATE", "STOP_REQUIRED", "RESTRICTED"} and all(refused.values())
    assert ("VIX_GATE", "25") in {(name, limit) for name, _, _, limit in lines}
    assert policies.what_if(order(account="b"), START) == ()


def test_uses_show_how_much_of_each_limit_is_used() -> None:
    """Lost: the risk page could not show the headroom."""
    rows = {(row.name, row.scope): row for row in full().uses("a", START)}
    assert rows["daily_loss_warn", "account"].used == 10_000
    assert rows["daily_loss_warn", "account"].limit == 20_000
    assert rows["max_trades_day", "account"].used == 2  # one held, one waiting
    assert rows["max_correlated_exposure", "index"].used == 10_000 * NANOS
    assert rows["max_correlated_exposure", "metals"].used == 10_000 * NANOS
    assert rows["automated_fills", "s"].used == 1
    assert rows["rejects_in_row", "s"].used == 1
    assert rows["orders_per_minute", "account"].used == 2
    assert rows["drawdown", "evaluation"].used == EQUITY // 100
    assert rows["parent_lots", "p"].limit == 3
    codes = [row.code for row in full().uses("a", START)]
    assert codes == sorted(codes)


def test_uses_have_a_row_for_every_limit_that_counts() -> None:
    """Lost: a limit would be held that no screen shows."""
    shown = {row.name for row in full().uses("a", START)}
    settings = {
        "principals", "symbols", "duplicate_orders", "orders_burst", "rate_breaker",
        "signal_age", "signal_ahead", "min_confidence", "drawdown_kind", "loss_pause",
        "rearm_cooldown", "entry_cooldown", "news_window", "flat_before_close", "stop_required",
        "no_averaging_down", "max_trade_risk", "correlation_groups", "child_orders_per_second",
    }  # fmt: skip
    counted = {limit.name for limit in LIMITS if limit.key is None} - settings
    assert counted <= shown


def test_a_waived_limit_is_shown_as_waived() -> None:
    """Lost: a limit of nothing and no limit would look alike."""
    row = next(row for row in desk().uses("a", START) if row.name == "max_trades_day")
    assert row == Use(
        code=Reason.TRADES_A_DAY, name="max_trades_day", scope="account", used=0, limit=None
    )


def test_the_state_comes_back_as_it_was() -> None:
    """Lost: a restart would forget losses, pauses, gates or orders."""
    policies = full()
    other = Policies()
    other.restore(policies.state())
    assert other.state() == policies.state()
    assert other.uses("a", START) == policies.uses("a", START)
    assert other.gates() == policies.gates() != ()


@pytest.mark.parametrize("payload", [b"", b"\xc1", b"\x90", msgspec.msgpack.encode({"version": 9})])
def test_a_foreign_state_is_refused_and_changes_nothing(payload: bytes) -> None:
    """Lost: a damaged snapshot would start the desk without its memory."""
    policies = full()
    before = policies.state()
    with pytest.raises(Invalid) as caught:
        policies.restore(payload)
    assert caught.value.code == "execution.bad_state" and policies.state() == before


def test_a_limit_that_an_older_state_lacks_takes_its_default() -> None:
    """Lost: a new limit would be missing, and so waived, in every account of an older version."""
    policies = full()
    state = msgspec.msgpack.decode(policies.state())
    del state["accounts"]["a"]["limits"]["values"]["max_vix"]
    policies.restore(msgspec.msgpack.encode(state))
    assert policies.limits("a").number("max_vix") == 25_000


def test_what_is_over_is_forgotten() -> None:
    """Lost: the memory would grow with every order ever placed."""
    policies = desk(duplicate_orders="3")
    for number in range(500):
        name = str(number)
        place(policies, order(name, price_ticks=1_000 + number), START + number * 10**9)
        policies.on_done("a", name, START)
    assert len(policies.state()) < 12_000
