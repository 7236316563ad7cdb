"""One strategy with many sets of parameters over the same bars.

Indicators that several sets ask for alike are computed once. Otherwise each set is a backtest
of its own: a fresh strategy on a fresh desk, with every check and cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from fks.contexts.engine.domain.backtest import Plan
from fks.contexts.engine.domain.failures import strategy_code
from fks.contexts.engine.domain.runner import Ride, drive
from fks.contracts.columns import BarColumns, FeatureColumns, Float64
from fks.contracts.engine import Strategy
from fks.contracts.execution import Desks
from fks.contracts.transformer import FeaturePipeline, FeaturePipelines, IndicatorSpec

__all__ = ["Swept", "sweep"]

_CHUNK_BARS = 16_384  # no indicator is computed here, so a chunk can be longer
_ALONE = "x"  # the name under which each indicator is computed by itself


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What one set of parameters came to; money is in currency."""

    params: Mapping[str, Any]
    final_equity: float
    orders: int
    fills: int


def sweep(
    plan: Plan,
    grid: Sequence[Any],
    desks: Desks,
    pipelines: FeaturePipelines,
    *,
    on_progress: Callable[[int], None] = lambda done: None,
    cancelled: Callable[[], bool] = lambda: False,
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
        ride = Ride(strategy, shelf, desk, plan.tier)
        drive(ride, plan.material.bars, cancelled=cancelled, chunk_bars=_CHUNK_BARS)
        rows.append(
            Swept(
                params=msgspec.to_builtins(params),
                final_equity=desk.equity,
                orders=desk.order_count,
                fills=desk.fill_count,
            )
        )
        on_progress(len(rows))
    return rows


class _Library:
    """Indicators over all bars, each computed at its first use and kept for the others."""

    def __init__(self, bars: BarColumns, pipelines: FeaturePipelines, *, compiled: bool) -> None:
        self._bars = bars
        self._pipelines = pipelines
        self._compiled = compiled
        self._warmup: dict[bytes, int] = {}
        self._known: dict[bytes, tuple[tuple[str, ...], tuple[Float64, ...]]] = {}

    def pipeline(self, strategy: Strategy) -> FeaturePipeline:
        """Return what looks to a strategy like the pipeline of its indicators."""
        with strategy_code(strategy):
            wanted = dict(strategy.indicators())
        if not self._known:  # the names are the strategy's own: they are checked once
            self._pipelines.make(wanted, compiled=self._compiled)
        names: list[str] = []
        columns: list[Float64] = []
        for name, spec in wanted.items():
            endings, values = self._compute(spec)
            names += [name + ending for ending in endings]
            columns += values
        warmup = max((self._warmup[_key(spec)] for spec in wanted.values()), default=0)
        return _Shelf(tuple(names), tuple(columns), warmup)

    def _compute(self, spec: IndicatorSpec) -> tuple[tuple[str, ...], tuple[Float64, ...]]:
        """Return the columns of one indicator over all bars, and the endings of their names."""
        key = _key(spec)
        if key not in self._known:
            pipeline = self._pipelines.make({_ALONE: spec}, compiled=self._compiled)
            features = pipeline.update(self._bars)
            endings = tuple(name.removeprefix(_ALONE) for name in features.names)
            self._known[key] = endings, features.columns
            self._warmup[key] = pipeline.warmup_bars
        return self._known[key]


def _key(spec: IndicatorSpec) -> bytes:
    """Return the same bytes for indicators that are computed alike."""
    return msgspec.json.encode(spec, order="sorted")


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
