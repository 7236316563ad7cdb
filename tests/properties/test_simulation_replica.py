"""The compiled replica of a recorded book against its plain twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.execution.domain.simulation.events import BUY, L3_EVENT, SELL, L3Kind
from fks.contexts.execution.domain.simulation.recorded import RecordedBook
from fks.contexts.execution.domain.simulation.replica import ReplayBook

KINDS = [L3Kind.ADD] * 4 + list(L3Kind)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.sampled_from([BUY, SELL, BUY, SELL, 2]),
        st.sampled_from([*range(12), 2**63, 2**64 - 1]),
        st.integers(-6, 6),
        st.integers(0, 9),
        st.booleans(),
    ),
    max_size=80,
)


def _same(plain: RecordedBook, compiled: ReplayBook) -> None:
    assert len(plain) == len(compiled)
    assert plain.rank() == compiled.rank()
    assert plain.crossed() == compiled.crossed()
    for side in (BUY, SELL):
        assert all(level.lots > 0 for level in plain.depth(side, 99))
        assert plain.depth(side, 99) == compiled.depth(side, 99)
        assert plain.depth(side, 2) == compiled.depth(side, 2)
        assert (plain.best(side), plain.worst(side)) == (compiled.best(side), compiled.worst(side))
        for price in range(-7, 8):
            assert plain.queue(side, price) == compiled.queue(side, price)
            assert plain.lots_at(side, price) == compiled.lots_at(side, price)
    for order_id in (*range(12), 2**63, 2**64 - 1):
        assert plain.order(order_id) == compiled.order(order_id)


@given(ROWS)
@settings(max_examples=300, deadline=None)
def test_both_replicas_hold_the_same_after_every_row(
    rows: list[tuple[int, int, int, int, int, bool]],
) -> None:
    """Outcomes, levels, queues, places and orders agree, seeds and doubled ids included."""
    plain, compiled = RecordedBook(), ReplayBook()
    for kind, side, order_id, price, lots, seeded in rows:
        if seeded and side != 2 and kind == L3Kind.TRADE:
            plain.seed(side, price, lots)
            compiled.seed(side, price, lots)
        else:
            told = plain.apply(kind, side, order_id, price, lots)
            assert told is compiled.apply(kind, side, order_id, price, lots)
        for one in (BUY, SELL):  # a level stands as long as it has lots
            assert sum(lots for _, lots in plain.queue(one, price)) == plain.lots_at(one, price)
    _same(plain, compiled)


@pytest.mark.parametrize("seed", [1, 2])
def test_both_replicas_grow_alike_with_many_orders_and_levels(seed: int) -> None:
    """Five thousand live orders on a thousand levels, in one call, then every one taken out."""
    draw = np.random.default_rng(seed)
    rows = np.zeros(20_000, L3_EVENT)
    rows["kind"] = draw.choice([1, 1, 1, 2, 3, 4], len(rows))
    rows["side"] = draw.integers(0, 2, len(rows))
    rows["id"] = draw.integers(1, 6_000, len(rows)) * 2_654_435_761
    rows["price"] = draw.integers(-500, 500, len(rows))
    rows["lots"] = draw.integers(1, 50, len(rows))
    plain, compiled = RecordedBook(), ReplayBook()
    plain.apply_rows(rows)
    compiled.apply_rows(rows)
    assert len(plain) > 3_000
    _same(plain, compiled)
    assert plain.depth(BUY, 10**6) == compiled.depth(BUY, 10**6)
    for order_id in set(rows["id"].tolist()):
        plain.apply(L3Kind.CANCEL, 0, order_id, 0, 10**6)
        compiled.apply(L3Kind.CANCEL, 0, order_id, 0, 10**6)
    assert (len(compiled), compiled.depth(BUY, 9), compiled.depth(SELL, 9)) == (0, (), ())


def test_what_is_no_side_is_refused_before_memory_is_touched() -> None:
    """A wrong side is a ValueError, in rows it is none."""
    book = ReplayBook()
    for call in (book.best, book.worst):
        with pytest.raises(ValueError, match="no side"):
            call(7)
    with pytest.raises(ValueError, match="no side"):
        book.apply(L3Kind.ADD, 3, 1, 5, 5)
    rows = np.zeros(1, L3_EVENT)
    rows["kind"], rows["side"], rows["lots"] = L3Kind.ADD, 200, 5
    book.apply_rows(rows)
    assert len(book) == 0
