"""What transformer offers: indicators, streamed by the same code in batch and live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from fks.contracts.columns import BarColumns, FeatureColumns
from fks.kernel.hooks import spec
from fks.kernel.messages import Query

__all__ = [
    "FeaturePipeline",
    "FeaturePipelines",
    "GetIndicators",
    "IndicatorInfo",
    "IndicatorList",
    "IndicatorSpec",
    "IndicatorWindow",
    "ListIndicators",
]


class IndicatorSpec(msgspec.Struct, frozen=True, kw_only=True):
    """An indicator by kind ("sma", "ema", "rsi", "atr", "macd", ...) with its parameters.

    A kind with several outputs (macd: line, signal, histogram; bollinger: upper, middle, lower)
    gives one column an output: `<name>` for the first and `<name>_<output>` for the others. The
    caller names each indicator by the key under which it asks for it.
    """

    kind: str
    params: Mapping[str, float] = {}
    source: str = "close"


class FeaturePipeline(Protocol):
    """Indicators with their state; feeding bars in any chunking gives the same values."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return the output columns in order."""
        ...

    @property
    def warmup_bars(self) -> int:
        """Return after how many bars every output is a number."""
        ...

    def update(self, bars: BarColumns) -> FeatureColumns:
        """Take further bars and return their values: float64 of shape (len(bars),) each."""
        ...


class FeaturePipelines(Protocol):
    """Make pipelines."""

    def make(self, specs: Mapping[str, IndicatorSpec]) -> FeaturePipeline:
        """Return a fresh pipeline. Raises `Invalid` for an unknown kind or a bad parameter."""
        ...


class IndicatorInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An indicator kind: its outputs, its parameters with defaults, and where it is drawn."""

    kind: str
    title: str
    params: Mapping[str, float]
    outputs: tuple[str, ...]
    overlay: bool
    summary: str


class IndicatorList(msgspec.Struct, frozen=True, kw_only=True):
    """All indicator kinds."""

    indicators: tuple[IndicatorInfo, ...]


class IndicatorWindow(msgspec.Struct, frozen=True, kw_only=True):
    """Indicator values at the bars of a window; None in warm-up."""

    dataset: str
    ts_ns: tuple[int, ...]
    columns: Mapping[str, tuple[float | None, ...]]


class ListIndicators(
    Query[IndicatorList], frozen=True, kw_only=True, tag="transformer.list_indicators.v1"
):
    """Which indicators are there?"""


class GetIndicators(
    Query[IndicatorWindow], frozen=True, kw_only=True, tag="transformer.get_indicators.v1"
):
    """What are these indicators over the last `limit` bars of a dataset before `to_ts_ns`?"""

    dataset: str
    specs: Mapping[str, IndicatorSpec]
    to_ts_ns: int = 2**63 - 1
    limit: int = 5000


@spec(firstresult=True)
def fks_feature_pipelines() -> FeaturePipelines:  # type: ignore[empty-body]  # a spec has no body
    """Return the maker of feature pipelines. Implemented by transformer, used by engine."""


@spec
def fks_indicators() -> Iterable[Sequence[object]]:  # type: ignore[empty-body]  # as above
    """Return further indicators as (IndicatorInfo, factory) pairs. Consumed by transformer."""
