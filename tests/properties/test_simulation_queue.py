"""Properties of the place in the queue: moved by trades, by the model, and by nothing else."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.execution.domain.matching.layout import OrderKind
from fks.contexts.execution.domain.simulation.events import BUY, SELL, L3Kind
from fks.contexts.execution.domain.simulation.models import (
    DataKind,
    QueueKind,
    QueueModel,
    SimulationModels,
)
from fks.contexts.execution.domain.simulation.orders import ReportKind, SimOrder
from fks.contexts.execution.domain.simulation.queueing import MILLI, after_cancel
from fks.contexts.execution.domain.simulation.simulator import Facts, Simulator

MODELS = st.builds(
    QueueModel,
    kind=st.sampled_from(
        [QueueKind.RISK_AVERSE, QueueKind.POWER, QueueKind.POWER, QueueKind.LOG, QueueKind.FIFO]
    ),
    exponent_milli=st.sampled_from([100, 700, 1000, 1300, 2000, 3000, 10_000]),
)
LEVELS = st.integers(1, 5000).flatmap(
    lambda level: st.tuples(
        st.just(level), st.integers(0, level), st.integers(0, level), st.integers(0, level)
    )
)


@given(MODELS, LEVELS)
@settings(max_examples=400, deadline=None)
def test_a_cancel_takes_no_more_from_ahead_than_was_given_up_and_no_less_than_it_must(
    model: QueueModel, drawn: tuple[int, int, int, int]
) -> None:
    """The model decides only what the data leaves open."""
    level, ahead, gone, _ = (value * MILLI for value in drawn)
    after = after_cancel(model, ahead, level, gone)
    assert max(ahead - gone, 0) <= after <= min(ahead, level - gone)
    if model.kind in (QueueKind.RISK_AVERSE, QueueKind.FIFO):
        assert after == min(ahead, level - gone)


@given(MODELS, LEVELS)
@settings(max_examples=600, deadline=None)
def test_no_cancel_lets_a_later_order_overtake(
    model: QueueModel, drawn: tuple[int, int, int, int]
) -> None:
    """Of two places in one queue the one behind stays behind, up to a thousandth of a lot."""
    level, one, two, gone = drawn
    first, second = sorted((one * MILLI, two * MILLI))
    rounding = 1 if model.kind is QueueKind.LOG else 0
    assert (
        after_cancel(model, first, level * MILLI, gone * MILLI)
        <= after_cancel(model, second, level * MILLI, gone * MILLI) + rounding
    )


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("lots"), st.integers(0, 40)),
        st.tuples(st.just("trade"), st.integers(1, 15)),
        st.tuples(st.just("elsewhere"), st.integers(0, 40)),
    ),
    max_size=40,
)


@given(MODELS, st.integers(1, 40), st.integers(1, 12), STEPS)
@settings(max_examples=300, deadline=None)
def test_a_place_in_a_recorded_level_moves_by_trades_and_by_the_model_alone(
    model: QueueModel, start: int, own_lots: int, steps: list[tuple[str, int]]
) -> None:
    """Lots ahead and fills are what a plain account of the level says, step by step."""
    sim = Simulator(Facts(1), SimulationModels(data=DataKind.DEPTH, queue=model))
    sim.on_depth(1, [(BUY, 99, start), (BUY, 98, 5), (SELL, 101, 30)])
    sim.submit(SimOrder(1, BUY, OrderKind.LIMIT, own_lots, price=99), 2)
    level, ahead, traded, left = start, start * MILLI, 0, own_lots
    for now, (what, lots) in enumerate(steps, start=3):
        filled = 0
        if what == "trade":
            reports = sim.on_trade(now, 99, lots, SELL)
            filled = min(left, max(lots * MILLI - ahead, 0) // MILLI)
            ahead = max(ahead - lots * MILLI, 0)
            traded += lots if level else 0
        elif what == "elsewhere":
            reports = sim.on_depth(now, [(BUY, 98, lots), (SELL, 101, lots)])
        else:
            reports = sim.on_depth(now, [(BUY, 99, lots)])
            before = max(level - traded, 0)
            if before > lots:
                ahead = after_cancel(model, ahead, before * MILLI, (before - lots) * MILLI)
            ahead = min(ahead, lots * MILLI)
            level, traded = lots, 0
        left -= filled
        assert sum(r.lots for r in reports if r.kind is ReportKind.FILLED) == filled
        if left == 0:
            break
        assert [own.ahead for own in sim.working()] == [ahead]


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["add", "cancel", "execute", "fill", "shrink", "grow"]),
        st.integers(0, 30),
        st.integers(1, 9),
    ),
    max_size=50,
)


@given(st.lists(st.integers(1, 9), max_size=6), st.integers(1, 9), ROWS)
@settings(max_examples=300, deadline=None)
def test_a_place_in_a_feed_by_order_is_the_true_one(
    ahead: list[int], own_lots: int, rows: list[tuple[str, int, int]]
) -> None:
    """Against an explicit queue: only what executes behind the own order fills it, lot for lot."""
    models = SimulationModels(data=DataKind.ORDERS, queue=QueueModel(kind=QueueKind.FIFO))
    sim = Simulator(Facts(1), models)
    before = dict(enumerate(ahead, start=1))
    for number, lots in before.items():
        sim.on_l3(1, L3Kind.ADD, BUY, number, 99, lots)
    sim.submit(SimOrder(1, BUY, OrderKind.LIMIT, own_lots, price=99), 2)
    behind: dict[int, int] = {}
    left = own_lots
    for now, (what, pick, lots) in enumerate(rows, start=3):
        queue = before | behind
        target = list(queue)[pick % len(queue)] if queue else 0
        kind, number, size, expected = L3Kind.ADD, 100 + now, lots, 0
        side = before if target in before else behind
        if what == "add" or not queue:
            behind[number] = lots
        elif what in ("cancel", "shrink"):
            kind = L3Kind.CANCEL if what == "cancel" else L3Kind.MODIFY
            number, size = target, min(lots, queue[target])
            left_over = queue[target] - size if what == "cancel" else size
            side[target] = left_over
        elif what == "grow":
            kind, number, size = L3Kind.MODIFY, target, queue[target] + lots
            side.pop(target)
            behind[target] = size
        else:
            kind = L3Kind.EXECUTE if what == "execute" else L3Kind.FILL
            number, size = target, min(lots, queue[target])
            expected = min(left, size) if target in behind else 0
            if what == "execute":
                side[target] -= size
        for place in (before, behind):
            for gone in [name for name, rest in place.items() if rest == 0]:
                del place[gone]
        reports = sim.on_l3(now, kind, BUY, number, 99, size)
        assert sum(r.lots for r in reports if r.kind is ReportKind.FILLED) == expected
        left -= expected
        if left == 0:
            break
        assert [own.ahead for own in sim.working()] == [sum(before.values()) * MILLI]
