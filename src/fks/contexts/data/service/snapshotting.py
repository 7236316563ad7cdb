"""Order books over HTTP: a snapshot each time somebody asks, all of them one dataset of depth.

Nobody gives the book of the past, so there are no pages to go through: each call adds one numbered
payload to the raw log, and the dataset is what all payloads of the job say. A payload that is no
book stays in the log and out of the dataset.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from fks.contexts.data.domain.backfills import Part, job_name
from fks.contexts.data.domain.timeframes import DAY_NS
from fks.contexts.data.service.asking import Source, ask
from fks.contexts.data.service.backfilling import Backfilled
from fks.contexts.data.service.registered import meant_by, unregistered
from fks.contexts.data.store.rawlog import RawLog, RawRecord
from fks.contracts.data.providers import BookProvider, DataQuery, RemoteProvider
from fks.contracts.values import Instrument
from fks.kernel.errors import FksError, Invalid

__all__ = ["DEPTH", "books_of", "snapshot"]

DEPTH = "depth"
_INSTRUMENT = 0  # the number of the page that tells the sizes; books are on pages from 1 on
_ALWAYS_NS = 2**63 - 1


async def snapshot(source: Source, query: DataQuery, log: RawLog, *, now_ns: int) -> Backfilled:
    """Return all snapshots of a symbol, one more taken now.

    Raises `Invalid` for a provider without books, else what the fetcher raises, and `Unavailable`
    (`data.malformed_payload`): then what came is in the log, and nothing is stored.
    """
    meant = meant_by(source.wire, query.symbol)
    symbol = query.symbol if meant is None else meant.symbol
    wire: Any = unregistered(source.wire)
    has = ", ".join(one.kind for one in wire.capabilities)
    base_url = wire.base_url
    if not isinstance(wire, BookProvider):
        raise Invalid(f"{source.name} gives no depth; it gives {has}", code="data.no_such_kind")
    asked = DataQuery(kind=DEPTH, symbol=symbol)
    job, request = job_name(source.name, base_url, asked, 1), wire.book_page(symbol)
    instrument, sizes, fresh = await _instrument(source, wire, log, job, symbol, now_ns)
    heads = [head for head in log.heads(source.name, job, 1) if head.status == 200]
    number = max((head.number for head in heads), default=0) + 1
    taken = await ask(source, log, job, number, request)
    newest = book_part(wire, symbol, taken.id, taken.record)  # raises before anything is stored
    parts: list[Part] = []
    for head in heads:
        await asyncio.sleep(0)  # many snapshots must not hold the loop
        with suppress(FksError):  # what was no book then
            parts.append(book_part(wire, symbol, head.id, log.read(head.id)))
    told = instrument if meant is None else meant.instrument
    return Backfilled(
        job, told, (sizes,), (*parts, newest), 1 + fresh, len(parts) + 1 - fresh, meant=meant
    )


async def _instrument(
    source: Source, wire: Any, log: RawLog, job: str, symbol: str, now_ns: int
) -> tuple[Any, str, int]:
    """Return the sizes of the symbol, of the last day or asked for now; their payload; if asked."""
    known = log.heads(source.name, job, _INSTRUMENT, _INSTRUMENT)
    for head in [one for one in known if one.status == 200][-1:]:
        with suppress(FksError):  # damaged, or no such page: it is asked for again
            record = log.read(head.id)
            if now_ns - record.received_at_ns < DAY_NS:
                return wire.read_instrument(symbol, record.body), head.id, 0
    fresh = await ask(source, log, job, _INSTRUMENT, wire.instrument_page(symbol))
    return wire.read_instrument(symbol, fresh.record.body), fresh.id, 1


def book_part(wire: Any, symbol: str, payload: str, record: RawRecord) -> Part:
    """Return a payload's book as rows that belong to the dataset whatever any clock says."""
    rows = wire.read_book(symbol, record.body, record.received_at_ns)
    return Part(payload, rows, _ALWAYS_NS)


def books_of(
    wire: RemoteProvider, query: DataQuery, records: Iterable[tuple[str, RawRecord]]
) -> tuple[Instrument | None, tuple[Part, ...]]:
    """Return what the payloads of a dataset say when they are read again."""
    instrument, parts = None, []
    for payload, record in records:
        if record.number == _INSTRUMENT:
            instrument = wire.read_instrument(query.symbol, record.body)
        else:
            parts.append(book_part(wire, query.symbol, payload, record))
    return instrument, tuple(parts)
