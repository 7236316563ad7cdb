"""Bring bars in: from files of any known format, and from providers."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from fks.contexts.data.adapters.archives import members_of
from fks.contexts.data.adapters.bar_stamps import read_stamps
from fks.contexts.data.adapters.calendars import check_calendar, expected_coverage
from fks.contexts.data.adapters.fingerprint import fingerprint
from fks.contexts.data.adapters.formats.reading import (
    Found,
    FoundTicks,
    Progress,
    ReadOptions,
    kind_of,
    one_table,
    silent,
)
from fks.contexts.data.adapters.formats.registry import read_file
from fks.contexts.data.adapters.formats.ticking import one_tape
from fks.contexts.data.domain.content import with_known_at
from fks.contexts.data.domain.imports import Imported, Wanted, import_table
from fks.contexts.data.domain.registry.registry import BUILT_IN, Registry
from fks.contexts.data.domain.table import RawTable, joined
from fks.contexts.data.domain.ticks.imports import ImportedTicks, import_rows
from fks.contexts.data.domain.timeframes import timeframe_ns
from fks.contexts.data.store import check_name
from fks.contracts.columns import BarColumns
from fks.contracts.data import Provider, ProviderSpec
from fks.contracts.data.datasets import Provenance, SourceFile
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid, NotFound

__all__ = [
    "FileRequest",
    "ProviderRequest",
    "import_all",
    "import_file",
    "import_files",
    "import_provider",
    "with_known_at_file",
]


_ALL = "all"


class FileRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A file to import, with what its user says of it."""

    path: Path
    form: str | None = None
    name: str | None = None
    instrument: str | None = None
    timeframe: str | None = None
    timezone: str | None = None
    columns: Mapping[str, str] = {}
    member: str | None = None
    kind: str | None = None
    calendar: str | None = None
    tick_size: str | None = None
    lot_size: str | None = None
    multiplier: str | None = None
    allow_negative: bool = False
    side: str | None = None


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
    (imported,) = import_files(
        [request.path], request, now_ns=now_ns, code_version=code_version, progress=progress
    )
    return imported


def import_files(
    paths: Iterable[Path],
    request: FileRequest,
    *,
    now_ns: int,
    code_version: str,
    progress: Progress = silent,
    registry: Registry = BUILT_IN,
) -> list[Imported]:
    """Read files of bars, as `import_all`. Raises `Invalid` for files of anything else too."""
    made = import_all(
        *(paths, request),
        now_ns=now_ns,
        code_version=code_version,
        progress=progress,
        registry=registry,
    )
    bars = [one for one in made if isinstance(one, Imported)]
    for one in made:
        if isinstance(one, ImportedTicks):
            raise Invalid(
                f"{one.info.source.partition(';')[0]} holds {one.info.kind}, not bars",
                code="data.no_bars",
            )
    return bars


def _chosen(paths: Iterable[Path], member: str | None) -> Iterator[tuple[Path, str | None]]:
    """Yield what to read: of the member `all` each file of an archive by itself."""
    for path in paths:
        each = members_of(path) if member == _ALL and path.is_file() else [member]
        yield from ((path, one) for one in each)


def _read_and_hashed(
    path: Path, form: str | None, options: ReadOptions, progress: Progress
) -> tuple[Found | FoundTicks, tuple[SourceFile, ...]]:
    """Read a file while another thread hashes it: neither waits for the other.

    Which files of a folder count is known only when they were read, and a pipe is not waited for.
    """
    with ThreadPoolExecutor(1) as beside:
        hashed = beside.submit(fingerprint, path) if path.is_file() else None
        found = read_file(path, form, options, progress)
        if hashed is not None:
            return found, hashed.result()
    return found, fingerprint(path, {piece.name for piece in found.pieces})


def import_all(
    paths: Iterable[Path],
    request: FileRequest,
    *,
    now_ns: int,
    code_version: str,
    progress: Progress = silent,
    registry: Registry = BUILT_IN,
) -> list[Imported | ImportedTicks]:
    """Read files as the request says; files of one symbol, kind and timeframe are one dataset.

    With a name all of them are one; of an archive whose member is `all` each file counts by itself.
    Symbols mean what the registry says. Raises `Invalid` or
    `NotFound` for the first that cannot be used, before anything is stored.
    """
    if request.timeframe is not None:
        timeframe_ns(request.timeframe)
    if request.calendar is not None:
        check_calendar(request.calendar)
    if request.name is not None:
        check_name(request.name)
    options = ReadOptions(
        timezone=request.timezone,
        columns=request.columns,
        kind=request.kind,
        symbol=request.instrument,
        side=request.side,
    )
    groups: dict[_Group, list[Found | FoundTicks]] = {}
    read: dict[int, tuple[SourceFile, ...]] = {}
    for path, member in _chosen(paths, request.member):
        one = msgspec.structs.replace(options, member=member)
        found, sources = _read_and_hashed(path, request.form, one, progress)
        read[id(found)] = sources
        groups.setdefault(_group_of(found, request), []).append(found)
    if request.name is not None and len(groups) > 1:
        kinds = ", ".join(
            " ".join((one.symbol, one.timeframe or one.kind)).strip() for one in groups
        )
        raise Invalid(
            f"--name names one dataset, and these files are of several: {kinds}; give "
            "--instrument, or import them one by one",
            code="data.several_instruments",
        )
    done: list[Imported | ImportedTicks] = []
    for group, parts in groups.items():
        wanted = msgspec.structs.replace(
            _wanted(group, parts, request),
            created_at_ns=now_ns,
            code_version=code_version,
            registry=registry,
        )
        made_by = Provenance(
            kind="files",
            command=_command(request),
            sources=tuple(source for found in parts for source in read[id(found)]),
            code_version=code_version,
        )
        done.append(_made(parts, wanted)._replace(provenance=made_by))
    return done


class _Group(NamedTuple):
    """What the files of one dataset have in common; `kind` is empty for bars."""

    symbol: str
    kind: str
    timeframe: str | None
    quotes: bool


def _group_of(found: Found | FoundTicks, request: FileRequest) -> _Group:
    """Return which files go with this one."""
    symbol = request.instrument or found.symbol
    if isinstance(found, FoundTicks):
        return _Group(symbol, kind_of(found.rows), None, False)
    return _Group(symbol, "", request.timeframe or found.timeframe, found.quotes)


def _wanted(group: _Group, parts: Sequence[Found | FoundTicks], request: FileRequest) -> Wanted:
    """Return what is to be made of the files of one dataset."""
    notes = dict.fromkeys(note for found in parts for note in found.notes)
    return Wanted(
        symbol=group.symbol,
        name=request.name or "",
        sure=request.instrument is not None,
        timeframe=group.timeframe,
        quotes=group.quotes,
        usual_calendar=parts[0].calendar,
        source="; ".join((_told(parts), *notes)),
        calendar=request.calendar,
        tick_size=request.tick_size,
        lot_size=request.lot_size,
        multiplier=request.multiplier,
        allow_negative=request.allow_negative,
    )


def _told(parts: Sequence[Found | FoundTicks]) -> str:
    """Return the names of the files, or of the first and the last of many."""
    names = [piece.name for found in parts for piece in found.pieces]
    shown = names if len(names) <= 3 else [names[0], f"{len(names) - 2} more", names[-1]]
    return ", ".join(shown)


def _made(parts: Sequence[Found | FoundTicks], wanted: Wanted) -> Imported | ImportedTicks:
    """Make one dataset of what was found in one file or several, all of one kind."""
    tapes = [found for found in parts if isinstance(found, FoundTicks)]
    if tapes:
        tape = one_tape(tapes)
        return import_rows(
            tape.rows,
            wanted,
            row=tape.row,
            refused=tape.refused,
            tick_size=tape.tick_size,
            lot_size=tape.lot_size,
        )._replace(pieces=tape.pieces)
    bars = [found for found in parts if isinstance(found, Found)]
    table, pieces = one_table([(_names(found), found.table) for found in bars])
    if len(bars) == 1:
        table, pieces = bars[0].table, bars[0].pieces
    return import_table(table, wanted, expected_coverage)._replace(pieces=pieces)


def with_known_at_file(imported: Imported, path: Path) -> Imported:
    """Return the dataset with the time at which each kept bar was known, read from a file.

    Raises `NotFound`, and `Invalid` where a bar has none, or was known before it opened.
    """
    stamps = read_stamps(path, imported.cleaned.kept.ts_ns, "known_at_ns")
    early = int((stamps < imported.cleaned.kept.ts_ns).sum())
    if early:
        raise Invalid(
            f"{path.name}: {early:,} bars were known before they opened", code="data.bad_stamps"
        )
    made_by = imported.provenance
    sources = (*made_by.sources, *fingerprint(path))
    info = imported.info
    return imported._replace(
        info=msgspec.structs.replace(info, hash=with_known_at(info.hash, stamps)),
        provenance=msgspec.structs.replace(made_by, sources=sources),
        known_at_ns=stamps,
    )


def _command(request: FileRequest) -> str:
    """Return what was asked beside the files: the options that are not their defaults."""
    plain = FileRequest(path=request.path)
    asked = {
        field: value
        for field in request.__struct_fields__
        if field != "path" and (value := getattr(request, field)) != getattr(plain, field)
    }
    return "import" + "".join(f" {field}={value!r}" for field, value in sorted(asked.items()))


def _names(found: Found) -> str:
    """Return what to call the file, or the folder, that something was found in."""
    names = [piece.name for piece in found.pieces]
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


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
    if spec.remote:
        raise Invalid(
            f"{spec.name} is reached over HTTP: fks data fetch {request.symbol[:40]} --from "
            f"{spec.name}",
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
        name=check_name(request.name) if request.name is not None else "",
        symbol=instrument.id,
        timeframe=request.timeframe,
        instrument=instrument,
        provider=spec.name,
        source=f"{spec.name} {request.symbol}",
        synthetic=spec.synthetic,
        created_at_ns=now_ns,
        code_version=code_version,
    )
    made_by = Provenance(kind="provider", command=_query(request), code_version=code_version)
    return import_table(joined(parts), wanted, expected_coverage)._replace(provenance=made_by)


def _query(request: ProviderRequest) -> str:
    """Return what a provider was asked for, as one line."""
    return (
        f"fetch provider={request.provider} symbol={request.symbol} "
        f"timeframe={request.timeframe} start_ns={request.start_ns} end_ns={request.end_ns}"
    )


def provider_of(spec: ProviderSpec, settings_of: Callable[[ProviderSpec], Any]) -> Provider:
    """Make a provider; its dotted name comes from an installed plugin, never from a request."""
    module, _, name = spec.factory.partition(":")
    factory = getattr(importlib.import_module(module), name)
    made: Provider = factory() if spec.settings is None else factory(settings_of(spec))
    return made


def _table(bars: BarColumns, before: int) -> RawTable:
    """Return a provider's columns as a table to check."""
    row = np.arange(before + 1, before + len(bars) + 1, dtype=np.int64)
    return RawTable(row, bars.ts_ns, bars.open, bars.high, bars.low, bars.close, bars.volume)
