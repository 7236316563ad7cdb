"""Properties of simulated fills against recorded depth and trades, drawn at random."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.execution.domain.matching.layout import OrderKind, Tif
from fks.contexts.execution.domain.simulation.events import BUY, SELL
from fks.contexts.execution.domain.simulation.models import (
    DataKind,
    FillModel,
    LatencyModel,
    QueueKind,
    QueueModel,
    SimulationModels,
)
from fks.contexts.execution.domain.simulation.orders import Report, ReportKind, SimOrder
from fks.contexts.execution.domain.simulation.simulator import Facts, Simulator

STEP = 10


class Depth(NamedTuple):
    """Lots of one level from now on."""

    side: int
    price: int
    lots: int


class Print(NamedTuple):
    """A trade."""

    aggressor: int
    price: int
    lots: int


class Send(NamedTuple):
    """An own order."""

    side: int
    type: OrderKind
    tif: Tif
    price: int
    lots: int


BIDS, ASKS = st.integers(97, 99), st.integers(100, 102)
LOTS = st.integers(0, 12)
CHANGES = st.one_of(
    st.builds(Depth, st.just(BUY), BIDS, LOTS),
    st.builds(Depth, st.just(SELL), ASKS, LOTS),
    st.builds(Print, st.just(SELL), BIDS, st.integers(1, 12)),
    st.builds(Print, st.just(BUY), ASKS, st.integers(1, 12)),
)
ORDERS = st.builds(
    Send,
    st.sampled_from([BUY, SELL]),
    st.sampled_from([OrderKind.LIMIT, OrderKind.LIMIT, OrderKind.MARKET, OrderKind.STOP]),
    st.sampled_from([Tif.GTC, Tif.GTC, Tif.IOC, Tif.FOK]),
    st.integers(95, 104),
    st.integers(1, 20),
)
BEGINNING = [
    Depth(side, price, 8) for side in (BUY, SELL) for price in range(97 + 3 * side, 100 + 3 * side)
]
STREAMS = st.lists(st.one_of(CHANGES, CHANGES, ORDERS), min_size=5, max_size=60).map(
    lambda drawn: [*BEGINNING, *drawn]
)
QUEUES = st.builds(
    QueueModel,
    kind=st.sampled_from(list(QueueKind)),
    exponent_milli=st.sampled_from([500, 1000, 2000, 3500]),
)


def _models(queue: QueueModel, entry_ns: int = 0) -> SimulationModels:
    return SimulationModels(
        data=DataKind.DEPTH,
        queue=queue,
        latency=LatencyModel(entry_ns=entry_ns),
        fill=FillModel(),
    )


def _feed(sim: Simulator, now: int, step: Depth | Print | Send, number: int) -> tuple[Report, ...]:
    """Take one step in."""
    if isinstance(step, Depth):
        return sim.on_depth(now, [step])
    if isinstance(step, Print):
        return sim.on_trade(now, step.price, step.lots, step.aggressor)
    stop = step.price if step.type is OrderKind.STOP else 0
    price = step.price if step.type is OrderKind.LIMIT else 0
    sim.submit(SimOrder(number, step.side, step.type, step.lots, price, stop, step.tif), now)
    return sim.on_time(now)


def _run(
    stream: list[Depth | Print | Send], models: SimulationModels
) -> tuple[list[Report], Simulator]:
    """Run a stream, one step every ten nanoseconds; orders are numbered by their place."""
    sim = Simulator(Facts(1), models)
    found: list[Report] = []
    for number, step in enumerate(stream, start=1):
        found.extend(_feed(sim, number * STEP, step, number))
    found.extend(sim.on_time(10**9))
    return found, sim


def _fills(reports: list[Report]) -> list[Report]:
    return [report for report in reports if report.kind is ReportKind.FILLED]


@given(STREAMS, QUEUES)
@settings(max_examples=150, deadline=None)
def test_an_order_never_fills_worse_than_its_limit_nor_more_than_its_lots(
    stream: list[Depth | Print | Send], queue: QueueModel
) -> None:
    """Quantity is conserved: fills and open or given-up lots are the order's, at its limit."""
    reports, sim = _run(stream, _models(queue))
    filled: Counter[int] = Counter()
    ended: Counter[int] = Counter()
    for report in reports:
        sent = stream[report.order_id - 1]
        assert isinstance(sent, Send)
        if report.kind is ReportKind.FILLED:
            filled[report.order_id] += report.lots
            assert report.leaves == sent.lots - filled[report.order_id] >= 0
            if sent.type is OrderKind.LIMIT:
                sign = 1 if sent.side == BUY else -1
                assert (sent.price - report.price_ticks) * sign >= 0
        elif report.kind in (ReportKind.CANCELLED, ReportKind.REJECTED):
            ended[report.order_id] += report.lots
    working = {own.offer.id: own.open for own in sim.working()}
    for number, sent in enumerate(stream, start=1):
        if isinstance(sent, Send):
            assert filled[number] + ended[number] + working.get(number, 0) == sent.lots
            if sent.tif is Tif.FOK and sent.type is not OrderKind.STOP:
                assert filled[number] in (0, sent.lots)


@given(STREAMS, QUEUES)
@settings(max_examples=150, deadline=None)
def test_a_limit_order_never_fills_before_the_market_could_have_reached_it(
    stream: list[Depth | Print | Send], queue: QueueModel
) -> None:
    """At or before each fill, after the order came, the other side or a trade was at its price."""
    reports, _ = _run(stream, _models(queue))
    for fill in _fills(reports):
        sent = stream[fill.order_id - 1]
        assert isinstance(sent, Send)
        at = fill.ts_ns // STEP
        assert at >= fill.order_id
        assert not isinstance(stream[at - 1], Send)  # an instant with data
        if sent.type is not OrderKind.LIMIT:
            continue
        shown = {
            (step.side, step.price): step.lots for step in stream[:at] if isinstance(step, Depth)
        }
        sign = 1 if sent.side == BUY else -1
        crossed = any(
            side != sent.side and lots > 0 and (sent.price - price) * sign >= 0
            for (side, price), lots in shown.items()
        )
        last = stream[at - 1]
        traded = isinstance(last, Print) and (sent.price - last.price) * sign >= 0
        assert crossed or traded


@given(STREAMS, QUEUES)
@settings(max_examples=200, deadline=None)
def test_two_orders_never_take_the_same_liquidity(
    stream: list[Depth | Print | Send], queue: QueueModel
) -> None:
    """What own orders take of a level is never more than was ever added to it, nor of a trade."""
    reports, _ = _run(stream, _models(queue))
    added: Counter[tuple[int, int]] = Counter()
    level: Counter[tuple[int, int]] = Counter()
    took: Counter[tuple[int, int]] = Counter()
    fills = Counter[int]()
    by_step: dict[int, list[Report]] = {}
    for fill in _fills(reports):
        by_step.setdefault(fill.ts_ns // STEP, []).append(fill)
    for number, step in enumerate(stream, start=1):
        if isinstance(step, Depth):
            at = (step.side, step.price)
            added[at] += max(step.lots - level[at], 0)
            level[at] = step.lots
        for fill in by_step.get(number, ()):
            if fill.maker and isinstance(step, Print):
                fills[number] += fill.lots
            elif not fill.maker:
                took[1 - fill.side, fill.price_ticks] += fill.lots
        if isinstance(step, Print):
            assert fills[number] <= step.lots
    for at, lots in took.items():
        assert lots <= added[at]


@given(STREAMS, QUEUES, st.integers(0, 60), st.integers(0, 90))
@settings(max_examples=200, deadline=None)
def test_more_latency_never_gives_an_earlier_fill(
    stream: list[Depth | Print | Send], queue: QueueModel, entry_ns: int, more_ns: int
) -> None:
    """One order alone, sent at the same instant: the slower one is never filled further ahead."""
    orders = [step for step in stream if isinstance(step, Send)][:1]
    alone = [step for step in stream if not isinstance(step, Send) or step in orders[:1]]
    seen = False
    kept: list[Depth | Print | Send] = []
    for step in alone:
        if isinstance(step, Send):
            if seen or step.tif is not Tif.GTC or step.type is not OrderKind.LIMIT:
                continue
            seen = True
        kept.append(step)
    fast = _fills(_run(kept, _models(queue, entry_ns))[0])
    slow = _fills(_run(kept, _models(queue, entry_ns + more_ns))[0])
    for instant in range(STEP, STEP * len(kept) + STEP, STEP):
        before = [sum(f.lots for f in fills if f.ts_ns <= instant) for fills in (fast, slow)]
        assert before[0] >= before[1]


@given(STREAMS, QUEUES, st.integers(1, 95))
@settings(max_examples=100, deadline=None)
def test_a_delayed_order_never_fills_at_an_instant_without_data(
    stream: list[Depth | Print | Send], queue: QueueModel, entry_ns: int
) -> None:
    """Whatever the delay, each fill bears the time of a depth change or trade after its arrival."""
    reports, _ = _run(stream, _models(queue, entry_ns))
    data = {n * STEP for n, step in enumerate(stream, start=1) if not isinstance(step, Send)}
    for fill in _fills(reports):
        assert fill.ts_ns in data
        assert fill.ts_ns >= fill.order_id * STEP + entry_ns
