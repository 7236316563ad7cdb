"""What data answers over the bus: datasets, windows of bars, quality."""

from __future__ import annotations

import asyncio

from fks.contexts.data.domain.instruments import known_instrument
from fks.contexts.data.domain.registry.registry import Registry
from fks.contexts.data.domain.ticks.content import COLUMNS, arrays_of
from fks.contexts.data.service.longer import LongerWindows
from fks.contexts.data.settings import DataSettings
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.instruments import RegistryFile
from fks.contexts.data.store.later import with_later
from fks.contracts.data import (
    BarWindow,
    DatasetInfo,
    DatasetList,
    GetBars,
    QualityReport,
)
from fks.contracts.data.ticks import NO_PRICE, GetTicks, TickWindow
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid, NotFound
from fks.kernel.runtime import Runtime

__all__ = ["Catalogue"]

_MOST_BARS = 20_000
_MOST_TICKS = 5_000


class Catalogue:
    """The store, read off the event loop."""

    def __init__(self, runtime: Runtime) -> None:
        settings = runtime.section("data", DataSettings)
        self.store = DatasetStore(
            runtime.home, cached=settings.cached_datasets, hot_bytes=settings.hot_bytes
        )
        self._registry = RegistryFile(runtime.home)
        self._longer = LongerWindows(self.store)

    async def list(self) -> DatasetList:
        """Return all datasets."""
        return DatasetList(datasets=await asyncio.to_thread(self.store.list))

    async def get(self, dataset: str) -> DatasetInfo:
        """Return one; raises `NotFound`."""
        return (await asyncio.to_thread(self.store.open, dataset)).info

    async def instrument(self, symbol: str) -> Instrument:
        """Return an instrument of the registry, or the one of a dataset; raises `NotFound`."""
        known = known_instrument(symbol, await self.registry())
        if known is not None:
            return known
        for info in await asyncio.to_thread(self.store.list):
            if info.instrument.id == symbol:
                return info.instrument
        raise NotFound(
            f"no instrument {symbol[:40]}: it is neither in the registry nor that of a dataset",
            code="data.instrument_not_found",
        )

    async def registry(self) -> Registry:
        """Return the registry as the user's file is now; raises `Invalid` naming its line."""
        return await asyncio.to_thread(self._registry.load)

    async def quality(self, dataset: str) -> QualityReport:
        """Return its report, with what was found since it was stored."""

        def report() -> QualityReport:
            opened = self.store.open(dataset)
            return with_later(self.store.home, opened.info.hash, opened.quality())

        return await asyncio.to_thread(report)

    async def bars(self, query: GetBars) -> BarWindow:
        """Return a window; raises `Invalid` for a limit out of bounds."""
        if not 1 <= query.limit <= _MOST_BARS:
            raise Invalid(f"ask for 1 to {_MOST_BARS:,} bars at a time", code="data.bad_limit")
        return await asyncio.to_thread(self._window, query)

    async def ticks(self, query: GetTicks) -> TickWindow:
        """Return a window; raises `Invalid` for bars and for a limit out of bounds."""
        if not 1 <= query.limit <= _MOST_TICKS or query.skip < 0:
            raise Invalid(
                f"ask for 1 to {_MOST_TICKS:,} ticks at a time, and skip none or some",
                code="data.bad_limit",
            )
        return await asyncio.to_thread(self._ticks, query)

    def _ticks(self, query: GetTicks) -> TickWindow:
        """Read a window of ticks."""
        dataset = self.store.open(query.dataset)
        info, found = dataset.info, dataset.ticks(query.from_ts_ns, query.to_ts_ns)
        end = query.skip + query.limit
        part = [one[query.skip : end].tolist() for one in arrays_of(found)]
        return TickWindow(
            dataset=info.name,
            kind=info.kind,
            names=COLUMNS[info.kind],
            columns=tuple(tuple(None if v == NO_PRICE else v for v in one) for one in part),
            total=len(found.ts_ns),
            tick_size=found.tick_size,
            lot_size=getattr(found, "lot_size", None),
            synthetic=info.synthetic,
        )

    def _window(self, query: GetBars) -> BarWindow:
        """Read a window."""
        dataset = self.store.open(query.dataset)
        timeframe = query.timeframe or dataset.info.timeframe
        if timeframe != dataset.info.timeframe:
            return self._longer.window(dataset, query)
        found = dataset.window(query.from_ts_ns, query.to_ts_ns, query.limit, tail=query.tail)
        total = found.pop("total")
        return BarWindow(
            dataset=dataset.info.name,
            instrument=dataset.info.instrument,
            timeframe=dataset.info.timeframe,
            total=total,
            synthetic=dataset.info.synthetic,
            **{name: tuple(values) for name, values in found.items()},
        )
