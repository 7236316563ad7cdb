"""Rows that no own order could feel go by compiled: the result is that of row by row."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.execution.domain.matching.layout import OrderKind
from fks.contexts.execution.domain.simulation.events import L3_EVENT, LAST, L3Kind
from fks.contexts.execution.domain.simulation.models import (
    DataKind,
    LatencyModel,
    QueueKind,
    QueueModel,
    SimulationModels,
)
from fks.contexts.execution.domain.simulation.orders import SimOrder
from fks.contexts.execution.domain.simulation.simulator import Facts, Simulator

BOOKED = [L3Kind.ADD] * 5 + [L3Kind.CANCEL, L3Kind.MODIFY] * 2 + [L3Kind.EXECUTE]
ROWS = st.lists(
    st.tuples(
        st.sampled_from([*BOOKED, L3Kind.FILL, L3Kind.TRADE, L3Kind.HIDDEN, L3Kind.CLEAR]),
        st.sampled_from([0, 1]),
        st.integers(0, 15),
        st.integers(94, 106),
        st.integers(1, 9),
        st.sampled_from([LAST, LAST, LAST, 0]),
    ),
    min_size=1,
    max_size=80,
)
ORDERS = st.lists(
    st.tuples(
        st.integers(0, 70),
        st.sampled_from([0, 1]),
        st.sampled_from([OrderKind.LIMIT] * 4 + [OrderKind.MARKET, OrderKind.STOP]),
        st.integers(94, 106),
        st.integers(1, 12),
    ),
    max_size=4,
)
QUEUES = st.sampled_from([QueueKind.FIFO, QueueKind.RISK_AVERSE, QueueKind.POWER])


@given(ROWS, ORDERS, QUEUES, st.integers(0, 30), st.integers(0, 25))
@settings(max_examples=250, deadline=None)
def test_many_rows_at_once_are_as_row_by_row(
    rows: list[tuple[int, int, int, int, int, int]],
    orders: list[tuple[int, int, OrderKind, int, int]],
    queue: QueueKind,
    entry_ns: int,
    response_ns: int,
) -> None:
    """Reports, money and open orders are the same, wherever the rows are cut."""
    events = np.zeros(len(rows), L3_EVENT)
    for number, (kind, side, order_id, price, lots, flags) in enumerate(rows):
        events[number] = (10 * number, order_id, price, lots, kind, side, flags)
    models = SimulationModels(
        data=DataKind.ORDERS,
        queue=QueueModel(kind=queue),
        latency=LatencyModel(entry_ns=entry_ns, response_ns=response_ns),
    )
    results = []
    for at_once in (False, True):
        sim = Simulator(Facts(1), models)
        reports = []
        begun = 0
        cuts = sorted({min(after, len(rows)) for after, *_ in orders} | {len(rows)})
        for cut in cuts:
            part = events[begun:cut]
            if at_once:
                reports += sim.on_rows(part)
            else:
                for ts_ns, order_id, price, lots, kind, side, flags in part.tolist():
                    reports += sim.on_l3(ts_ns, kind, side, order_id, price, lots, flags)
            for number, (after, side, form, price, lots) in enumerate(orders, start=1):
                if min(after, len(rows)) == cut:
                    limit = price if form is OrderKind.LIMIT else 0
                    stop = price if form is OrderKind.STOP else 0
                    sim.submit(SimOrder(number, side, form, lots, limit, stop), 10 * cut)
            begun = cut
        reports += sim.on_time(10**6)
        working = [(own.offer, own.open, own.ahead) for own in sim.working()]
        results.append((reports, sim.holding(), sim.equity_nanos(), working))
    assert results[0] == results[1]
