"""What the compiled engine has that its twin has not: windows of prices, growing tables, flows."""

from __future__ import annotations

import importlib
import importlib.util
import os
from typing import Any

import numpy as np
import pytest

from fks.contexts.execution.domain.matching import workload
from fks.contexts.execution.domain.matching.layout import (
    COMMAND,
    EVENT,
    UNLIMITED,
    CommandKind,
    EventKind,
    InstrumentKey,
)
from fks.contexts.execution.domain.matching.reference import ReferenceMatcher
from fks.contexts.execution.domain.matching.workload import DEEP, KNOWN, STD, Flow, Profile

MODULE = "fks.contexts.execution.domain.matching._matching"
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec(MODULE) is None, reason="_matching is not built"
)
SEED = int(os.environ.get("FKS_SEED", "7"))


def made(orders: int, kind: str = "compiled") -> Any:
    """Return an engine with one book and eight accounts."""
    make = ReferenceMatcher if kind == "reference" else importlib.import_module(MODULE).Matcher
    matcher = make(instruments=2, accounts=workload.ACCOUNTS + 1, orders=orders)
    anywhere = np.zeros(1, COMMAND)
    anywhere["kind"], anywhere["flags"] = (
        CommandKind.CONFIGURE_INSTRUMENT,
        InstrumentKey.COLLAR_TICKS,
    )
    anywhere["price"] = UNLIMITED
    setup = np.concatenate([workload.opening(), anywhere])
    assert set(matcher.apply(setup, 0)["kind"]) == {EventKind.DONE}
    return matcher


def facts(matcher: Any, flow: Flow) -> tuple[Any, ...]:
    """Return what a flow leads to in an engine, in batches with little room for events."""
    events, offsets = np.zeros(700, EVENT), np.zeros(512, np.int64)
    for rows in (flow.filling, flow.measured):
        before, at = matcher.facts(0), 0
        while at < len(rows):
            done, _ = matcher.apply_into(rows[at : at + 512], 1, events, offsets)
            at += done
    traded = [now - then for now, then in zip(matcher.facts(0), before, strict=True)]
    return (*traded, matcher.live(), matcher.best(0, 0), matcher.best(0, 1))


def test_events_are_the_rows_of_the_layout() -> None:
    """Lost: a consumer would read one field as another."""
    assert importlib.import_module(MODULE).EVENT == EVENT


def test_a_flow_leads_to_what_a_plain_book_says() -> None:
    """Lost: the benchmark would praise wrong results."""
    flow = workload.generate(Profile(1, 2_000, 40_000, 20.0))
    assert flow.facts.trades > 1_000
    assert facts(made(4_000), flow) == flow.facts


@pytest.mark.skipif(os.environ.get("FKS_TORTURE") != "1", reason="a million messages each")
@pytest.mark.parametrize("profile", [STD, DEEP])
def test_the_published_flows_lead_to_the_published_results(profile: Profile) -> None:
    """Lost: figures would not compare with those of other engines."""
    flow = workload.generate(profile)
    assert flow.facts == KNOWN[profile]
    assert facts(made(2_000_000), flow) == KNOWN[profile]


def wandering(commands: int, jump: int) -> np.ndarray:
    """Return orders around a price that wanders `jump` ticks at a time, over many windows."""
    draw = np.random.default_rng(SEED)
    rows = np.zeros(commands, COMMAND)
    rows["kind"] = draw.choice([CommandKind.ADD, CommandKind.CANCEL, CommandKind.REPLACE], commands)
    rows["kind"][: commands // 4] = CommandKind.ADD
    rows["id"] = draw.integers(1, commands // 2, commands)
    rows["side"] = draw.integers(0, 2, commands)
    rows["type"] = draw.choice([1, 1, 1, 2, 3, 7], commands)
    rows["account"] = 1 + rows["id"] % workload.ACCOUNTS
    middle = 300_000_000 + np.cumsum(draw.integers(-jump, jump + 1, commands))
    rows["price"] = middle + draw.choice([1, 3, 500, 400_000], commands) * draw.integers(-9, 10)
    rows["stop"] = np.where(rows["type"] == 7, 1000, middle + draw.integers(-2000, 2000, commands))
    rows["quantity"] = draw.integers(1, 30, commands)
    return rows


@pytest.mark.parametrize("jump", [10, 30_000, 900_000])
def test_prices_far_apart_keep_their_order(jump: int) -> None:
    """Lost: a market that moved out of the window of prices would trade in another order."""
    rows = wandering(3_000, jump)
    fast, plain = made(2_000), made(2_000, "reference")
    told = np.zeros(13, np.int64)
    for at in range(0, len(rows), 100):
        some = rows[at : at + 100]
        events = fast.apply(some, 1)
        told += np.bincount(events["kind"], minlength=13)
        assert np.array_equal(events, plain.apply(some, 1)), f"seed {SEED}"
    assert told[[EventKind.ACCEPTED, EventKind.TRADE, EventKind.TRIGGERED]].min() > 20, told
    assert fast.state_hash() == plain.state_hash(), f"seed {SEED}"
    assert fast.open_ids(0) == plain.open_ids(0)


def test_the_window_follows_a_market_that_trends() -> None:
    """Lost: after a long trend an order would pay for far prices, or lose its place."""
    fast = made(50_000)
    rows = np.zeros(30_000, COMMAND)
    rows["kind"], rows["type"], rows["quantity"] = CommandKind.ADD, 1, 1
    rows["id"] = np.arange(1, len(rows) + 1)
    rows["account"] = 1
    rows["price"] = 1_000_000 + np.arange(len(rows)) * 40  # over four windows
    fast.apply(rows, 1)
    bids, _ = fast.open_ids(0)
    assert bids == list(range(len(rows), 0, -1))
    assert fast.best(0, 0) == int(rows["price"][-1])
    sell = rows[:1].copy()
    sell["id"], sell["side"], sell["price"] = 10**9, 1, int(rows["price"][0])
    sell["quantity"], sell["account"] = 30_000, 2
    trades = fast.apply(sell, 2)
    assert trades["other"][1:].tolist() == bids
    assert fast.live() == 0


def test_the_table_of_ids_grows_and_forgets() -> None:
    """Lost: an order would be lost when the table of ids moves."""
    fast = made(30_000)
    rows = np.zeros(30_000, COMMAND)
    rows["kind"], rows["type"], rows["quantity"], rows["account"] = CommandKind.ADD, 1, 1, 1
    rows["price"] = 5_000
    rows["id"] = workload.scattered(np.arange(1, 30_001, dtype=np.uint64))
    for _ in range(2):
        assert set(fast.apply(rows, 1)["kind"]) == {EventKind.ACCEPTED}
        again = fast.apply(rows[:10], 1)
        assert set(again["reason"]) == {5}
        cancels = rows[::-1].copy()
        cancels["kind"] = CommandKind.CANCEL
        assert set(fast.apply(cancels, 1)["kind"]) == {EventKind.CANCELLED}
        assert fast.live() == 0


def test_times_of_messages_change_nothing() -> None:
    """Lost: measured and unmeasured engines would differ."""
    flow = workload.generate(Profile(3, 500, 5_000, 10.0))
    one, other = made(2_000), made(2_000)
    rows = np.concatenate([flow.filling, flow.measured])
    events, ticks = np.zeros(20_000, EVENT), np.zeros(len(rows), np.int64)
    done, written = one.measure(rows, 1, events, ticks)
    assert done == len(rows)
    assert np.array_equal(events[:written], other.apply(rows, 1))
    assert (ticks > 0).all()
    assert one.state_hash() == other.state_hash()


@pytest.mark.parametrize(
    ("commands", "ts_ns", "events"),
    [
        (np.zeros(3, np.uint8), 0, np.zeros(1, EVENT)),
        (np.zeros(1, COMMAND), 0, np.zeros(3, np.uint8)),
        (np.zeros(2, COMMAND), np.zeros(1, np.int64), np.zeros(1, EVENT)),
        (np.zeros(2, COMMAND), np.zeros(2, np.float64), np.zeros(1, EVENT)),
    ],
)
def test_columns_of_another_shape_are_refused(commands: Any, ts_ns: Any, events: Any) -> None:
    """Lost: the engine would read past the end of what it was given."""
    with pytest.raises(ValueError, match=r"rows of COMMAND|one int64"):
        made(10).apply_into(commands, ts_ns, events)
