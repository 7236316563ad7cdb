"""Backfills: ask a provider page by page, keep each payload, go on after the last one that stands.

Whatever breaks off - the network, the provider, this process - what came is in the raw log, and
the same call goes on from there. Nothing is asked for twice but the page at the end of the chain.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

from fks.contexts.data.adapters.fetching import Answer, Keep
from fks.contexts.data.domain.backfills import Part, covers, job_name, seen_ns, stands
from fks.contexts.data.store.rawlog import RawLog, RawRecord
from fks.contracts.data.providers import DataQuery, Page, PageRequest, RemoteProvider
from fks.contracts.values import Instrument
from fks.kernel.errors import FksError, Unavailable

__all__ = ["Backfilled", "Gone", "Source", "backfill", "chain"]

_INSTRUMENT = 0  # the number of the page that tells the sizes; rows are on pages from 1 on
_MOST_PAGES = 1_000_000
_DAY_NS = 86_400_000_000_000


Get = Callable[[PageRequest, Keep], Awaitable[Answer]]


class Source(NamedTuple):
    """A provider that can be asked: its pages, and how they are got (each answer is kept first)."""

    name: str
    wire: RemoteProvider
    get: Get


class Gone(NamedTuple):
    """How far a backfill is: everything before `reached_ns` has come."""

    reached_ns: int
    pages: int
    rows: int


class Backfilled(NamedTuple):
    """A chain that reaches the end of its query, or the end of what there is."""

    job: str
    instrument: Instrument | None
    payloads: tuple[str, ...]
    parts: tuple[Part, ...]
    asked: int
    reused: int


class _Kept(NamedTuple):
    id: str
    record: RawRecord


async def backfill(
    source: Source,
    query: DataQuery,
    log: RawLog,
    *,
    now_ns: int,
    afresh: bool = False,
    told: Callable[[Gone], None] = lambda gone: None,
) -> Backfilled:
    """Return all pages of a query, the ones that are missing asked for now.

    With `afresh` a new chain begins: what the provider says today, from the start. Raises what
    the fetcher raises, and `Unavailable` (`data.malformed_payload`, `data.provider_loops`).
    """
    wire = source.wire
    first = wire.first_page(query)
    job = _job(source, query, log, afresh)
    chained = _Chain(source, query, log, job)
    instrument, payloads = None, []
    page_of_sizes = wire.instrument_page(query.symbol)
    if page_of_sizes is not None:
        instrument, payload = await chained.instrument(page_of_sizes, now_ns)
        payloads.append(payload)
    parts: list[Part] = []
    request: PageRequest | None = first
    reached_ns, rows = query.start_ns, 0
    for number in range(1, _MOST_PAGES):
        if request is None:
            break
        part, page = await chained.page(number, request)
        await asyncio.sleep(0)  # a long chain that is all in the log must not hold the loop
        parts.append(part)
        payloads.append(part.payload)
        _check_progress(source.name, request, page, reached_ns)
        reached_ns, rows = max(reached_ns, page.reached_ns), rows + len(part.rows.ts_ns)
        told(Gone(reached_ns, number, rows))
        if page.reached_ns >= query.end_ns:
            break
        request = page.next
    return Backfilled(job, instrument, tuple(payloads), tuple(parts), chained.asked, chained.reused)


def chain(
    wire: RemoteProvider, query: DataQuery, records: Iterable[tuple[str, RawRecord]]
) -> tuple[Instrument | None, tuple[Part, ...]]:
    """Return what the payloads of a dataset say when they are read again."""
    instrument, parts = None, []
    for payload, record in records:
        if record.number == _INSTRUMENT:
            instrument = wire.read_instrument(query.symbol, record.body)
            continue
        page = wire.read_page(query, _request(record), record.body)
        parts.append(Part(payload, page.rows, seen_ns(record.received_at_ns, record.headers)))
    return instrument, tuple(parts)


class _Chain:
    """The pages of one job: those that were kept, and those that are asked for now."""

    def __init__(self, source: Source, query: DataQuery, log: RawLog, job: str) -> None:
        self.asked = self.reused = 0
        self._source, self._query, self._log, self._job = source, query, log, job
        # Of a page that came several times the last one counts.
        self._known = {
            head.number: head.id for head in log.heads(source.name, job) if head.status == 200
        }

    async def instrument(self, request: PageRequest, now_ns: int) -> tuple[Instrument, str]:
        """Return the sizes of the symbol: those of the last day, or asked for now."""
        wire, symbol = self._source.wire, self._query.symbol
        known = self._at(_INSTRUMENT, request)
        if known is not None and now_ns - known.record.received_at_ns < _DAY_NS:
            with suppress(FksError):  # it was no such page then; it is asked for again
                return wire.read_instrument(symbol, known.record.body), known.id
        fresh = await self._ask(_INSTRUMENT, request)
        return wire.read_instrument(symbol, fresh.record.body), fresh.id

    async def page(self, number: int, request: PageRequest) -> tuple[Part, Page]:
        """Return a page: the one that was kept, where it stands, or the one asked for now."""
        known = self._at(number, request)
        if known is not None:
            try:
                part, page = self._read(known)
            except FksError:
                page = None  # what came then was no page; it is asked for again
            if page is not None and (
                stands(self._query, page, part.seen_ns) or covers(self._query, page, part.seen_ns)
            ):
                self.reused += 1
                return part, page
        return self._read(await self._ask(number, request))

    def _at(self, number: int, request: PageRequest) -> _Kept | None:
        """Return the kept answer to a request, if there is one."""
        payload = self._known.get(number)
        if payload is None:
            return None
        try:
            record = self._log.read(payload)
        except Unavailable:
            return None  # damaged: it is asked for again
        same = (record.path, record.params) == (request.path, request.params)
        return _Kept(payload, record) if same else None

    async def _ask(self, number: int, request: PageRequest) -> _Kept:
        """Ask, and return the usable answer; every answer is in the log before it is read."""
        last: list[_Kept] = []

        def keep(asked: PageRequest, answer: Answer) -> None:
            record = RawRecord(
                provider=self._source.name,
                job=self._job,
                number=number,
                path=asked.path,
                params=asked.params,
                requested_at_ns=answer.requested_at_ns,
                received_at_ns=answer.received_at_ns,
                status=answer.status,
                headers=answer.headers,
                body=answer.body,
            )
            last.append(_Kept(self._log.append(record), record))

        await self._source.get(request, keep)
        self.asked += 1
        assert last and last[-1].record.status == 200, "a fetcher returns what it has kept"
        return last[-1]

    def _read(self, kept: _Kept) -> tuple[Part, Page]:
        """Return the rows of a kept answer."""
        record = kept.record
        page = self._source.wire.read_page(self._query, _request(record), record.body)
        return Part(kept.id, page.rows, seen_ns(record.received_at_ns, record.headers)), page


def _request(record: RawRecord) -> PageRequest:
    """Return the request that a record answers; its weight is of no use any more."""
    return PageRequest(path=record.path, params=record.params)


def _job(source: Source, query: DataQuery, log: RawLog, afresh: bool) -> str:
    """Return the newest chain of a query, or the name of the one after it."""
    there = {head.job for head in log.jobs(source.name)}
    attempt = 1
    while job_name(source.name, source.wire.base_url, query, attempt + 1) in there:
        attempt += 1
    if afresh and job_name(source.name, source.wire.base_url, query, attempt) in there:
        attempt += 1
    return job_name(source.name, source.wire.base_url, query, attempt)


def _check_progress(name: str, request: PageRequest, page: Page, before_ns: int) -> None:
    """Raise `Unavailable` for a provider that sends the same page again and again."""
    if page.next is None:
        return
    same = (page.next.path, page.next.params) == (request.path, request.params)
    if same or page.reached_ns < before_ns:
        raise Unavailable(
            f"{name} does not go on after {dict(request.params)!s:.120}: it repeats itself; what "
            "came is kept, nothing was stored",
            code="data.provider_loops",
        )
