"""One strategy with many sets of parameters over the same bars.

Indicators that several sets ask for alike are computed once. Otherwise each set is a backtest
of its own: a fresh strategy on a fresh desk, with every check and cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from fks.contexts.engine.domain.backtest import Plan
from fks.contexts.engine.domain.failures import strategy_code
from fks.contexts.engine.domain.runner import Ride, drive
from fks.contracts.columns import BarColumns, FeatureColumns, Float64
from fks.contracts.engine import Strategy
from fks.contracts.execution import Desk, Desks
from fks.contracts.transformer import FeaturePipeline, FeaturePipelines, IndicatorSpec
from fks.contracts.values import NANOS

__all__ = ["Swept", "sweep"]

_ALONE = "x"  # the name under which each indicator is computed by itself


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What one set of parameters came to; `max_drawdown` is a fraction, zero or negative."""

    params: Mapping[str, Any]
    final_equity: float
    max_drawdown: float
    orders: int
    fills: int


def sweep(
    plan: Plan,
    grid: Sequence[Any],
    desks: Desks,
    pipelines: FeaturePipelines,
    *,
    on_progress: Callable[[int], None] = lambda done: None,
) -> list[Swept]:
    """Run `plan` once for each of the `Params` in `grid`, in their order.

    `on_progress` gets the number of sets done after each. Raises as a single backtest does.
    """
    library = _Library(plan.material.bars, pipelines, compiled=plan.request.compiled)
    rows = []
    for params in grid:
        strategy = plan.kind(params, plan.config.instrument)
        strategy.seed = plan.request.seed
        desk = desks.make(plan.config, compiled=plan.request.compiled)
        shelf = library.pipeline(strategy)
        drive(Ride(strategy, shelf, desk, plan.tier), plan.material.bars)
        rows.append(_judge(params, desk, plan.config.cash))
        on_progress(len(rows))
    return rows


def _judge(params: Any, desk: Desk, cash: float) -> Swept:
    """Return the few figures by which sets are ranked."""
    equity = desk.equity_nanos()
    peak = np.maximum(np.maximum.accumulate(equity), int(cash * NANOS))
    return Swept(
        params=msgspec.to_builtins(params),
        final_equity=int(equity[-1]) / NANOS,
        max_drawdown=float((equity / peak).min()) - 1.0,
        orders=desk.order_count,
        fills=desk.fill_count,
    )


class _Library:
    """Indicators over all bars, each computed at its first use and kept for the others."""

    def __init__(self, bars: BarColumns, pipelines: FeaturePipelines, *, compiled: bool) -> None:
        self._bars = bars
        self._pipelines = pipelines
        self._compiled = compiled
        self._known: dict[bytes, tuple[tuple[str, ...], tuple[Float64, ...]]] = {}

    def pipeline(self, strategy: Strategy) -> FeaturePipeline:
        """Return what looks to a strategy like the pipeline of its indicators."""
        with strategy_code(strategy):
            wanted = dict(strategy.indicators())
        names: list[str] = []
        columns: list[Float64] = []
        for name, spec in wanted.items():
            endings, values = self._compute(spec)
            names += [name + ending for ending in endings]
            columns += values
        # Made once by name too, so that names are checked as in a single backtest.
        warmup = self._pipelines.make(wanted, compiled=self._compiled).warmup_bars
        return _Shelf(tuple(names), tuple(columns), warmup)

    def _compute(self, spec: IndicatorSpec) -> tuple[tuple[str, ...], tuple[Float64, ...]]:
        """Return the columns of one indicator over all bars, and the endings of their names."""
        key = msgspec.json.encode(spec, order="sorted")
        if key not in self._known:
            pipeline = self._pipelines.make({_ALONE: spec}, compiled=self._compiled)
            features = pipeline.update(self._bars)
            endings = tuple(name.removeprefix(_ALONE) for name in features.names)
            self._known[key] = endings, features.columns
        return self._known[key]


class _Shelf:
    """Columns that are there already, handed out as a pipeline would compute them."""

    def __init__(
        self, names: tuple[str, ...], columns: tuple[Float64, ...], warmup_bars: int
    ) -> None:
        self.names = names
        self.warmup_bars = warmup_bars
        self._columns = columns
        self._row = 0

    def update(self, bars: BarColumns) -> FeatureColumns:
        """Return the values at the next `len(bars)` bars."""
        begin, self._row = self._row, self._row + len(bars)
        parts = tuple(column[begin : self._row] for column in self._columns)
        return FeatureColumns(self.names, parts)
