"""Random bars and calls: the compiled desk is its twin, money is conserved, snapshots go on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.execution.domain.desks import DeskMaker
from fks.contracts.columns import BarColumns, FeatureColumns
from fks.contracts.execution import CostModel, Desk, DeskConfig, OrderStatus, RiskLimits
from fks.contracts.values import NANOS, FillRule, Instrument, OrderType, Side

Script = list[tuple[tuple[int, int, int, int], list[tuple[str, int, int]]]]

ticks = st.integers(1, 400)
bar = st.tuples(ticks, ticks, ticks, ticks).map(
    lambda p: (p[0], max(p), min(p), p[3]),
)
call = st.tuples(
    st.sampled_from(
        ["long", "short", "flat", "target", "buy", "sell", "limit", "stop", "cancel", "all"]
    ),
    st.integers(-3, 12),
    ticks,
)
script = st.lists(st.tuples(bar, st.lists(call, max_size=3)), min_size=1, max_size=40)
configs = st.builds(
    lambda lot, mult, cash, quantity, rule, costs, size, position, notional, open_, short: (
        DeskConfig(
            instrument=Instrument(
                id="X", tick_size=Decimal("0.05"), lot_size=lot, multiplier=Decimal(mult)
            ),
            cash=float(cash),
            quantity=float(lot * quantity),
            fill_rule=rule,
            costs=costs,
            limits=RiskLimits(
                max_order_quantity=size,
                max_position_quantity=position,
                max_order_notional=notional,
                max_open_orders=open_,
                allow_short=short,
            ),
        )
    ),
    st.sampled_from([Decimal(1), Decimal("0.01")]),
    st.sampled_from([1, 50]),
    st.integers(100, 1_000_000),
    st.integers(1, 8),
    st.sampled_from(FillRule),
    st.builds(
        CostModel,
        fee_bps=st.sampled_from([0.0, 3.3, 10.0]),
        fee_per_unit=st.sampled_from([0.0, 0.85]),
        fee_minimum=st.sampled_from([0.0, 1.0]),
        slippage_ticks=st.integers(0, 2),
        slippage_bps=st.sampled_from([0.0, 1.5]),
        spread_ticks=st.integers(0, 3),
    ),
    st.sampled_from([None, 5.0]),
    st.sampled_from([None, 7.0]),
    st.sampled_from([None, 500.0]),
    st.integers(1, 6),
    st.booleans(),
)


def play(desk: Desk, lot: float, part: Script, start: int = 0) -> None:
    """Feed bars and calls."""
    for index, ((opened, high, low, close), calls) in enumerate(part, start):
        desk.on_bar(index * 60, opened, high, low, close)
        for name, size, price in calls:
            make(desk, name, size * lot, price * 0.05, size)
        desk.end_bar()


def make(desk: Desk, name: str, quantity: float, price: float, number: int) -> None:
    """Make one call."""
    if name in ("long", "short", "flat"):
        getattr(desk, name)()
    elif name == "target":
        desk.target(quantity)
    elif name in ("buy", "sell"):
        getattr(desk, name)(quantity)
    elif name == "limit":
        desk.buy(quantity, limit=price)
    elif name == "stop":
        desk.sell(quantity, stop=price)
    elif name == "cancel":
        desk.cancel(number)
    else:
        desk.cancel_all()


def lot_of(config: DeskConfig) -> float:
    """Return the lot size as a float."""
    return float(config.instrument.lot_size)


@given(config=configs, steps=script)
@settings(max_examples=300, deadline=None)
def test_compiled_and_plain_desk_agree_in_everything(config: DeskConfig, steps: Script) -> None:
    """Lost: the fast desk may trade differently from the one that can be read."""
    fast, plain = (DeskMaker().make(config, compiled=c) for c in (True, False))
    play(fast, lot_of(config), steps)
    play(plain, lot_of(config), steps)
    assert fast.orders() == plain.orders()
    assert fast.fills() == plain.fills()
    assert fast.state_hash() == plain.state_hash()
    assert fast.equity_nanos().tolist() == plain.equity_nanos().tolist()
    assert fast.position_lots().tolist() == plain.position_lots().tolist()


@given(config=configs, steps=script)
@settings(max_examples=200, deadline=None)
def test_money_and_lots_are_conserved_exactly(config: DeskConfig, steps: Script) -> None:
    """Lost: cash or profit out of nowhere."""
    desk = DeskMaker().make(config)
    play(desk, lot_of(config), steps)
    fills = desk.fill_columns()
    unit = config.instrument.tick_size * config.instrument.lot_size * config.instrument.multiplier
    value = int(unit * NANOS)
    spent = int((fills["side"] * fills["lots"] * fills["price_ticks"]).sum()) * value
    cash = int(config.cash * NANOS) - spent - int(fills["fee_nanos"].sum())
    held = int((fills["side"] * fills["lots"]).sum())
    close = steps[-1][0][3]
    assert desk.equity_nanos()[-1] == cash + held * close * value
    assert desk.position_lots()[-1] == held
    if len(fills["id"]):
        assert (int(fills["cash_nanos"][-1]), int(fills["position_lots"][-1])) == (cash, held)


@given(config=configs, steps=script)
@settings(max_examples=200, deadline=None)
def test_no_order_fills_outside_its_bar_or_beyond_its_price(
    config: DeskConfig, steps: Script
) -> None:
    """Lost: fills at prices at which nobody traded, or before the order was there."""
    desk = DeskMaker().make(config)
    play(desk, lot_of(config), steps)
    orders = {order.id: order for order in desk.orders()}
    for fill in desk.fills():
        order, (_, high, low, _) = orders[fill.order_id], steps[fill.ts_ns // 60][0]
        assert order.status is OrderStatus.FILLED
        if order.type is OrderType.LIMIT:
            assert order.limit_price is not None
            assert low * 0.05 - 1e-9 <= fill.price <= high * 0.05 + 1e-9
            better = order.limit_price - fill.price
            assert (better if order.side is Side.BUY else -better) >= -1e-9
        if config.fill_rule is FillRule.NEXT_OPEN or order.type is not OrderType.MARKET:
            assert fill.ts_ns > order.created_ts_ns
        if order.type is OrderType.STOP and order.stop_price is not None:
            reach = high * 0.05 if order.side is Side.BUY else low * 0.05
            beyond = reach - order.stop_price
            assert (beyond if order.side is Side.BUY else -beyond) >= -1e-9


@given(config=configs, steps=script, cut=st.integers(0, 40), other=st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_restored_desk_goes_on_as_if_nothing_had_happened(
    config: DeskConfig, steps: Script, cut: int, other: bool
) -> None:
    """Lost: a restart would change what is traded; either desk restores either's snapshot."""
    whole = DeskMaker().make(config)
    play(whole, lot_of(config), steps)
    first = DeskMaker().make(config)
    play(first, lot_of(config), steps[:cut])
    second = DeskMaker().make(config, compiled=other)
    second.restore(first.snapshot())
    play(second, lot_of(config), steps[cut:], start=min(cut, len(steps)))
    assert second.state_hash() == whole.state_hash()
    assert second.fills() == whole.fills_after(first.fill_count)
    assert second.orders_after(first.order_count) == whole.orders_after(first.order_count)


@given(config=configs, data=st.data(), size=st.integers(1, 60), chunk=st.integers(1, 60))
@settings(max_examples=150, deadline=None)
def test_every_way_of_driving_gives_the_same_record(
    config: DeskConfig, data: Any, size: int, chunk: int
) -> None:
    """Lost: a strategy's tier, or the size of a chunk, would change its fills."""
    rows = data.draw(st.lists(bar, min_size=size, max_size=size))
    sides = data.draw(st.lists(st.sampled_from([1, 0, -1, -128]), min_size=size, max_size=size))
    bars, aims = columns(rows), np.array(sides, dtype=np.int8)

    def decide(desk: Any, side: int) -> None:
        {1: desk.long, 0: desk.flat, -1: desk.short, -128: lambda: None}[side]()

    def by_step(desk: Desk) -> None:
        for index, row in enumerate(rows):
            desk.on_bar(index * 60, *row)
            decide(desk, sides[index])
            desk.end_bar()

    def in_parts(drive: Any) -> None:
        for start in range(0, size, chunk):
            drive(slice(start, start + chunk))

    none = FeatureColumns((), ())
    fired = (aims != -128).astype(np.uint8)
    hashes = set()
    for compiled in (True, False):
        desks = [DeskMaker().make(config, compiled=compiled) for _ in range(4)]
        by_step(desks[0])
        in_parts(lambda p, d=desks[1]: d.drive_targets(bars[p], aims[p]))
        in_parts(
            lambda p, d=desks[2]: d.drive_bars(
                bars[p], none, lambda b, v, desk: decide(desk, sides[b.index])
            )
        )
        in_parts(
            lambda p, d=desks[3]: d.drive_events(
                bars[p], none, fired[p], lambda w, b, v, desk: decide(desk, sides[b.index])
            )
        )
        hashes |= {(d.state_hash(), tuple(d.equity_nanos().tolist())) for d in desks}
    assert len(hashes) == 1


def columns(rows: list[tuple[int, int, int, int]]) -> BarColumns:
    """Return rows of ticks as columns, a minute apart in units of the tests."""
    table = np.array(rows, dtype=np.int64)
    return BarColumns(
        ts_ns=np.arange(len(rows), dtype=np.int64) * 60,
        open_ticks=table[:, 0].copy(),
        high_ticks=table[:, 1].copy(),
        low_ticks=table[:, 2].copy(),
        close_ticks=table[:, 3].copy(),
        volume=np.ones(len(rows)),
        tick_size=Decimal("0.05"),
    )
