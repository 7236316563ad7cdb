"""Turn fills into round trips, exactly, because every trade statistic stands on them.

A trade runs from flat to flat, or to the reversal: a fill that crosses zero ends one trade and
begins the next, its fee split by quantity. All money is int64 nanos, so the profits of all trades
add up to final equity less starting cash to the last nano. Everything is computed in columns;
`Trade` structs are made only for those that somebody looks at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fks.contracts.columns import BarColumns, Float64, Int64
from fks.contracts.engine import Trade
from fks.contracts.values import NANOS, FillRule, Instrument, PositionSide

__all__ = ["TradeColumns", "nanos_per_tick_lot", "trade_columns", "trades_of"]

Bool = npt.NDArray[np.bool_]
INT64 = np.iinfo(np.int64)


@dataclass(frozen=True, slots=True)
class TradeColumns:
    """Round trips as columns of shape (trades,), in the order of their entries.

    `side` is 1 or -1. `lots` is all that was entered, also where the position was built or taken
    off in parts; `entry_ticks` and `exit_ticks` are averages over it, so that lots times their
    difference is the profit before fees. `pnl_nanos` is after fees, `mae_nanos` (zero or less)
    and `mfe_nanos` (zero or more) are before. An `open` trade is marked at the last close.
    `traded_nanos` is the notional bought and sold, `entry_nanos` that of the entries alone.
    """

    side: Int64
    lots: Int64
    entry_ts_ns: Int64
    exit_ts_ns: Int64
    entry_bar: Int64
    exit_bar: Int64
    entry_ticks: Float64
    exit_ticks: Float64
    pnl_nanos: Int64
    fee_nanos: Int64
    mae_nanos: Int64
    mfe_nanos: Int64
    entry_nanos: Int64
    traded_nanos: Int64
    open: Bool

    def __len__(self) -> int:
        return len(self.side)


@dataclass(frozen=True, slots=True)
class _Legs:
    """Fills cut where they cross zero: each leg belongs to one trade.

    `before` and `after` are the position around the leg within its trade, `start` the first leg
    of each trade and `trade` the trade of each leg.
    """

    fill: Int64
    side: Int64
    lots: Int64
    fee: Int64
    after: Int64
    start: Int64
    trade: Int64


def nanos_per_tick_lot(instrument: Instrument) -> int:
    """Return what one tick of one lot is worth in nanos; the desk trades only whole ones."""
    value = instrument.tick_size * instrument.lot_size * instrument.multiplier * NANOS
    assert value == int(value) and value > 0, f"{instrument.id}: {value} nanos a tick and lot"
    return int(value)


def trade_columns(
    fills: Mapping[str, Any],
    bars: BarColumns,
    instrument: Instrument,
    fill_rule: FillRule = FillRule.NEXT_OPEN,
) -> TradeColumns:
    """Return the trades of a desk that began flat.

    `fills` has the columns of `Desk.fill_columns`, of which side, lots, price_ticks, fee_nanos,
    ts_ns and bar_index (into `bars`) are read. The excursions count whole bars: with `next_open`
    the bar of the entry and not that of the exit, with `same_close` the other way round, and
    always the prices of the fills themselves.
    """
    legs = _legs(fills)
    value = nanos_per_tick_lot(instrument)
    ticks = np.asarray(fills["price_ticks"], np.int64)[legs.fill]
    bar = np.asarray(fills["bar_index"], np.int64)[legs.fill]
    ts_ns = np.asarray(fills["ts_ns"], np.int64)[legs.fill]
    if len(legs.start) == 0:
        return _no_trades()
    end = np.append(legs.start[1:], len(legs.fill)) - 1
    side, left = legs.side[legs.start], legs.after[end]
    still_open = left != 0
    notional = legs.lots * ticks
    entering = legs.side == side[legs.trade]
    mark = np.where(still_open, bars.close_ticks[-1], 0)
    entered = _sum(np.where(entering, notional, 0), legs)
    exited = _sum(np.where(entering, 0, notional), legs) + np.abs(left) * mark
    lots = _sum(np.where(entering, legs.lots, 0), legs)
    fees = _sum(legs.fee, legs)
    mae, mfe = _excursions(legs, ticks, bar, bars, value, fill_rule)
    last = len(bars) - 1
    exit_bar = np.where(still_open, last, bar[end])
    return TradeColumns(
        side=side,
        lots=lots,
        entry_ts_ns=ts_ns[legs.start],
        exit_ts_ns=np.where(still_open, bars.ts_ns[last], ts_ns[end]),
        entry_bar=bar[legs.start],
        exit_bar=exit_bar,
        entry_ticks=entered / lots,
        exit_ticks=exited / lots,
        pnl_nanos=side * (exited - entered) * value - fees,
        fee_nanos=fees,
        mae_nanos=mae,
        mfe_nanos=mfe,
        entry_nanos=np.abs(entered) * value,
        traded_nanos=_sum(np.abs(notional), legs) * value,
        open=still_open,
    )


def _no_trades() -> TradeColumns:
    """Return the trades of a run without fills."""
    whole, decimal = np.zeros(0, np.int64), np.zeros(0, np.float64)
    return TradeColumns(
        side=whole,
        lots=whole,
        entry_ts_ns=whole,
        exit_ts_ns=whole,
        entry_bar=whole,
        exit_bar=whole,
        entry_ticks=decimal,
        exit_ticks=decimal,
        pnl_nanos=whole,
        fee_nanos=whole,
        mae_nanos=whole,
        mfe_nanos=whole,
        entry_nanos=whole,
        traded_nanos=whole,
        open=np.zeros(0, np.bool_),
    )


def _legs(fills: Mapping[str, Any]) -> _Legs:
    """Cut the fills at zero and number the trades."""
    side = np.asarray(fills["side"], np.int64)
    lots = np.asarray(fills["lots"], np.int64)
    fee = np.asarray(fills["fee_nanos"], np.int64)
    after = np.cumsum(side * lots)
    before = after - side * lots
    crosses = np.sign(before) * np.sign(after) < 0
    fill = np.repeat(np.arange(len(side)), 1 + crosses)
    closing = np.flatnonzero(crosses) + np.arange(np.count_nonzero(crosses))
    opening = closing + 1
    leg_lots, leg_fee = lots[fill], fee[fill]
    leg_before, leg_after = before[fill], after[fill]
    closed = np.abs(before[crosses])
    leg_lots[closing], leg_lots[opening] = closed, lots[crosses] - closed
    # Split by a rounded share and its rest: the two always make up the whole fee.
    share = np.rint(fee[crosses] * (closed / lots[crosses])).astype(np.int64)
    leg_fee[closing], leg_fee[opening] = share, fee[crosses] - share
    leg_after[closing], leg_before[opening] = 0, 0
    opens = leg_before == 0
    return _Legs(
        fill=fill,
        side=side[fill],
        lots=leg_lots,
        fee=leg_fee,
        after=leg_after,
        start=np.flatnonzero(opens),
        trade=np.cumsum(opens) - 1,
    )


def _sum(values: Int64, legs: _Legs) -> Int64:
    """Return the sum over the legs of each trade."""
    return np.add.reduceat(values, legs.start)


def _excursions(
    legs: _Legs, ticks: Int64, bar: Int64, bars: BarColumns, value: int, fill_rule: FillRule
) -> tuple[Int64, Int64]:
    """Return the worst and best profit before fees of each trade while it was open, in nanos.

    After each leg the position stands until the next one, so the extremes over the bars between
    them bound its profit; `reduceat` finds these in one pass over all bars.
    """
    cash = -legs.side * legs.lots * ticks * value
    run = np.cumsum(cash)
    run = run - (run - cash)[legs.start][legs.trade]
    first = bar + (1 if fill_rule is FillRule.SAME_CLOSE else 0)
    held = (legs.after != 0) & (np.append(first[1:], len(bars)) > first)
    low = np.minimum.reduceat(np.append(bars.low_ticks, INT64.max), first)
    high = np.maximum.reduceat(np.append(bars.high_ticks, INT64.min), first)
    at_fill = run + legs.after * ticks * value
    worst = np.where(held, np.where(legs.after > 0, low, high), ticks)
    best = np.where(held, np.where(legs.after > 0, high, low), ticks)
    lowest = np.minimum(at_fill, run + legs.after * worst * value)
    highest = np.maximum(at_fill, run + legs.after * best * value)
    mae = np.minimum(np.minimum.reduceat(lowest, legs.start), 0)
    mfe = np.maximum(np.maximum.reduceat(highest, legs.start), 0)
    return mae, mfe


def trades_of(
    columns: TradeColumns, instrument: Instrument, *, last: int | None = None
) -> tuple[Trade, ...]:
    """Return the trades, or the last so many of them, with prices and money as decimals."""
    begin = 0 if last is None else max(0, len(columns) - last)
    return tuple(_trade(columns, instrument, row) for row in range(begin, len(columns)))


def _trade(columns: TradeColumns, instrument: Instrument, row: int) -> Trade:
    """Return one trade in units and currency."""
    tick = float(instrument.tick_size)
    pnl, entered = int(columns.pnl_nanos[row]), int(columns.entry_nanos[row])
    return Trade(
        number=row + 1,
        side=PositionSide.LONG if columns.side[row] > 0 else PositionSide.SHORT,
        quantity=int(columns.lots[row]) * float(instrument.lot_size),
        entry_ts_ns=int(columns.entry_ts_ns[row]),
        exit_ts_ns=int(columns.exit_ts_ns[row]),
        entry_price=round(float(columns.entry_ticks[row]) * tick, 10),
        exit_price=round(float(columns.exit_ticks[row]) * tick, 10),
        pnl=pnl / NANOS,
        fees=int(columns.fee_nanos[row]) / NANOS,
        return_fraction=pnl / entered if entered else 0.0,
        bars=int(columns.exit_bar[row] - columns.entry_bar[row]),
        mae=int(columns.mae_nanos[row]) / NANOS,
        mfe=int(columns.mfe_nanos[row]) / NANOS,
        open=bool(columns.open[row]),
    )
