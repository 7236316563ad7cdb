"""Datasets of remote providers: fetched, or made again from the payloads of the raw log."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import NamedTuple, TypeVar

import msgspec
import numpy as np

from fks.contexts.data.adapters.calendars import expected_coverage
from fks.contexts.data.domain.backfills import bars_of, rows_of
from fks.contexts.data.domain.imports import Imported, Wanted, import_table
from fks.contexts.data.domain.precision import off_grid, precision_of
from fks.contexts.data.domain.ticks.cleaning import prices_of
from fks.contexts.data.domain.ticks.imports import ImportedTicks, import_rows
from fks.contexts.data.service.backfilling import Backfilled, Gone, Source, backfill, chain
from fks.contexts.data.service.registered import Meant, unregistered
from fks.contexts.data.service.snapshotting import DEPTH, books_of
from fks.contexts.data.store import DatasetStore, check_name
from fks.contexts.data.store.rawlog import RawLog
from fks.contracts.columns import Float64
from fks.contracts.data import DatasetInfo
from fks.contracts.data.datasets import Provenance
from fks.contracts.data.providers import DataQuery, RemoteProvider
from fks.contracts.data.ticks import BarRows
from fks.contracts.values import Instrument
from fks.kernel.errors import FksError, Invalid, TimedOut, Unavailable

__all__ = [
    "FetchRequest",
    "Fetched",
    "Rebuilt",
    "fetch",
    "first_able",
    "first_of",
    "imported_of",
    "name_of",
    "rebuild",
]

_FETCH = "fetch "
Answered = TypeVar("Answered")


class FetchRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to fetch, and what the dataset is called; without a name it is made of the query.

    So many pages that came before are asked for again, to see whether they are still the same.
    """

    query: DataQuery
    name: str = ""
    afresh: bool = False
    recheck: int = 0


class Fetched(NamedTuple):
    """A dataset ready to be stored, and what it took: pages asked for and taken from the log."""

    imported: Imported | ImportedTicks
    provider: str
    job: str
    asked: int
    reused: int


class Rebuilt(NamedTuple):
    """A version made again of its payloads: the hash it has and the one that came out."""

    info: DatasetInfo
    hash: str
    payloads: int

    @property
    def same(self) -> bool:
        """Tell whether the payloads make the version that is stored."""
        return self.info.hash == self.hash


class _Asked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a manifest says of a fetch, as JSON after the word `fetch`.

    `meant` is what the user's registry said then; another one does not change what is rebuilt.
    """

    provider: str
    query: DataQuery
    meant: Meant | None = None


async def first_able(
    sources: Sequence[Source],
    request: FetchRequest,
    log: RawLog,
    *,
    now_ns: int,
    code_version: str,
    told: Callable[[Gone], None] = lambda gone: None,
    passed_over: Callable[[str, FksError], None] = lambda name, error: None,
) -> Fetched:
    """Fetch from the first provider that can be reached, in the given order.

    Only a provider that is away is passed over; one that says no (`Invalid`, `NotFound`,
    `Denied`) decides. Raises what the last one raised.
    """

    async def ask(source: Source) -> Fetched:
        return await fetch(
            source, request, log, now_ns=now_ns, code_version=code_version, told=told
        )

    return await first_of(sources, ask, passed_over)


async def first_of(
    sources: Sequence[Source],
    ask: Callable[[Source], Awaitable[Answered]],
    passed_over: Callable[[str, FksError], None],
) -> Answered:
    """Return what the first provider gives that can be reached. Raises as `first_able`."""
    assert sources, "there is a provider to ask"
    for number, source in enumerate(sources, 1):
        try:
            return await ask(source)
        except (Unavailable, TimedOut) as error:
            if number == len(sources):
                raise
            passed_over(source.name, error)
    raise AssertionError("the last one returns or raises")


async def fetch(
    source: Source,
    request: FetchRequest,
    log: RawLog,
    *,
    now_ns: int,
    code_version: str,
    told: Callable[[Gone], None] = lambda gone: None,
) -> Fetched:
    """Return the dataset of a query, with the pages asked for that are not in the raw log yet.

    Raises `Invalid` where there is nothing in the span, else as `backfill`.
    """
    query, name = request.query, request.name
    if name:
        check_name(name)
    done = await backfill(source, query, log, now_ns=now_ns, afresh=request.afresh, told=told)
    imported = await asyncio.to_thread(
        imported_of, source.name, query, done, name=name, now_ns=now_ns, version=code_version
    )
    return Fetched(imported, source.name, done.job, done.asked, done.reused)


def rebuild(
    store: DatasetStore,
    log: RawLog,
    dataset: str,
    wire_of: Callable[[str], RemoteProvider],
) -> Rebuilt:
    """Make a stored version again of the payloads that its manifest names.

    Raises `Invalid` for a dataset that no provider's payloads made, `NotFound` or `Unavailable`
    where payloads are gone or damaged.
    """
    opened = store.open(dataset)
    info, made_by = opened.info, opened.manifest().made_by
    if made_by.kind != "provider" or not made_by.payloads:
        raise Invalid(
            f"{info.name} was not made of a provider's payloads; fks data lineage {info.name} "
            "says what made it",
            code="data.no_payloads",
        )
    asked = msgspec.json.decode(made_by.command.removeprefix(_FETCH), type=_Asked)
    records = ((payload, log.read(payload)) for payload in made_by.payloads)
    query, meant = asked.query, asked.meant
    if meant is not None:
        query = msgspec.structs.replace(query, symbol=meant.symbol)
    wire = unregistered(wire_of(asked.provider))
    read = books_of if query.kind == DEPTH else chain
    instrument, parts = read(wire, query, records)
    done = Backfilled("", instrument if meant is None else meant.instrument, (), parts, 0, 0)
    imported = imported_of(
        asked.provider,
        asked.query,
        done,
        name=info.name,
        now_ns=info.created_at_ns,
        version=made_by.code_version,
    )
    return Rebuilt(info, imported.info.hash, len(made_by.payloads))


def imported_of(
    provider: str, query: DataQuery, done: Backfilled, *, name: str, now_ns: int, version: str
) -> Imported | ImportedTicks:
    """Check and judge what the pages hold."""
    asked = _Asked(provider=provider, query=query, meant=done.meant)
    provenance = Provenance(
        kind="provider",
        command=_FETCH + msgspec.json.encode(asked).decode(),
        payloads=done.payloads,
        code_version=version,
    )
    make = _bars if query.kind == "bars" else _ticks
    made = make(provider, query, done, name=name, now_ns=now_ns, version=version)
    return made._replace(provenance=provenance)


def _ticks(
    provider: str, query: DataQuery, done: Backfilled, *, name: str, now_ns: int, version: str
) -> ImportedTicks:
    """Make a dataset of trades, quotes, funding or actions."""
    rows, left = rows_of(query, done.parts)
    if isinstance(rows, BarRows):
        raise Invalid(
            f"{provider} gave bars where {query.kind} were asked for", code="data.no_such_kind"
        )
    if not len(rows.ts_ns):
        raise Invalid(
            f"{provider} has no {query.kind} of {query.symbol[:40]} in that span",
            code="data.nothing_usable",
        )
    instrument, note = _fitting(done.instrument, prices_of(rows))
    notes = [f"{provider} {query.symbol} {query.kind}", left.told(), note]
    wanted = Wanted(
        symbol=query.symbol,
        name=name or name_of(provider, query),
        instrument=instrument,
        provider=provider,
        source="; ".join(one for one in notes if one),
        created_at_ns=now_ns,
        code_version=version,
    )
    return import_rows(rows, wanted)


def _bars(
    provider: str, query: DataQuery, done: Backfilled, *, name: str, now_ns: int, version: str
) -> Imported:
    """Make a dataset of bars."""
    table, pieces, left = bars_of(query, done.parts)
    if not len(table.row):
        raise Invalid(
            f"{provider} has no complete {query.timeframe} bars of {query.symbol[:40]} in that "
            f"span{'; ' + left.told() if left.told() else ''}",
            code="data.nothing_usable",
        )
    prices = (table.open, table.high, table.low, table.close)
    instrument, note = _fitting(done.instrument, prices)
    notes = [f"{provider} {query.symbol} {query.timeframe}", left.told(), note]
    wanted = Wanted(
        symbol=query.symbol,
        name=name or name_of(provider, query),
        timeframe=query.timeframe,
        instrument=instrument,
        provider=provider,
        source="; ".join(one for one in notes if one),
        created_at_ns=now_ns,
        code_version=version,
    )
    return import_table(table, wanted, expected_coverage)._replace(pieces=pieces)


def _fitting(
    instrument: Instrument | None, prices: Sequence[Float64]
) -> tuple[Instrument | None, str]:
    """Return the instrument, with a finer tick where older prices need one.

    Providers tell today's tick size. Prices from before it grew are no faults.
    """
    if instrument is None:
        return None, ""
    prices = [one[np.isfinite(one)] for one in prices]
    numerator, denominator = instrument.tick_size.as_integer_ratio()
    if not any(bool(off_grid(one * denominator / numerator).any()) for one in prices):
        return instrument, ""
    found = precision_of(prices)
    needed = Decimal(1).scaleb(-found.places)
    if not found.exact or needed >= instrument.tick_size or instrument.tick_size % needed != 0:
        return instrument, ""
    finer = msgspec.structs.replace(instrument, tick_size=needed)
    return (
        finer,
        f"tick {needed}: prices of this span are finer than today's {instrument.tick_size}",
    )


def name_of(provider: str, query: DataQuery) -> str:
    """Return what a dataset is called that nobody named."""
    from fks.contexts.data.domain.content import dataset_name

    return dataset_name(f"{provider}_{query.symbol}_{query.timeframe or query.kind}")
