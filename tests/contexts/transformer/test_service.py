"""Indicators over a window of a dataset are those of a run over all of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from tests.contexts.transformer.bars import make_bars

from fks.contexts.transformer.domain.catalogue import BUILT_IN, Catalogue
from fks.contexts.transformer.service import Transformer
from fks.contracts.columns import BarColumns
from fks.contracts.data import BarWindow, GetBars
from fks.contracts.transformer import GetIndicators, IndicatorSpec
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid
from fks.kernel.messages import Meta

NAMES = ("open", "high", "low", "close", "volume")


class DataBus:
    """A bus on which one dataset answers."""

    def __init__(self, bars: BarColumns) -> None:
        self.bars = bars
        self.asked: list[GetBars] = []

    async def publish(self, event: Any, *, cause: Meta | None = None) -> None:
        """Publish nothing: no question has an effect."""
        raise AssertionError("a question was answered with an event")

    async def ask(self, request: Any, *, timeout_s: float, cause: Meta | None = None) -> Any:
        """Answer GetBars as data does: the latest `limit` bars in the half-open window."""
        assert isinstance(request, GetBars) and request.tail and timeout_s > 0
        self.asked.append(request)
        ts_ns = self.bars.ts_ns
        rows = np.flatnonzero((ts_ns >= request.from_ts_ns) & (ts_ns < request.to_ts_ns))
        rows = rows[-request.limit :]
        return BarWindow(
            dataset="walk",
            instrument=Instrument(id="W", tick_size=Decimal("0.25")),
            timeframe="7m",
            ts_ns=tuple(ts_ns[rows].tolist()),
            **{name: tuple(getattr(self.bars, name)[rows].tolist()) for name in NAMES},
            total=len(rows),
        )


@pytest.mark.parametrize("kind", sorted(info.kind for info, _ in BUILT_IN if info.kind != "obv"))
@pytest.mark.parametrize("to_row", [1500, 700, 40])
async def test_a_window_has_the_values_of_the_whole_run(kind: str, to_row: int) -> None:
    """The chart would contradict the backtest that it illustrates."""
    bars = make_bars(1500, 8)
    bars.volume = bars.volume + 1.0
    catalogue = Catalogue(BUILT_IN)
    to_ts_ns = int(bars.ts_ns[-1]) + 1 if to_row == 1500 else int(bars.ts_ns[to_row])
    query = GetIndicators(
        dataset="walk", specs={"x": IndicatorSpec(kind=kind)}, to_ts_ns=to_ts_ns, limit=60
    )
    window = await Transformer(DataBus(bars), catalogue).indicators(query)
    begin = max(0, to_row - 60)
    assert window.ts_ns == tuple(bars.ts_ns[begin:to_row].tolist())
    whole = catalogue.make(query.specs).update(bars)
    for name, column in zip(whole.names, whole.columns, strict=True):
        expected = column[begin:to_row]
        values = window.columns[name]
        assert [value is None for value in values] == np.isnan(expected).tolist()
        shown = np.array([np.nan if value is None else value for value in values])
        np.testing.assert_allclose(shown, expected, rtol=1e-10, atol=1e-10 * 10_000)


async def test_only_the_bars_that_matter_are_asked_for() -> None:
    """A chart of the last hour would move years of bars over the bus."""
    bus = DataBus(make_bars(1500, 9))
    transformer = Transformer(bus, Catalogue(BUILT_IN))
    specs = {"x": IndicatorSpec(kind="sma", params={"period": 10})}
    await transformer.indicators(GetIndicators(dataset="walk", specs=specs, limit=20))
    assert [request.limit for request in bus.asked] == [29]
    bus.asked.clear()
    specs = {"x": IndicatorSpec(kind="vwap")}
    await transformer.indicators(GetIndicators(dataset="walk", specs=specs, limit=20))
    assert len(bus.asked) == 2
    assert bus.asked[1].to_ts_ns - bus.asked[1].from_ts_ns == 86_400_000_000_000


async def test_a_dataset_without_bars_in_the_window_gives_empty_columns() -> None:
    """The chart would show an error where there is simply nothing."""
    transformer = Transformer(DataBus(make_bars(100)), Catalogue(BUILT_IN))
    specs = {"x": IndicatorSpec(kind="vwap"), "m": IndicatorSpec(kind="macd")}
    window = await transformer.indicators(GetIndicators(dataset="walk", specs=specs, to_ts_ns=5))
    assert window.ts_ns == ()
    assert window.columns == {"x": (), "m": (), "m_signal": (), "m_histogram": ()}


@pytest.mark.parametrize("limit", [0, -1, 50_001])
async def test_a_limit_out_of_range_is_refused_before_data_is_asked(limit: int) -> None:
    """One request could make the process read without bound."""
    bus = DataBus(make_bars(10))
    query = GetIndicators(dataset="walk", specs={}, limit=limit)
    with pytest.raises(Invalid, match=f"limit must be from 1 to 50000, not {limit}"):
        await Transformer(bus, Catalogue(BUILT_IN)).indicators(query)
    assert bus.asked == []
