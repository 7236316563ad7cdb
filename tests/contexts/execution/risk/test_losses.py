"""Losses and drawdowns: each rung at its exact share, and that nothing climbs down by itself."""

from __future__ import annotations

from typing import Any

import pytest

from fks.contexts.execution.domain.matching.layout import Reason
from fks.contexts.execution.domain.risk.facts import Action, CancelAll, Flatten, Warn

from .given import EQUITY, NANOS, START, code, desk, fill, gates, order

PERCENT = EQUITY // 100


def kinds(actions: tuple[Action, ...]) -> list[str]:
    """Return what actions are called."""
    return [type(act).__name__ for act in actions]


@pytest.mark.parametrize(
    ("limit", "share", "percents", "expected"),
    [
        ("daily_loss_warn", "0.02", 2, ["Warn"]),
        ("daily_loss_reduce", "0.03", 3, ["SetGate"]),
        ("daily_loss_halt", "0.05", 5, ["SetGate", "CancelAll"]),
        ("weekly_loss", "0.06", 6, ["SetGate", "CancelAll"]),
        ("ladder_warn", "0.04", 4, ["Warn"]),
        ("ladder_reduce", "0.06", 6, ["SetGate"]),
        ("ladder_cancel", "0.08", 8, ["SetGate", "CancelAll"]),
        ("ladder_flatten", "0.1", 10, ["SetGate", "CancelAll", "Flatten"]),
        ("max_drawdown", "0.1", 10, ["SetGate", "CancelAll"]),
    ],
)
def test_a_rung_trips_at_its_exact_share_and_not_a_nano_before(
    limit: str, share: str, percents: int, expected: list[str]
) -> None:
    """Lost: a loss limit would hold a little later than it says."""
    policies = desk(**{limit: share, "drawdown_kind": "trailing"})
    edge = EQUITY - percents * PERCENT
    assert policies.on_mark("a", edge + 1, START) == ()
    assert kinds(policies.on_mark("a", edge, START)) == expected
    assert policies.on_mark("a", edge - 1, START) == ()  # told once


@pytest.mark.parametrize(
    ("limit", "gate", "passes_reducing"),
    [("daily_loss_reduce", "REDUCING", True), ("daily_loss_halt", "HALTED", False),
     ("ladder_flatten", "KILLED", False)],
)  # fmt: skip
def test_a_closed_gate_stops_orders(limit: str, gate: str, passes_reducing: bool) -> None:
    """Lost: a ladder that only writes messages stops nobody."""
    policies = desk(**{limit: "0.05"})
    acts = policies.on_mark("a", EQUITY - 5 * PERCENT, START)
    assert [found[2] for found in gates(acts)] == [gate]
    assert code(policies, order()) is Reason.TRADING_STATE
    found = code(policies, order(reduces=True))
    assert (found is Reason.NONE) is passes_reducing


def test_a_halt_keeps_protecting_orders_and_a_kill_keeps_none() -> None:
    """Lost: the halt would take the stops off the positions that it lets nobody close."""
    policies = desk(daily_loss_halt="0.05", ladder_flatten="0.1")
    acts = policies.on_mark("a", EQUITY - 5 * PERCENT, START)
    assert CancelAll(account="a", keep_protecting=True) in acts
    acts = policies.on_mark("a", EQUITY - 10 * PERCENT, START)
    assert CancelAll(account="a") in acts
    assert any(isinstance(act, Flatten) and act.account == "a" for act in acts)


def test_a_fall_through_several_rungs_does_what_the_deepest_says() -> None:
    """Lost: a gap in prices would leave the account at the first rung."""
    policies = desk(ladder_warn="0.04", ladder_reduce="0.06", ladder_cancel="0.08",
                    ladder_flatten="0.1")  # fmt: skip
    acts = policies.on_mark("a", EQUITY // 2, START)
    assert gates(acts) == [("account", "a", "KILLED", "DRAWDOWN")]


def test_a_waived_rung_is_stepped_over() -> None:
    """Lost: waiving one rung would waive those below it."""
    policies = desk(ladder_warn="0.04", ladder_cancel="0.08")
    assert kinds(policies.on_mark("a", EQUITY - 7 * PERCENT, START)) == ["Warn"]
    acts = policies.on_mark("a", EQUITY - 8 * PERCENT, START)
    assert gates(acts) == [("account", "a", "HALTED", "DRAWDOWN")]


def test_the_ladder_falls_by_nothing_but_a_person() -> None:
    """Lost: a halted account would trade again because a price, a day or a restart went by."""
    policies = desk(daily_loss_halt="0.05")
    policies.on_mark("a", EQUITY - 5 * PERCENT, START)
    policies.on_mark("a", EQUITY * 2, START + 1)
    policies.on_day("a", START + 2, new_week=True)
    policies.on_time(START + 10**18)
    policies.restore(policies.state())
    assert code(policies, order()) is Reason.TRADING_STATE


def test_a_new_day_is_measured_from_its_own_start_and_warns_again() -> None:
    """Lost: yesterday's loss would count today, or a second bad day would pass in silence."""
    policies = desk(daily_loss_warn="0.02")
    low = EQUITY - 2 * PERCENT
    assert len(policies.on_mark("a", low, START)) == 1
    policies.on_day("a", START)
    assert policies.on_mark("a", low - low // 50 + 1, START) == ()
    assert len(policies.on_mark("a", low - low // 50, START)) == 1


def test_a_fall_from_a_new_peak_warns_anew() -> None:
    """Lost: the ladder would warn once in an account's life."""
    policies = desk(ladder_warn="0.04")
    assert len(policies.on_mark("a", 96 * PERCENT, START)) == 1
    assert policies.on_mark("a", 125 * PERCENT, START) == ()
    assert policies.on_mark("a", 120 * PERCENT + 1, START) == ()
    assert len(policies.on_mark("a", 120 * PERCENT, START)) == 1


def test_days_do_not_begin_a_week_and_weeks_do() -> None:
    """Lost: two per cent a day would lose ten a week below a limit of six."""
    policies = desk(weekly_loss="0.06")
    for day in range(1, 3):
        assert policies.on_mark("a", EQUITY - 2 * day * PERCENT, START) == ()
        policies.on_day("a", START)
    assert gates(policies.on_mark("a", EQUITY - 6 * PERCENT, START))
    other = desk(weekly_loss="0.06")
    other.on_mark("a", EQUITY - 5 * PERCENT, START)
    other.on_day("a", START, new_week=True)
    assert other.on_mark("a", EQUITY - 6 * PERCENT, START) == ()


@pytest.mark.parametrize(
    ("kind", "floor"),
    [("static", 90), ("end_of_day", 99), ("trailing", 108)],
)
def test_the_drawdown_is_measured_from_what_its_kind_says(kind: str, floor: int) -> None:
    """Lost: a trailing limit would not trail, or an end-of-day one would within the day."""
    policies = desk(max_drawdown="0.1", drawdown_kind=kind)
    policies.on_mark("a", 110 * PERCENT, START)  # the end of the day: 110
    policies.on_day("a", START)
    policies.on_mark("a", 120 * PERCENT, START)  # a peak within the next day
    edge = floor * PERCENT
    assert policies.on_mark("a", edge + 1, START) == ()
    assert gates(policies.on_mark("a", edge, START)) == [("account", "a", "HALTED", "DRAWDOWN")]


def test_a_second_cause_is_kept_beside_the_first() -> None:
    """Lost: a halt for the day would hide that the drawdown has been reached too."""
    policies = desk(daily_loss_halt="0.05", max_drawdown="0.05", drawdown_kind="static")
    policies.on_mark("a", EQUITY - 5 * PERCENT, START)
    text = policies.before_order(order(), START).text
    assert "halted" in text
    assert {cause for gate in policies.gates() for cause in (gate.code.name,)} <= {
        "DAILY_LOSS",
        "DRAWDOWN",
    }
    state = policies.state()
    assert b"20" in state and b"21" in state


@pytest.mark.parametrize(
    ("lost", "expected"),
    [(2, "Warn"), (3, "REDUCING"), (5, "HALTED")],
)
def test_a_strategy_has_the_days_ladder_for_what_it_realised(lost: int, expected: str) -> None:
    """Lost: one strategy could use up the whole account before the account's limit holds."""
    given = {"daily_loss_warn": "0.02", "daily_loss_reduce": "0.03", "daily_loss_halt": "0.05"}
    policies = desk(**given)
    loss = lost * PERCENT
    before = policies.on_fill(fill(position=0, realised_nanos=-(loss - 1)), START)
    acts = policies.on_fill(fill(position=0, realised_nanos=-1), START)
    if expected == "Warn":
        assert before == () and [type(act) for act in acts] == [Warn]
    else:
        assert expected not in [found[2] for found in gates(before)]
        assert gates(acts) == [("strategy", "s", expected, "DAILY_LOSS")]


def test_a_strategys_drawdown_is_from_its_own_peak() -> None:
    """Lost: a strategy could give back all it ever won, day by day."""
    policies = desk(max_drawdown="0.1")
    policies.on_fill(fill(position=0, realised_nanos=7 * PERCENT), START)
    assert policies.on_fill(fill(position=0, realised_nanos=1 - 10 * PERCENT), START) == ()
    acts = policies.on_fill(fill(position=0, realised_nanos=-1), START)
    assert gates(acts) == [("strategy", "s", "HALTED", "DRAWDOWN")]


def test_tighter_limits_hold_at_once() -> None:
    """Lost: a limit that was tightened would wait for the next price."""
    policies = desk()
    policies.on_mark("a", EQUITY - 4 * PERCENT, START)
    tight = desk(daily_loss_reduce="0.03").limits("a")
    assert gates(policies.change_limits("a", tight, None, START)) == [
        ("account", "a", "REDUCING", "DAILY_LOSS")
    ]


def test_the_reason_tells_the_figures() -> None:
    """Lost: a person would be told that something is closed and not why."""
    policies = desk(daily_loss_reduce="0.03")
    (act,) = policies.on_mark("a", EQUITY - 4_500 * NANOS, START)
    told: Any = act
    assert told.text == ("the day's loss of 4500.00 is 3 % of 150000.00; daily_loss_reduce is 3 %")
