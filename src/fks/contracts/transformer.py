"""What transformer offers: indicators, streamed by the same code in batch and live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from fks.contracts.columns import BarColumns, FeatureColumns, Float64
from fks.kernel.hooks import spec
from fks.kernel.messages import Query

__all__ = [
    "FeaturePipeline",
    "FeaturePipelines",
    "GetIndicators",
    "Indicator",
    "IndicatorFactory",
    "IndicatorInfo",
    "IndicatorList",
    "IndicatorOffer",
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

    def make(self, specs: Mapping[str, IndicatorSpec], *, compiled: bool = True) -> FeaturePipeline:
        """Return a fresh pipeline; not `compiled` takes the plain Python twins.

        Raises `Invalid` for an unknown kind, a bad parameter or source, or a bad name.
        """
        ...


class Indicator(Protocol):
    """One indicator with its state; feeding bars in any chunking gives the same values."""

    @property
    def warmup_bars(self) -> int:
        """Return after how many bars every output is a number."""
        ...

    @property
    def memory_bars(self) -> int:
        """Return on how many bars a value depends, itself included (to 1e-12 where it fades)."""
        ...

    @property
    def memory_ns(self) -> int:
        """Return over how much time a value depends on bars; 0 where `memory_bars` says it all."""
        ...

    def update(self, bars: BarColumns) -> Sequence[Float64]:
        """Take further bars and return one column of shape (len(bars),) an output."""
        ...


class IndicatorFactory(Protocol):
    """Make one indicator."""

    def __call__(self, params: Mapping[str, float], source: str, *, compiled: bool) -> Indicator:
        """Return a fresh indicator; `params` has every parameter of its info.

        Raises `Invalid` for a parameter or source that it cannot use. `compiled` may be ignored
        where there is no second implementation.
        """
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
def fks_feature_pipelines(hook: Any) -> FeaturePipelines:  # type: ignore[empty-body]  # a spec
    """Return the maker of feature pipelines. Implemented by transformer, used by engine.

    `hook` is the relay of the loaded plugins, in which the indicators of all plugins are found.
    """


IndicatorOffer = tuple[IndicatorInfo, IndicatorFactory]
"""An indicator kind and what makes it."""


@spec
def fks_indicators() -> Iterable[IndicatorOffer]:  # type: ignore[empty-body]  # as above
    """Return indicators with their factories. Consumed by transformer; its own come this way."""
