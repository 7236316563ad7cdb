"""Trades add up to the account, to the nano, and say how far they went wrong and right."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.engine.domain.trades import nanos_per_tick_lot, trade_columns, trades_of
from fks.contracts.columns import BarColumns
from fks.contracts.values import FillRule, Instrument, PositionSide

GOLD = Instrument(id="GC", tick_size=Decimal("0.10"), lot_size=Decimal(1), multiplier=Decimal(100))
MINUTE_NS = 60_000_000_000


def make_bars(closes: list[int]) -> BarColumns:
    """Return bars around the given closes, each with a range of its own."""
    close = np.array(closes, np.int64)
    row = np.arange(len(closes), dtype=np.int64)
    return BarColumns(
        ts_ns=row * MINUTE_NS,
        open_ticks=close - row % 3,
        high_ticks=close + row % 5,
        low_ticks=close - 2 - row % 4,
        close_ticks=close,
        volume=np.ones(len(closes)),
        tick_size=GOLD.tick_size,
    )


def make_fills(bars: BarColumns, rows: list[tuple[int, int, int]], fee: int) -> dict[str, Any]:
    """Return fill columns of (bar, signed lots, ticks off the open), in time order."""
    rows = sorted(rows, key=lambda row: row[0])
    bar = np.array([row[0] for row in rows], np.int64)
    signed = np.array([row[1] for row in rows], np.int64)
    offset = np.array([row[2] for row in rows], np.int64)
    return {
        "side": np.sign(signed),
        "lots": np.abs(signed),
        "price_ticks": bars.open_ticks[bar] + offset if len(bar) else offset,
        "fee_nanos": np.abs(signed) * fee,
        "ts_ns": bars.ts_ns[bar] if len(bar) else bar,
        "bar_index": bar,
    }


@dataclass
class SlowTrade:
    """One trade of the slow loop, kept fill by fill."""

    side: int
    entry_bar: int
    cash: int = 0
    fees: int = 0
    lots: int = 0
    position: int = 0
    exit_bar: int = -1
    seen: list[int] = field(default_factory=list)


def slow_trades(
    bars: BarColumns, fills: dict[str, Any], rule: FillRule
) -> tuple[list[SlowTrade], int]:
    """Return trades and final profit, the slow way: lot by lot and bar by bar."""
    value = nanos_per_tick_lot(GOLD)
    done: list[SlowTrade] = []
    trade: SlowTrade | None = None
    cash = 0

    def mark(prices: tuple[int, ...]) -> None:
        if trade is not None:
            trade.seen += [trade.cash + trade.position * price * value for price in prices]

    for row in range(len(bars)):
        if rule is FillRule.SAME_CLOSE:
            mark((int(bars.high_ticks[row]), int(bars.low_ticks[row])))
        for k in np.flatnonzero(fills["bar_index"] == row):
            side, price = int(fills["side"][k]), int(fills["price_ticks"][k])
            lots, fee = int(fills["lots"][k]), int(fills["fee_nanos"][k])
            cash -= side * lots * price * value + fee
            for _ in range(lots):
                if trade is None:
                    trade = SlowTrade(side=side, entry_bar=row)
                trade.cash -= side * price * value
                trade.position += side
                trade.fees += fee // lots
                trade.lots += side == trade.side
                mark((price,))
                if trade.position == 0:
                    trade.exit_bar = row
                    done.append(trade)
                    trade = None
        if rule is FillRule.NEXT_OPEN:
            mark((int(bars.high_ticks[row]), int(bars.low_ticks[row])))
    if trade is not None:
        cash += trade.position * int(bars.close_ticks[-1]) * value
        done.append(trade)
    return done, cash


CLOSES = st.lists(st.integers(-30, 30), min_size=2, max_size=40).map(
    lambda steps: (5_000 + np.cumsum(steps)).tolist()
)
ROWS = st.lists(
    st.tuples(
        st.integers(0, 10**6),
        st.integers(-6, 6).filter(lambda lots: lots != 0),
        st.integers(-3, 3),
    ),
    max_size=25,
)


@settings(max_examples=250, deadline=None)
@given(closes=CLOSES, rows=ROWS, fee=st.integers(-500, 10_000), rule=st.sampled_from(FillRule))
def test_trades_are_those_of_a_slow_loop_and_add_up_to_the_nano(
    closes: list[int], rows: list[tuple[int, int, int]], fee: int, rule: FillRule
) -> None:
    """The trade table would tell another story than the equity curve."""
    bars = make_bars(closes)
    fills = make_fills(bars, [(bar % len(bars), lots, off) for bar, lots, off in rows], fee)
    fast = trade_columns(fills, bars, GOLD, rule)
    slow, profit = slow_trades(bars, fills, rule)
    value = nanos_per_tick_lot(GOLD)
    last = int(bars.close_ticks[-1])
    assert int(fast.pnl_nanos.sum()) == profit
    assert int(fast.fee_nanos.sum()) == int(fills["fee_nanos"].sum())
    assert int(fast.traded_nanos.sum()) == int((fills["lots"] * fills["price_ticks"]).sum()) * value
    assert len(fast) == len(slow)
    for k, trade in enumerate(slow):
        gross = trade.cash + trade.position * last * value
        assert int(fast.pnl_nanos[k]) == gross - trade.fees
        assert int(fast.fee_nanos[k]) == trade.fees
        assert int(fast.lots[k]) == trade.lots
        assert int(fast.side[k]) == trade.side
        assert int(fast.entry_bar[k]) == trade.entry_bar
        assert bool(fast.open[k]) == (trade.position != 0)
        assert int(fast.exit_bar[k]) == (len(bars) - 1 if trade.position else trade.exit_bar)
        assert int(fast.mae_nanos[k]) == min(0, *trade.seen)
        assert int(fast.mfe_nanos[k]) == max(0, *trade.seen)
        spread = fast.side[k] * (fast.exit_ticks[k] - fast.entry_ticks[k]) * fast.lots[k]
        assert float(spread) * value == pytest.approx(gross, abs=value * 1e-6)


def test_a_reversal_ends_one_trade_and_begins_the_next() -> None:
    """A strategy that is always in the market would show one endless trade."""
    bars = make_bars([100, 110, 120, 90, 80])
    fills = make_fills(bars, [(0, 2, 0), (2, -5, 0), (4, 3, 0)], fee=1_000)
    trades = trades_of(trade_columns(fills, bars, GOLD), GOLD)
    assert [trade.side for trade in trades] == [PositionSide.LONG, PositionSide.SHORT]
    assert [trade.quantity for trade in trades] == [2.0, 3.0]
    assert [trade.number for trade in trades] == [1, 2]
    first = trades[0]
    assert (first.entry_price, first.exit_price) == (10.0, 11.8)
    assert first.fees == pytest.approx(4_000 / 1e9)
    assert first.pnl == pytest.approx(2 * 1.8 * 100 - first.fees)
    assert first.return_fraction == pytest.approx(first.pnl / 2_000)
    assert first.bars == 2


def test_a_trade_open_at_the_end_is_marked_and_said_to_be() -> None:
    """Profit still at risk would count as earned, or be missing from the sum."""
    bars = make_bars([100, 110, 120])
    fills = make_fills(bars, [(1, 1, 0)], fee=0)
    (trade,) = trades_of(trade_columns(fills, bars, GOLD), GOLD)
    assert trade.open and trade.exit_ts_ns == int(bars.ts_ns[-1]) and trade.exit_price == 12.0


def test_excursions_leave_out_what_happened_before_entry_and_after_exit() -> None:
    """A stop would be judged by prices at which there was no position."""
    bars = make_bars([100, 100, 100, 100])
    bars.low_ticks[:] = [1, 90, 95, 2]
    bars.high_ticks[:] = [900, 104, 107, 800]
    bars.open_ticks[:] = 100
    fills = make_fills(bars, [(1, 1, 0), (3, -1, 0)], fee=0)
    (trade,) = trades_of(trade_columns(fills, bars, GOLD, FillRule.NEXT_OPEN), GOLD)
    assert (trade.mae, trade.mfe) == (-100.0, 70.0)
    fills = make_fills(bars, [(0, 1, 0), (2, -1, 0)], fee=0)
    (trade,) = trades_of(trade_columns(fills, bars, GOLD, FillRule.SAME_CLOSE), GOLD)
    assert (trade.mae, trade.mfe) == (-100.0, 70.0)


def test_only_the_last_trades_are_made_when_asked() -> None:
    """A page of fifty rows would build twenty thousand."""
    bars = make_bars([100] * 20)
    rows = [(row, 1 if row % 2 == 0 else -1, 0) for row in range(20)]
    columns = trade_columns(make_fills(bars, rows, 0), bars, GOLD)
    assert [trade.number for trade in trades_of(columns, GOLD, last=3)] == [8, 9, 10]
    assert trades_of(trade_columns(make_fills(bars, [], 0), bars, GOLD), GOLD) == ()


def test_an_instrument_with_broken_nanos_is_a_bug_not_a_rounding() -> None:
    """Money would be lost in each fill, a little."""
    odd = Instrument(id="X", tick_size=Decimal("0.000001"), lot_size=Decimal("0.0001"))
    with pytest.raises(AssertionError, match="nanos a tick and lot"):
        nanos_per_tick_lot(odd)
