"""The whole main job as one readable loop: the reference that everything else is tested against.

Bars come in, what rested is matched, features are updated, the strategy decides, the desk takes
the decision. The compiled drives of the desk and the live handlers do the same, in the same
order; property tests hold them to it.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from typing import Any

import numpy as np

from fks.contexts.engine.domain.bars import view_of
from fks.contexts.engine.domain.failures import StrategyFailed, strategy_code
from fks.contexts.engine.domain.parameters import tiers_of
from fks.contexts.engine.domain.triggers import Triggers
from fks.contracts.columns import BarColumns, FeatureColumns
from fks.contracts.engine import NO_OPINION, Strategy
from fks.contracts.execution import Desk, Fill, StrategyDesk
from fks.contracts.transformer import FeaturePipeline
from fks.kernel.errors import Invalid

__all__ = ["Stepper", "choose_tier", "run", "sides_of", "triggers_of"]


def run(
    bars: BarColumns, stepper: Stepper, desk: Desk, hands: StrategyDesk | None = None
) -> Iterator[Fill]:
    """Run a strategy over bars, one by one, and yield its fills as they happen.

    `hands` is what the strategy is given instead of the desk itself, to watch what it does.
    """
    given = desk if hands is None else hands
    for row in range(len(bars)):
        desk.on_bar(
            int(bars.ts_ns[row]),
            int(bars.open_ticks[row]),
            int(bars.high_ticks[row]),
            int(bars.low_ticks[row]),
            int(bars.close_ticks[row]),
        )
        for fill in desk.fills_after(stepper.told):
            stepper.on_fill(fill, given)
            yield fill
        stepper.step(bars[row : row + 1], row, given)
        desk.end_bar()
    yield from desk.fills_after(stepper.told)


class Stepper:
    """A strategy, its features and its triggers, taken forward one bar at a time.

    `told` is the id of the last fill the strategy was told of.
    """

    def __init__(self, strategy: Strategy, pipeline: FeaturePipeline, tier: str) -> None:
        self.strategy = strategy
        self.told = 0
        self._pipeline = pipeline
        self._tier = tier
        self._values = _values_type(pipeline.names)
        self._triggers = triggers_of(strategy, pipeline, tier)

    def on_fill(self, fill: Fill, desk: StrategyDesk) -> None:
        """Tell the strategy of one of its fills."""
        self.told = fill.id
        with strategy_code(self.strategy):
            self.strategy.on_fill(fill, desk)

    def step(self, bar: BarColumns, index: int, desk: StrategyDesk) -> None:
        """Let the strategy decide at the close of a bar (columns of one row)."""
        features = self._pipeline.update(bar)
        if self._tier == "batch":
            side = int(sides_of(self.strategy, bar, features)[0])
            _aim(side, desk)
            return
        fired = 0
        if self._tier == "trigger":
            fired = int(self._triggers.update(bar, features)[0])
            if not fired:
                return
        view = view_of(bar, 0, index)
        values = self._values._make(float(column[0]) for column in features.columns)
        with strategy_code(self.strategy):
            if fired:
                self.strategy.on_trigger(fired, view, values, desk)
            else:
                self.strategy.on_bar(view, values, desk)


def triggers_of(strategy: Strategy, pipeline: FeaturePipeline, tier: str) -> Triggers:
    """Return the strategy's triggers in the tier that has them, none in the others."""
    if tier != "trigger":
        return Triggers((), pipeline.names)
    with strategy_code(strategy):
        declared = tuple(strategy.triggers())
    return Triggers(declared, pipeline.names)


def _values_type(names: tuple[str, ...]) -> Any:
    """Return the named tuple of the features; namedtuple checks that they are identifiers."""
    made: Any = namedtuple  # the names come from plugins: no checker can know them
    return made("Values", names)


def choose_tier(kind: type[Strategy], wanted: str) -> str:
    """Return the tier to run: the wanted one, or with `auto` the fastest there is.

    Raises `Invalid` naming the tiers that the strategy has.
    """
    there = tiers_of(kind)
    if not there:
        raise Invalid(
            f"strategy {kind.name} decides nowhere: write on_bar, on_trigger or on_batch",
            code="engine.no_tier",
        )
    if wanted == "auto":
        return there[0]
    if wanted not in there:
        raise Invalid(
            f"strategy {kind.name} has no tier {wanted[:40]!r}; "
            f"it has {', '.join(there)}, or take auto",
            code="engine.bad_tier",
        )
    return wanted


def sides_of(strategy: Strategy, bars: BarColumns, features: FeatureColumns) -> Any:
    """Return what `on_batch` wants, checked: int8 of shape (n,), contiguous.

    Raises `StrategyFailed` when it is anything else.
    """
    with strategy_code(strategy):
        sides = np.asarray(strategy.on_batch(bars, features))
    if sides.shape != (len(bars),) or sides.dtype.kind != "i":
        raise StrategyFailed(
            f"strategy {strategy.name} failed: on_batch must return integers of shape "
            f"({len(bars)},), not {sides.dtype} of shape {sides.shape}"
        )
    if sides.dtype != np.int8:
        known = (sides >= -1) & (sides <= 1)
        sides = np.where(known, sides, NO_OPINION).astype(np.int8)
    return np.ascontiguousarray(sides)


def _aim(side: int, desk: StrategyDesk) -> None:
    """Turn a side into the call that means it."""
    if side == 1:
        desk.long()
    elif side == 0:
        desk.flat()
    elif side == -1:
        desk.short()
