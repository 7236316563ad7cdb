"""What a strategy's handlers see when the desk drives them, and what their failure leaves."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from fks.contexts.execution.domain.desks import DeskMaker
from fks.contracts.columns import BarColumns, FeatureColumns
from fks.contracts.execution import CostModel, DeskConfig, RiskLimits
from fks.contracts.values import FillRule, Instrument

TICK = Decimal("0.25")
NOTHING = FeatureColumns((), ())
both = pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])


def config(rule: FillRule = FillRule.NEXT_OPEN) -> DeskConfig:
    """Return a desk of 10 units on quarter ticks, without limits."""
    return DeskConfig(
        instrument=Instrument(id="ES", tick_size=TICK),
        cash=100_000.0,
        quantity=10.0,
        fill_rule=rule,
        costs=CostModel(),
        limits=RiskLimits(
            max_order_quantity=None, max_position_quantity=None, max_order_notional=None
        ),
    )


def columns(prices: list[float]) -> BarColumns:
    """Return bars that do not move inside."""
    ticks = np.array([round(price * 4) for price in prices], dtype=np.int64)
    ts_ns = np.arange(len(prices), dtype=np.int64) * 60_000_000_000
    volume = np.ones(len(prices))
    return BarColumns(
        ts_ns=ts_ns,
        open_ticks=ticks,
        high_ticks=ticks,
        low_ticks=ticks,
        close_ticks=ticks,
        volume=volume,
        tick_size=TICK,
    )


@both
def test_handlers_see_the_bar_its_values_by_name_and_the_fills_before_it(compiled: bool) -> None:
    """Lost: strategies would read the wrong bar."""
    bars = columns([100, 101, 102, 103])
    features = FeatureColumns(("fast", "slow"), (np.arange(4.0), np.arange(4.0) * 2))
    seen: list[Any] = []

    def on_bar(bar: Any, values: Any, desk: Any) -> None:
        fast, slow = values
        assert (values.fast, values.slow) == (fast, slow)
        seen.append((bar.index, bar.ts_ns // 60_000_000_000, bar.close, bar.volume, slow))
        desk.long()

    def on_fill(fill: Any, desk: Any) -> None:
        seen.append(("fill", fill.price))

    desk = DeskMaker().make(config(), compiled=compiled)
    desk.drive_bars(
        bars[:2],
        FeatureColumns(features.names, tuple(c[:2] for c in features.columns)),
        on_bar,
        on_fill,
    )
    desk.drive_bars(
        bars[2:],
        FeatureColumns(features.names, tuple(c[2:] for c in features.columns)),
        on_bar,
        on_fill,
    )
    assert seen == [
        (0, 0, 100.0, 1.0, 0.0),
        ("fill", 101.0),
        (1, 1, 101.0, 1.0, 2.0),
        (2, 2, 102.0, 1.0, 4.0),
        (3, 3, 103.0, 1.0, 6.0),
    ]


@both
def test_a_handler_that_fails_leaves_a_desk_that_can_go_on(compiled: bool) -> None:
    """Lost: one bug in a strategy would corrupt its account."""

    def fail(bar: Any, values: Any, desk: Any) -> None:
        desk.long()
        raise ZeroDivisionError

    desk = DeskMaker().make(config(), compiled=compiled)
    nothing = FeatureColumns((), ())
    with pytest.raises(ZeroDivisionError):
        desk.drive_bars(columns([100, 101]), nothing, fail)
    desk.end_bar()
    desk.on_bar(10**12, 404, 404, 404, 404)
    assert [fill.price for fill in desk.fills()] == [101.0]


@both
def test_bars_that_were_not_recorded_do_not_shift_the_positions(compiled: bool) -> None:
    """Lost: after a handler failed once, every later position would stand at the wrong bar."""

    def once(bar: Any, values: Any, desk: Any) -> None:
        if bar.index == 1:
            raise ZeroDivisionError

    desk = DeskMaker().make(config(FillRule.SAME_CLOSE), compiled=compiled)
    with pytest.raises(ZeroDivisionError):
        desk.drive_bars(columns([100, 101, 102]), NOTHING, once)
    desk.drive_targets(columns([103, 104, 105, 106]), np.array([0, 1, 1, 0], dtype=np.int8))
    desk.short()
    desk.drive_targets(columns([107]), np.array([-128], dtype=np.int8))
    assert desk.position_lots().tolist() == [0, 0, 10, 10, 0, -10]
