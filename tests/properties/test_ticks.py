"""Ticks: nothing is lost between what a source wrote and what a dataset gives back."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.data.domain.sizing import Wanted
from fks.contexts.data.domain.ticks.cleaning import REASONS, clean_ticks
from fks.contexts.data.domain.ticks.imports import import_rows
from fks.contracts.data.ticks import NO_ID, TradeColumns, TradeRows

TICK, LOT = Decimal("0.01"), Decimal("0.001")
NAN = float("nan")
TRADE = st.tuples(
    st.one_of(st.integers(0, 20), st.just(-(2**63))),
    st.one_of(st.integers(-2, 500).map(lambda n: n / 100), st.sampled_from([NAN, 1.005, 1e30])),
    st.one_of(st.integers(0, 5_000).map(lambda n: n / 1000), st.sampled_from([NAN, -1.0, 0.0005])),
    st.sampled_from([-1, 0, 1]),
    st.one_of(st.just(NO_ID), st.integers(0, 6)),
)


def rows_of(trades: list[tuple[int, float, float, int, int]]) -> TradeRows:
    """Return trades as a source's rows."""
    ts, price, quantity, side, ids = ([one[k] for one in trades] for k in range(5))
    return TradeRows(
        np.array(ts, dtype=np.int64),
        np.array(price, dtype=np.float64),
        np.array(quantity, dtype=np.float64),
        np.array(side, dtype=np.int8),
        np.array(ids, dtype=np.int64),
    )


def plainly(
    trades: list[tuple[int, float, float, int, int]],
) -> tuple[list[tuple[int, int, int, int, int]], int]:
    """Clean trades one by one: what is kept, and how many are refused."""
    usable = []
    for ts, price, quantity, side, of in trades:
        if ts == -(2**63) or price != price or quantity != quantity:
            continue
        if price <= 0 or quantity <= 0 or price > 1e20:
            continue
        ticks, lots = price * 100, quantity * 1000
        if abs(ticks - round(ticks)) > 1e-9 or abs(lots - round(lots)) > 1e-9:
            continue
        usable.append((ts, round(ticks), round(lots), side, of))
    usable.sort(key=lambda one: one[0])
    seen: set[int] = set()
    kept = []
    for one in usable:
        if one[4] != NO_ID and one[4] in seen:
            continue
        seen.add(one[4])
        kept.append(one)
    return kept, len(trades) - len(kept)


@settings(max_examples=300, deadline=None)
@given(st.lists(TRADE, max_size=30))
def test_trades_are_parted_as_one_by_one(trades: list[tuple[int, float, float, int, int]]) -> None:
    """Lost: a trade taken twice, out of order, or under another price."""
    found = clean_ticks(rows_of(trades), TICK, LOT)
    kept, refused = plainly(trades)
    mine = [tuple(int(one[k]) for one in found.arrays) for k in range(len(found.kept))]
    assert mine == kept
    assert len(found.bad) == refused
    assert all(REASONS[code] for code in found.reason)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 100), st.integers(1, 10**9), st.integers(1, 10**7), st.integers(0, 7)
        ),
        min_size=1,
        max_size=40,
    ),
    st.integers(0, 6),
    st.integers(0, 5),
)
def test_sizes_are_found_and_write_every_number_exactly(
    trades: list[tuple[int, int, int, int]], price_places: int, quantity_places: int
) -> None:
    """Lost: digits of a price or a quantity of an instrument that nobody described."""
    rows = rows_of(
        [
            (ts, price / 10**price_places, quantity / 10**quantity_places, 1, NO_ID)
            for ts, price, quantity, _ in trades
        ]
    )
    made = import_rows(rows, Wanted(symbol="NEW"))
    columns = made.columns
    assert isinstance(columns, TradeColumns)
    exact = Counter(
        (ts, Decimal(price).scaleb(-price_places), Decimal(quantity).scaleb(-quantity_places))
        for ts, price, quantity, _ in trades
    )
    mine = Counter(
        (int(ts), int(ticks) * columns.tick_size, int(lots) * columns.lot_size)
        for ts, ticks, lots in zip(
            columns.ts_ns, columns.price_ticks, columns.quantity_lots, strict=True
        )
    )
    assert mine == exact
    assert made.report.rows_read == made.report.rows_kept == len(trades)
