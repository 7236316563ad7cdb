"""A history that is cut short never changes an earlier bar: what came later was not looked at."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.data.domain.ticks.counting import bars_by_count, trades_as_rows
from fks.contexts.data.service.aggregating import bars_by_clock
from fks.contracts.columns import BarColumns
from fks.contracts.data.ticks import TradeColumns

QUARTER_NS = 250_000_000
START_NS = 1_704_470_400_000_000_000  # 2024-01-05 16:00 UTC, a Friday; XNYS closes at 21:00
TRADES = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 40), st.integers(0, 100_000)),
        st.integers(1, 50),
        st.integers(1, 500),
    ),
    min_size=1,
    max_size=50,
)


def columns(trades: list[tuple[int, int, int]]) -> TradeColumns:
    """Return trades that are quarters of a second apart."""
    steps, price, lots = (np.array([one[k] for one in trades], dtype=np.int64) for k in range(3))
    side, ids = np.zeros(len(trades), dtype=np.int8), np.arange(len(trades), dtype=np.int64)
    ts_ns = START_NS + np.cumsum(steps) * QUARTER_NS
    return TradeColumns(ts_ns, price, lots, side, ids, Decimal("0.01"), Decimal("0.1"))


def cut(trades: TradeColumns, count: int) -> TradeColumns:
    """Return the first trades."""
    arrays = (trades.ts_ns, trades.price_ticks, trades.quantity_lots)
    ts_ns, price, lots = (one[:count] for one in arrays)
    return trades._replace(
        ts_ns=ts_ns,
        price_ticks=price,
        quantity_lots=lots,
        side=trades.side[:count],
        id=trades.id[:count],
    )


def told(bars: BarColumns) -> list[tuple[float, ...]]:
    """Return bars as numbers."""
    prices = (bars.open_ticks, bars.high_ticks, bars.low_ticks, bars.close_ticks)
    return list(zip(*(one.tolist() for one in (bars.ts_ns, *prices, bars.volume)), strict=True))


@settings(max_examples=200, deadline=None)
@given(TRADES, st.integers(0, 50), st.sampled_from("tvq"), st.integers(1, 40))
def test_bars_by_what_was_traded(
    trades: list[tuple[int, int, int]], count: int, measure: str, goal: int
) -> None:
    """Lost: a bar that a strategy saw and that nobody sees again."""
    whole = columns(trades)
    first = bars_by_count(cut(whole, count), measure, Decimal(goal)).columns
    every = bars_by_count(whole, measure, Decimal(goal)).columns
    assert told(first) == told(every)[: len(first)]


@settings(max_examples=200, deadline=None)
@given(
    TRADES,
    st.integers(0, 50),
    st.sampled_from(("1s", "5s", "1m", "1h", "1d", "1w")),
    st.sampled_from(("24/7", "24/5", "XNYS")),
)
def test_bars_by_the_clock(
    trades: list[tuple[int, int, int]], count: int, every: str, calendar: str
) -> None:
    """Lost: the same, by the last bar of a file.

    A second is known as a whole. The pause of 24/5 is the widest of the year, so that trades of a
    Friday's last hour may come after the day that seemed to be over.
    """
    whole = columns(trades)
    if 0 < count < len(trades):
        end = whole.ts_ns[count - 1] // 10**9 * 10**9 + 10**9
        count = int(np.searchsorted(whole.ts_ns, end))
    first, left, outside = bars_by_clock(trades_as_rows(cut(whole, count)), every, calendar)
    later = bars_by_clock(trades_as_rows(whole), every, calendar)[0]
    if calendar != "24/5" or every not in ("1d", "1w"):
        assert told(first) == told(later)[: len(first)]
    assert 0 <= left + outside <= min(count, len(trades))
