"""The packaged samples as a provider, so that a part of one can be imported under its own name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fks.contexts.data.store import SAMPLES, DatasetStore
from fks.contracts.columns import BarColumns
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid, NotFound

__all__ = ["SampleProvider"]


class SampleProvider:
    """Bars of the samples; the symbol is a sample's name or its instrument's."""

    def fetch(
        self, symbol: str, timeframe: str, start_ns: int, end_ns: int
    ) -> Iterator[tuple[Instrument, BarColumns]]:
        """Yield the bars in one piece. Raises `NotFound` naming the samples, `Invalid`."""
        store = DatasetStore(Path(SAMPLES, "nowhere"))
        infos = store.list()
        found = next((info for info in infos if symbol in (info.name, info.instrument.id)), None)
        if found is None:
            there = ", ".join(info.name for info in infos)
            raise NotFound(f"no sample {symbol[:40]!r}; there are {there}", code="data.no_symbol")
        if timeframe != found.timeframe:
            raise Invalid(
                f"{found.name} has bars of {found.timeframe}, not {timeframe}",
                code="data.bad_timeframe",
            )
        bars = store.open(found.name).columns(start_ns, end_ns)
        if len(bars):
            yield found.instrument, bars
