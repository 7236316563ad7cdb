"""Bring bars in: from files of any known format, and from providers."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from fks.contexts.data.adapters.calendars import check_calendar, expected_coverage
from fks.contexts.data.adapters.formats.reading import Progress, ReadOptions, silent
from fks.contexts.data.adapters.formats.registry import read_file
from fks.contexts.data.domain.content import dataset_name
from fks.contexts.data.domain.imports import Imported, Wanted, import_table
from fks.contexts.data.domain.instruments import BUILT_IN, known_instrument
from fks.contexts.data.domain.table import RawTable, joined
from fks.contexts.data.domain.timeframes import timeframe_ns
from fks.contexts.data.store import check_name
from fks.contracts.columns import BarColumns
from fks.contracts.data import Provider, ProviderSpec
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid, NotFound

__all__ = ["FileRequest", "ProviderRequest", "import_file", "import_provider"]


class FileRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A file to import, with what its user says of it."""

    path: Path
    form: str | None = None
    name: str | None = None
    instrument: str | None = None
    timeframe: str | None = None
    timezone: str = "UTC"
    columns: Mapping[str, str] = {}
    member: str | None = None
    calendar: str | None = None
    tick_size: str | None = None
    lot_size: str | None = None
    multiplier: str | None = None


class ProviderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Bars to fetch from a provider; times are UTC nanoseconds."""

    provider: str
    symbol: str
    timeframe: str
    start_ns: int = 0
    end_ns: int = 2**63 - 1
    name: str | None = None


def import_file(
    request: FileRequest, *, now_ns: int, code_version: str, progress: Progress = silent
) -> Imported:
    """Read, check and judge a file. Raises `Invalid` or `NotFound` with a way out."""
    if request.timeframe is not None:
        timeframe_ns(request.timeframe)
    if request.calendar is not None:
        check_calendar(request.calendar)
    options = ReadOptions(timezone=request.timezone, columns=request.columns, member=request.member)
    found = read_file(request.path, request.form, options, progress)
    timeframe = request.timeframe or found.timeframe
    symbol = request.instrument or found.symbol
    suffix = f"_{timeframe}" if timeframe else ""
    wanted = Wanted(
        name=check_name(request.name or dataset_name(symbol + suffix)),
        symbol=symbol,
        timeframe=timeframe,
        instrument=_known(symbol),
        source="; ".join((request.path.name, *found.notes)),
        calendar=request.calendar,
        tick_size=request.tick_size,
        lot_size=request.lot_size,
        multiplier=request.multiplier,
        created_at_ns=now_ns,
        code_version=code_version,
    )
    return import_table(found.table, wanted, expected_coverage)


def import_provider(
    request: ProviderRequest,
    specs: Iterable[ProviderSpec],
    settings_of: Callable[[ProviderSpec], Any],
    *,
    now_ns: int,
    code_version: str,
    progress: Progress = silent,
) -> Imported:
    """Fetch from a provider, check and judge what it gave."""
    timeframe_ns(request.timeframe)
    known = {spec.name: spec for spec in specs}
    spec = known.get(request.provider)
    if spec is None:
        raise NotFound(
            f"no provider {request.provider[:40]!r}; there are {', '.join(sorted(known))}",
            code="data.no_provider",
        )
    parts: list[RawTable] = []
    instrument: Instrument | None = None
    rows = 0
    bars_of = provider_of(spec, settings_of).fetch(
        request.symbol, request.timeframe, request.start_ns, request.end_ns
    )
    for of, bars in bars_of:
        instrument = of
        parts.append(_table(bars, rows))
        rows += len(bars)
        progress(len(bars))
    if instrument is None or not rows:
        raise Invalid(
            f"{spec.name} has no {request.timeframe} bars of {request.symbol[:40]} in that span",
            code="data.nothing_usable",
        )
    wanted = Wanted(
        name=check_name(request.name or dataset_name(f"{request.symbol}_{request.timeframe}")),
        symbol=instrument.id,
        timeframe=request.timeframe,
        instrument=instrument,
        provider=spec.name,
        source=f"{spec.name} {request.symbol}",
        synthetic=spec.synthetic,
        created_at_ns=now_ns,
        code_version=code_version,
    )
    return import_table(joined(parts), wanted, expected_coverage)


def provider_of(spec: ProviderSpec, settings_of: Callable[[ProviderSpec], Any]) -> Provider:
    """Make a provider; its dotted name comes from an installed plugin, never from a request."""
    module, _, name = spec.factory.partition(":")
    factory = getattr(importlib.import_module(module), name)
    made: Provider = factory() if spec.settings is None else factory(settings_of(spec))
    return made


def _known(symbol: str) -> Instrument | None:
    """Return a built-in instrument; a futures contract such as ES201312 is its product's."""
    found = known_instrument(symbol)
    if found is None and symbol[-6:].isdigit() and symbol[:-6] in BUILT_IN:
        return msgspec.structs.replace(BUILT_IN[symbol[:-6]], id=symbol)
    return found


def _table(bars: BarColumns, before: int) -> RawTable:
    """Return a provider's columns as a table to check."""
    row = np.arange(before + 1, before + len(bars) + 1, dtype=np.int64)
    return RawTable(row, bars.ts_ns, bars.open, bars.high, bars.low, bars.close, bars.volume)
