"""Drive a strategy over many bars in chunks, on the desk's own compiled loop.

What it decides and fills is what `session.run` gives (a property test); this is only faster.
Between chunks it can be stopped and tells how far it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fks.contexts.engine.domain.failures import Cancelled, strategy_code
from fks.contexts.engine.domain.session import sides_of, triggers_of
from fks.contexts.engine.domain.triggers import Triggers
from fks.contracts.columns import BarColumns, FeatureColumns
from fks.contracts.engine import Strategy
from fks.contracts.execution import Desk, StrategyDesk
from fks.contracts.transformer import FeaturePipeline
from fks.kernel.errors import Invalid

__all__ = ["CHUNK_BARS", "Ride", "drive"]

CHUNK_BARS = 4096
"""Bars a chunk: its columns stay in the nearest caches."""


@dataclass
class Ride:
    """What is driven over bars; all of it made afresh for every run."""

    strategy: Strategy
    pipeline: FeaturePipeline
    desk: Desk
    tier: str


def drive(
    ride: Ride,
    bars: BarColumns,
    *,
    on_progress: Callable[[int], None] = lambda done: None,
    cancelled: Callable[[], bool] = lambda: False,
    chunk_bars: int = CHUNK_BARS,
) -> None:
    """Run over all bars. `on_progress` gets the number of bars done after each chunk.

    Raises `StrategyFailed` for what the strategy's code raises, `Cancelled` when told to stop,
    `Invalid` when the account grows beyond what the desk can hold.
    """
    strategy = ride.strategy
    triggers = triggers_of(strategy, ride.pipeline, ride.tier)
    for start in range(0, len(bars), chunk_bars):
        if cancelled():
            raise Cancelled
        part = bars[start : start + chunk_bars]
        features = ride.pipeline.update(part)
        try:
            _drive_chunk(ride, part, features, triggers)
        except OverflowError as error:
            raise Invalid(
                f"{error}; trade a smaller quantity or begin with less cash",
                code="engine.account_overflow",
            ) from error
        on_progress(start + len(part))


def _drive_chunk(
    ride: Ride, part: BarColumns, features: FeatureColumns, triggers: Triggers
) -> None:
    """Run over one chunk in the tier of the ride."""
    strategy = ride.strategy
    if ride.tier == "batch":
        _drive_sides(ride, part, features, sides_of(strategy, part, features))
    elif ride.tier == "trigger":
        _drive_fired(ride, part, features, triggers.update(part, features))
    else:
        with strategy_code(strategy):
            ride.desk.drive_bars(part, features, strategy.on_bar, _listener(strategy))


def _listener(strategy: Strategy) -> Any:
    """Return the strategy's `on_fill`, or None where it has none of its own."""
    return None if type(strategy).on_fill is Strategy.on_fill else strategy.on_fill


def _drive_sides(ride: Ride, part: BarColumns, features: FeatureColumns, sides: Any) -> None:
    """Aim at the sides; where the strategy listens to its fills, bar by bar."""
    if _listener(ride.strategy) is None:
        ride.desk.drive_targets(part, sides)
        return
    rows = iter(sides.tolist())
    calls = {1: "long", 0: "flat", -1: "short"}

    def aim(bar: Any, values: Any, desk: StrategyDesk) -> None:
        call = calls.get(next(rows))
        if call is not None:
            getattr(desk, call)()

    with strategy_code(ride.strategy):
        ride.desk.drive_bars(part, features, aim, ride.strategy.on_fill)


def _drive_fired(ride: Ride, part: BarColumns, features: FeatureColumns, fired: Any) -> None:
    """Call the strategy where its triggers fired."""
    strategy = ride.strategy
    listener = _listener(strategy)
    with strategy_code(strategy):
        if listener is not None:
            rows = iter(fired.tolist())

            def on_bar(bar: Any, values: Any, desk: StrategyDesk) -> None:
                which = next(rows)
                if which:
                    strategy.on_trigger(which, bar, values, desk)

            ride.desk.drive_bars(part, features, on_bar, listener)
        elif fired.dtype == np.uint8:
            ride.desk.drive_events(part, features, fired, strategy.on_trigger)
        else:
            # The desk takes one byte a bar; which of more than eight fired is looked up here.
            hits = iter(fired[fired != 0].tolist())

            def on_any(any_of: int, bar: Any, values: Any, desk: StrategyDesk) -> None:
                strategy.on_trigger(next(hits), bar, values, desk)

            ride.desk.drive_events(part, features, (fired != 0).view(np.uint8), on_any)
