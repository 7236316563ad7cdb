"""The edges of the desk: foreign handlers, odd columns, the end of int64, the known answer."""

from __future__ import annotations

import gc
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.execution.domain.desks import DeskMaker
from fks.contracts.columns import BarColumns, FeatureColumns, prices_to_ticks
from fks.contracts.execution import (
    CostModel,
    Desk,
    DeskConfig,
    OrderStatus,
    RejectReason,
    RiskLimits,
)
from fks.contracts.values import FillRule, Instrument
from fks.kernel.errors import FksError, Invalid

TICK = Decimal("0.01")
WAIVED = RiskLimits(max_order_quantity=None, max_position_quantity=None, max_order_notional=None)
NOTHING = FeatureColumns((), ())
both = pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])


def config(**changes: Any) -> DeskConfig:
    """Return a desk of ten units without limits, on cents."""
    settings: dict[str, Any] = {
        "instrument": Instrument(id="X", tick_size=TICK),
        "cash": 1_000_000.0,
        "quantity": 10.0,
        "fill_rule": FillRule.NEXT_OPEN,
        "costs": CostModel(),
        "limits": WAIVED,
    }
    return DeskConfig(**{**settings, **changes})


def still(rows: int, ticks: int = 10_000) -> BarColumns:
    """Return bars that do not move."""
    prices = np.full(rows, ticks, dtype=np.int64)
    return BarColumns(
        ts_ns=np.arange(rows, dtype=np.int64),
        open_ticks=prices,
        high_ticks=prices,
        low_ticks=prices,
        close_ticks=prices,
        volume=np.ones(rows),
        tick_size=TICK,
    )


def feed(desk: Desk, *ticks: int) -> None:
    """Step over bars that do not move, each at its own price."""
    for price in ticks:
        desk.on_bar(0, price, price, price, price)
        desk.end_bar()


@both
def test_a_handler_that_ends_bars_itself_breaks_nothing(compiled: bool) -> None:
    """Lost: a strategy could write past the end of the desk's records."""
    desk = DeskMaker().make(config(), compiled=compiled)
    desk.drive_bars(still(3000), NOTHING, lambda bar, values, hands: hands.end_bar())
    fired = np.zeros(3000, dtype=np.uint8)
    fired[::7] = 1
    extra = still(40)
    desk.drive_events(
        still(3000),
        NOTHING,
        fired,
        lambda which, bar, values, hands: hands.drive_targets(extra, np.ones(40, dtype=np.int8)),
    )
    assert len(desk.equity_nanos()) == 6000 + 3000 + 40 * int(fired.sum())
    assert desk.position_lots()[-1] == 10


@both
def test_a_bar_kept_beyond_its_call_can_still_be_read(compiled: bool) -> None:
    """Lost: a strategy that keeps its last bar would crash the process."""
    kept: list[Any] = []
    table = np.arange(0, 4000, dtype=np.int64).reshape(-1, 2) + 1
    bars = still(2000)
    bars.close_ticks = table[:, 0]
    desk = DeskMaker().make(config(), compiled=compiled)
    desk.drive_bars(bars, NOTHING, lambda bar, values, hands: kept.append(bar))
    del bars, table
    gc.collect()
    rubbish = [np.full(2000, 77_777) for _ in range(50)]
    assert len(rubbish) == 50
    assert kept[-1].close == 39.99
    assert kept[-1].index == 1999


@both
def test_columns_of_another_length_or_type_are_refused(compiled: bool) -> None:
    """Lost: compiled code would read past the end, or cut 257 to a side of 1."""
    desk = DeskMaker().make(config(), compiled=compiled)
    sides = np.ones(4, dtype=np.int8)
    short = still(4)
    short.high_ticks = short.high_ticks[:3]
    calls = [
        lambda: desk.drive_targets(still(4), sides[:3]),
        lambda: desk.drive_targets(still(3), sides),
        lambda: desk.drive_targets(short, sides),
        lambda: desk.drive_targets(still(4), np.full(4, 257)),
        lambda: desk.drive_events(still(4), NOTHING, np.full(4, 256), print),
        lambda: desk.drive_bars(still(4), FeatureColumns(("a",), (np.ones(3),)), print),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r"column|needed"):
            call()
    assert len(desk.equity_nanos()) == 0
    desk.drive_events(still(2), NOTHING, np.zeros(2, dtype=bool), print)


@both
def test_a_refused_aim_is_tried_again_once_it_would_pass_and_not_before(compiled: bool) -> None:
    """Lost: `desk.long()` at every bar would stay out for good, or be refused at each."""
    limits = msgspec.structs.replace(WAIVED, max_order_notional=1000.0)
    desk = DeskMaker().make(config(limits=limits), compiled=compiled)
    for price in (12_000, 12_000, 12_000, 9_000, 9_500):
        desk.on_bar(0, price, price, price, price)
        desk.long()
        desk.end_bar()
    assert [order.status for order in desk.orders()] == [OrderStatus.REJECTED, OrderStatus.FILLED]
    assert desk.orders()[0].reason is RejectReason.MAX_NOTIONAL
    assert (desk.fills()[0].price, desk.signals) == (95.0, 1)


@both
def test_the_last_amount_that_int64_holds_passes_and_the_next_is_refused(compiled: bool) -> None:
    """Lost: money wraps at the edge, or the edge is somewhere else in each desk."""
    unit = Instrument(id="X", tick_size=Decimal("1e-9"))
    most = 2**63 - 1
    for cash, reason in ((0.0, None), (-1e-9, RejectReason.OVERFLOW)):
        desk = DeskMaker().make(config(instrument=unit, cash=cash), compiled=compiled)
        feed(desk, most)
        desk.buy(1)
        feed(desk, most)
        assert desk.orders()[0].reason is reason
        assert desk.position_lots().tolist()[-1] == (reason is None)
        assert desk.equity == cash
    desk.buy(1)
    feed(desk, most)
    assert desk.orders()[-1].reason is RejectReason.OVERFLOW
    assert desk.fill_count == 0


@both
def test_a_fill_that_would_overflow_is_cancelled_and_changes_nothing(compiled: bool) -> None:
    """Lost: an order that was accepted at a small price wraps the cash at a huge one."""
    desk = DeskMaker().make(config(), compiled=compiled)
    feed(desk, 100)
    desk.buy(10)
    feed(desk, 2**62)
    (order,) = desk.orders()
    assert (order.status, order.reason) == (OrderStatus.CANCELLED, RejectReason.OVERFLOW)
    assert (desk.cash, desk.fill_count, desk.open_count) == (1_000_000.0, 0, 0)


@both
def test_an_account_beyond_all_counting_ends_with_a_clear_line(compiled: bool) -> None:
    """Lost: a run would end in a traceback, or in a wrapped equity."""
    desk = DeskMaker().make(config(cash=9.2e9, quantity=1.0), compiled=compiled)
    feed(desk, 100)
    desk.long()
    feed(desk, 100)
    with pytest.raises(FksError, match=r"more than 9\.22 billion") as caught:
        feed(desk, 2**62 // 10_000_000)
    assert caught.value.code == "execution.account_too_large"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"limits": RiskLimits(**{**msgspec.structs.asdict(WAIVED), "max_open_orders": 2**70})},
            "max_open_orders",
        ),
        ({"costs": CostModel(slippage_ticks=2**70)}, "slippage_ticks"),
        ({"costs": CostModel(spread_ticks=-1)}, "spread_ticks"),
        ({"costs": CostModel(fee_bps=float("nan"))}, "fee_bps"),
        ({"cash": float("inf")}, "not a number"),
        ({"cash": 1e10}, "9.22 billion"),
        ({"quantity": 0.5}, "multiple of the lot size"),
        ({"instrument": Instrument(id="X", tick_size=Decimal("1e9"))}, "smaller lot size"),
        ({"instrument": Instrument(id="X", tick_size=Decimal(0))}, "tick_size must be positive"),
    ],
)
def test_a_configuration_beyond_the_desk_is_refused_in_words(
    changes: dict[str, Any], words: str
) -> None:
    """Lost: a traceback where a line would tell what to change."""
    with pytest.raises(Invalid, match=words):
        DeskMaker().make(config(**changes))


prices = st.integers(-60, 120)
odd_bars = st.tuples(prices, prices, prices, prices).map(lambda p: (p[0], max(p), min(p), p[3]))


@given(
    steps=st.lists(st.tuples(odd_bars, st.integers(-3, 3)), min_size=1, max_size=30),
    rule=st.sampled_from(FillRule),
    bps=st.sampled_from([0.0, 7.0, 999.0]),
)
@settings(max_examples=200, deadline=None)
def test_prices_at_and_below_zero_are_reckoned_alike(
    steps: list[tuple[tuple[int, int, int, int], int]], rule: FillRule, bps: float
) -> None:
    """Lost: the desks part where C and Python round negative numbers differently."""
    costs = CostModel(fee_bps=bps, slippage_bps=bps, slippage_ticks=1, fee_per_unit=0.01)
    desks = [
        DeskMaker().make(config(costs=costs, fill_rule=rule), compiled=compiled)
        for compiled in (True, False)
    ]
    for desk in desks:
        for (opened, high, low, close), side in steps:
            desk.on_bar(0, opened, high, low, close)
            if abs(side) == 3:
                desk.buy(2, limit=0.5) if side > 0 else desk.sell(2, stop=0.3)
            elif side:
                desk.target(side * 10)
            desk.end_bar()
    assert desks[0].fills() == desks[1].fills()
    assert desks[0].state_hash() == desks[1].state_hash()
    assert desks[0].equity_nanos().tolist() == desks[1].equity_nanos().tolist()


@both
def test_a_share_of_what_trades_below_zero_is_charged(compiled: bool) -> None:
    """Lost: a fee of nothing, where crude oil is sold at -37."""
    costs = CostModel(fee_bps=10, fee_per_unit=0.01)
    desk = DeskMaker().make(config(costs=costs), compiled=compiled)
    for price, target in ((3_700, 10), (3_700, 20), (-3_700, 30), (-3_700, 30)):
        desk.on_bar(0, price, price, price, price)
        desk.target(target)
        desk.end_bar()
    fees = [fill.fee for fill in desk.fills()]
    assert fees == [0.47, 0.47, 0.47]


@pytest.mark.parametrize(
    ("rule", "equity"),
    [(FillRule.NEXT_OPEN, 89_871_729.01), (FillRule.SAME_CLOSE, 89_867_642.89)],
)
def test_a_million_bars_give_the_known_answer_to_the_cent(rule: FillRule, equity: float) -> None:
    """Lost: figures that other engines reach on the same bars (SMA 10/30, 10 units, 0.1 %)."""
    rows = 1_000_000
    draw = np.random.default_rng(42)
    close = np.round(30_000 * np.exp(np.cumsum(draw.normal(0, 5e-4, rows))), 2)
    opened = np.append(30_000.0, np.round(close[:-1] * (1 + draw.normal(0, 5e-5, rows - 1)), 2))
    bars = still(rows)
    bars.open_ticks, bars.close_ticks = (prices_to_ticks(p, TICK) for p in (opened, close))
    bars.high_ticks = np.maximum(bars.open_ticks, bars.close_ticks)
    bars.low_ticks = np.minimum(bars.open_ticks, bars.close_ticks)
    sums = np.append(0, np.cumsum(bars.close_ticks))
    fast, slow = (np.append([0] * n, sums[n:] - sums[:-n])[1:] / n for n in (10, 30))
    sides = (fast - slow > 0.01).astype(np.int8)
    sides[:29] = 0
    costs = CostModel(fee_bps=10)
    desk = DeskMaker().make(config(cash=1e8, costs=costs, fill_rule=rule))
    for start in range(0, rows, 4096):
        desk.drive_targets(bars[start : start + 4096], sides[start : start + 4096])
    assert (round(desk.equity, 2), desk.fill_count) == (equity, 39_171)
