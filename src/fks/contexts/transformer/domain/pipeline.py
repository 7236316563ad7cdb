"""Run several indicators over the same bars, and hand their columns on under given names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from fks.contexts.transformer.domain.parameters import bad
from fks.contracts.columns import BarColumns, FeatureColumns, Float64
from fks.contracts.transformer import Indicator
from fks.kernel.errors import Invalid

__all__ = ["Pipeline", "Stage"]

TAKEN = frozenset({"open", "high", "low", "close", "volume", "ts_ns", "index"})


@dataclass(frozen=True, slots=True)
class Stage:
    """One indicator and the names of its columns."""

    names: tuple[str, ...]
    indicator: Indicator


class Pipeline:
    """Indicators with their state (the contract's `FeaturePipeline`)."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        """Join the stages; raises `Invalid` for a column name given twice or taken by a bar."""
        self._stages = tuple(stages)
        self._names = tuple(name for stage in stages for name in stage.names)
        for name in self._names:
            if not name or name in TAKEN:
                raise bad(f"an indicator cannot be named {name!r}: a bar has that; choose another")
            if self._names.count(name) > 1:
                raise bad(f"two indicator columns are named {name!r}; rename one of the indicators")
        self._tick_size: Decimal | None = None
        self._last_ts_ns = -(2**63)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the output columns in order."""
        return self._names

    @property
    def warmup_bars(self) -> int:
        """Return after how many bars every output is a number."""
        return max((stage.indicator.warmup_bars for stage in self._stages), default=0)

    @property
    def memory_bars(self) -> int:
        """Return on how many bars the values of a bar depend, itself included."""
        return max((stage.indicator.memory_bars for stage in self._stages), default=1)

    @property
    def memory_ns(self) -> int:
        """Return over how much time the values of a bar depend on bars."""
        return max((stage.indicator.memory_ns for stage in self._stages), default=0)

    def update(self, bars: BarColumns) -> FeatureColumns:
        """Take further bars and return their values: float64 of shape (len(bars),) each.

        Raises `Invalid` when the bars do not follow the last ones, or are of another tick size.
        """
        self._follow(bars)
        columns: list[Float64] = []
        for stage in self._stages:
            try:
                columns.extend(stage.indicator.update(bars))
            except OverflowError as error:
                raise Invalid(
                    f"{stage.names[0]}: {error}; use a larger tick size or a shorter period",
                    code="transformer.price_too_large",
                ) from error
        return FeatureColumns(self._names, tuple(columns))

    def _follow(self, bars: BarColumns) -> None:
        """See to it that the bars go on where the last ones ended."""
        if len(bars) == 0:
            return
        if bars.tick_size is not self._tick_size:
            if self._tick_size is not None and bars.tick_size != self._tick_size:
                raise Invalid(
                    f"the tick size changed from {self._tick_size} to {bars.tick_size}; "
                    "make a new pipeline for another instrument",
                    code="transformer.tick_size_changed",
                )
            self._tick_size = bars.tick_size
        if bars.ts_ns[0] <= self._last_ts_ns:
            raise Invalid(
                f"bars must come in time order: {bars.ts_ns[0]} is not after {self._last_ts_ns}",
                code="transformer.bars_out_of_order",
            )
        self._last_ts_ns = int(bars.ts_ns[-1])
