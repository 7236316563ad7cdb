"""Bars of ticks equal those that are made one trade at a time."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.data.domain.resampling import resample_by_step
from fks.contexts.data.domain.ticks.counting import bars_by_count, quotes_as_rows, trades_as_rows
from fks.contracts.columns import BarColumns
from fks.contracts.data.ticks import NO_PRICE, QuoteColumns, TradeColumns
from fks.kernel.errors import Invalid

TICK, LOT = Decimal("0.25"), Decimal("0.001")
TRADES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 50), st.integers(1, 5_000)), max_size=60
)


def columns(trades: list[tuple[int, int, int]], step_ns: int = 1) -> TradeColumns:
    """Return trades whose times are sums of steps."""
    ts = np.cumsum(np.array([one[0] for one in trades], dtype=np.int64)) * step_ns
    price, lots = (np.array([one[k] for one in trades], dtype=np.int64) for k in (1, 2))
    side, ids = np.zeros(len(trades), dtype=np.int8), np.arange(len(trades), dtype=np.int64)
    return TradeColumns(ts, price, lots, side, ids, TICK, LOT)


def told(bars: BarColumns) -> list[tuple[int, ...]]:
    """Return bars as whole numbers, volumes in lots."""
    lots = np.rint(bars.volume / float(LOT)).astype(np.int64)
    parts = (bars.open_ticks, bars.high_ticks, bars.low_ticks, bars.close_ticks, lots)
    return [tuple(int(one) for one in row) for row in zip(bars.ts_ns, *parts, strict=True)]


def one_by_one(
    trades: TradeColumns, measure: str, goal: Decimal
) -> tuple[list[tuple[int, ...]], int]:
    """Return bars made trade by trade, and how many trades are left."""
    bars: list[tuple[int, ...]] = []
    held: list[tuple[int, int, int]] = []
    total = Decimal(0)
    for ts, price, lots in zip(
        trades.ts_ns.tolist(),
        trades.price_ticks.tolist(),
        trades.quantity_lots.tolist(),
        strict=True,
    ):
        held.append((ts, price, lots))
        units = lots * LOT
        total += {"t": Decimal(1), "v": units, "q": units * price * TICK}[measure]
        if total >= goal:
            prices = [one[1] for one in held]
            stamp = held[0][0] if not bars else max(held[0][0], bars[-1][0] + 1)
            volume = sum(one[2] for one in held)
            bars.append((stamp, prices[0], max(prices), min(prices), prices[-1], volume))
            held, total = [], Decimal(0)
    return bars, len(held)


@settings(max_examples=300, deadline=None)
@given(TRADES, st.sampled_from("tvq"), st.integers(1, 40))
def test_bars_closed_by_what_was_traded(
    trades: list[tuple[int, int, int]], measure: str, goal: int
) -> None:
    """Lost: a trade in two bars, in none, or a bar closed one trade too late."""
    made = columns(trades)
    found = bars_by_count(made, measure, Decimal(goal))
    wanted, left = one_by_one(made, measure, Decimal(goal))
    assert told(found.columns) == wanted
    assert found.left == left
    assert int(found.trades.sum()) + left == len(trades)
    assert bool((np.diff(found.columns.ts_ns) > 0).all())


@settings(max_examples=200, deadline=None)
@given(TRADES.filter(bool), st.integers(1, 9), st.integers(1, 4))
def test_bars_by_the_clock_of_trades_and_bars_of_those_bars(
    trades: list[tuple[int, int, int]], step: int, times: int
) -> None:
    """Lost: the same hour from trades and from minutes."""
    rows = trades_as_rows(columns(trades))
    short = resample_by_step(rows, step).columns
    direct = resample_by_step(rows, step * times).columns
    assert told(resample_by_step(short, step * times).columns) == told(direct)
    spans: dict[int, list[tuple[int, int, int]]] = {}
    at = 0
    for pause, price, lots in trades:
        at += pause
        spans.setdefault(at // step * step, []).append((at, price, lots))
    wanted = [
        (
            stamp,
            held[0][1],
            max(one[1] for one in held),
            min(one[1] for one in held),
            held[-1][1],
            sum(one[2] for one in held),
        )
        for stamp, held in sorted(spans.items())
    ]
    assert told(short) == wanted


def test_quotes_become_bids_asks_or_middles_and_empty_sides_none() -> None:
    """Lost: half a tick of a middle, or a price made of an empty side."""
    ts = np.array([1, 2, 3], dtype=np.int64)
    bid = np.array([10, NO_PRICE, 11], dtype=np.int64)
    ask = np.array([11, 12, NO_PRICE], dtype=np.int64)
    lots = np.ones(3, dtype=np.int64)
    quotes = QuoteColumns(ts, bid, lots, ask, lots, TICK, LOT)
    for price, wanted, empty in (("bid", [10, 11], 1), ("ask", [11, 12], 1), ("mid", [21], 2)):
        rows, lacking = quotes_as_rows(quotes, price)
        assert rows.close_ticks.tolist() == wanted
        assert lacking == empty
    assert quotes_as_rows(quotes, "mid")[0].close.tolist() == [2.625]


@pytest.mark.parametrize("size", ["0", "-1", "0.0005"])
def test_a_bar_that_cannot_be_counted_is_refused(size: str) -> None:
    """Lost: bars of a measure that never closes, or is rounded in silence."""
    with pytest.raises(Invalid, match="multiple"):
        bars_by_count(columns([(1, 1, 1)]), "v", Decimal(size))
    huge = columns([(1, 2**40, 2**40)])
    with pytest.raises(Invalid, match="exactly"):
        bars_by_count(huge, "q", Decimal(1))
