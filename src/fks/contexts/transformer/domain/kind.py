"""What all built-in indicators share: how they are made, and how far back they look."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import ClassVar

import numpy as np

from fks.contexts.transformer.domain import _indicators, reference
from fks.contexts.transformer.domain.parameters import Params
from fks.contracts.columns import BarColumns, Float64
from fks.contracts.transformer import Indicator, IndicatorInfo, IndicatorOffer

__all__ = ["Kind", "exponential_memory", "new", "offer", "wilder_memory"]

FADED = 1e-12


class Kind:
    """A built-in indicator.

    Subclasses set `info` and the sources they can read (none where the columns are fixed), and
    in `__init__` their state from `parts`, the compiled module or its twin.
    """

    info: ClassVar[IndicatorInfo]
    sources: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: Params, source: str, parts: ModuleType) -> None:
        self.warmup_bars = 1
        self.memory_bars = 1
        self.memory_ns = 0

    def looks_back(self, warmup_bars: int, memory_bars: int | None = None) -> None:
        """Set after how many bars there are values, and on how many bars a value depends."""
        self.warmup_bars = warmup_bars
        self.memory_bars = warmup_bars if memory_bars is None else memory_bars
        self.memory_ns = 0

    def update(self, bars: BarColumns) -> Sequence[Float64]:
        """Take further bars and return one column an output."""
        raise NotImplementedError


class _Factory:
    """Make indicators of one built-in kind."""

    def __init__(self, kind: type[Kind]) -> None:
        self._kind = kind

    def __call__(self, params: Mapping[str, float], source: str, *, compiled: bool) -> Indicator:
        """Return a fresh indicator; raises `Invalid` for what it cannot use."""
        reader = Params(self._kind.info.kind, params)
        reader.source(source, self._kind.sources)
        return self._kind(reader, source, _indicators if compiled else reference)


def offer(kind: type[Kind]) -> IndicatorOffer:
    """Return a built-in kind as plugins offer theirs."""
    return kind.info, _Factory(kind)


def new(bars: BarColumns) -> Float64:
    """Return an output column to be filled."""
    return np.empty(len(bars))


def exponential_memory(period: int) -> int:
    """Return after how many bars what an exponential mean began with has faded to 1e-12."""
    return _memory(period, 2.0 / (period + 1))


def wilder_memory(period: int) -> int:
    """Return after how many bars what Wilder's mean began with has faded to 1e-12."""
    return _memory(period, 1.0 / period)


def _memory(period: int, weight: float) -> int:
    """Return the begin plus the bars over which a weight of 1 decays to nothing."""
    if weight >= 1.0:
        return period
    return period + math.ceil(math.log(FADED) / math.log1p(-weight))
