"""The context in a running app: it answers over the bus, is healthy, and takes plugins in."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.contexts.transformer.bars import make_bars

from fks.contracts.columns import BarColumns, Float64
from fks.contracts.transformer import (
    GetIndicators,
    IndicatorInfo,
    IndicatorOffer,
    IndicatorSpec,
    ListIndicators,
)
from fks.kernel.errors import FksError, Invalid
from fks.kernel.health import Status
from fks.kernel.hooks import impl
from fks.kernel.manifest import Manifest
from fks.kernel.testing import running_app


class Spread:
    """A stranger's indicator: the range of a bar, times a factor."""

    warmup_bars = 1
    memory_bars = 1
    memory_ns = 0

    def __init__(self, factor: float) -> None:
        self._factor = factor

    def update(self, bars: BarColumns) -> Sequence[Float64]:
        """Return the range of each bar."""
        return ((bars.high - bars.low) * self._factor,)


def make_spread(params: Mapping[str, float], source: str, *, compiled: bool) -> Spread:
    """Make one; a stranger checks limits of his own."""
    if params["factor"] <= 0:
        raise Invalid("spread: factor must be above 0")
    return Spread(params["factor"])


def stranger() -> types.ModuleType:
    """Return a plugin that offers the indicator."""
    info = IndicatorInfo(
        kind="spread",
        title="Spread",
        params={"factor": 1.0},
        outputs=("value",),
        overlay=False,
        summary="The range of a bar.",
    )

    @impl
    def fks_manifest() -> Manifest:
        return Manifest(name="stranger", summary="One more indicator", extensions_only=True)

    @impl
    def fks_indicators() -> Iterable[IndicatorOffer]:
        return [(info, make_spread)]

    plugin: Any = types.ModuleType("stranger")
    plugin.fks_manifest = fks_manifest
    plugin.fks_indicators = fks_indicators
    return plugin


async def test_questions_are_answered_and_a_plugin_is_heard(tmp_path: Path) -> None:
    """The screens could not offer indicators, and a stranger's would never appear."""
    async with running_app(
        home=tmp_path, contexts=["transformer"], plugins=[stranger()], start_services=False
    ) as app:
        found = await app.runtime.bus.ask(ListIndicators(), timeout_s=5)
        kinds = [info.kind for info in found.indicators]
        assert kinds == sorted(kinds)
        assert {"sma", "macd", "vwap", "spread"} <= set(kinds)
        query = GetIndicators(dataset="x", specs={"a": IndicatorSpec(kind="nope")})
        with pytest.raises(FksError) as caught:
            await app.runtime.bus.ask(query, timeout_s=5)
        assert caught.value.code == "transformer.bad_indicator"


async def test_pipelines_know_the_indicators_of_plugins(tmp_path: Path) -> None:
    """A strategy could not read an indicator that a plugin brings."""
    async with running_app(
        home=tmp_path, contexts=["transformer"], plugins=[stranger()], start_services=False
    ) as app:
        hook = app.runtime.hook
        pipelines = hook.fks_feature_pipelines(hook=hook)
        bars = make_bars(40)
        spec = IndicatorSpec(kind="spread", params={"factor": 2.0})
        values = pipelines.make({"s": spec, "m": IndicatorSpec(kind="sma")}).update(bars)
        assert values.names == ("s", "m")
        assert np.array_equal(values["s"], (bars.high - bars.low) * 2)
        with pytest.raises(Invalid, match="factor must be above 0"):
            pipelines.make({"s": IndicatorSpec(kind="spread", params={"factor": 0})})
        with pytest.raises(Invalid, match="spread has no parameter 'facto'"):
            pipelines.make({"s": IndicatorSpec(kind="spread", params={"facto": 1})})


async def test_the_context_reports_its_arithmetic_as_healthy(tmp_path: Path) -> None:
    """A miscompiled build would trade on other values than it was tested with."""
    async with running_app(home=tmp_path, contexts=["transformer"], start_services=False) as app:
        checks = [
            check for found in app.runtime.hook.fks_health(runtime=app.runtime) for check in found
        ]
        results = [await check.probe() for check in checks if check.name == "indicators"]
        assert [result.status for result in results] == [Status.HEALTHY]
