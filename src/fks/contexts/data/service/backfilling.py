"""Backfills: ask a provider page by page, keep each payload, go on after the last one that stands.

Whatever breaks off - the network, the provider, this process - what came is in the raw log, and
the same call goes on from there. Asked for twice are only the page at the end of the chain, and
pages that came whole and look wrong (`domain.doubting`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

import msgspec
import numpy as np

from fks.contexts.data.adapters.calendars import expected_stamps
from fks.contexts.data.domain.backfills import (
    Part,
    begins_ns,
    covers,
    job_name,
    kept,
    seen_ns,
    stands,
)
from fks.contexts.data.domain.doubting import doubt, overfull, same_rows
from fks.contexts.data.domain.timeframes import DAY_NS, timeframe_ns
from fks.contexts.data.service.asking import KeptAnswer, Source, ask
from fks.contexts.data.service.registered import Meant, meant_by
from fks.contexts.data.store.checkpoints import Checkpoints, Standing
from fks.contexts.data.store.rawlog import RawLog, RawRecord
from fks.contracts.columns import Int64
from fks.contracts.data.providers import DataQuery, Page, PageRequest, RemoteProvider
from fks.contracts.data.ticks import BarRows
from fks.contracts.values import Instrument
from fks.kernel.errors import FksError, Unavailable

__all__ = ["Backfilled", "Gone", "Source", "backfill", "chain"]

_INSTRUMENT = 0  # the number of the page that tells the sizes; rows are on pages from 1 on
_MOST_PAGES = 1_000_000
_MOST_STILL = 64  # pages that reach no further; a time with many trades fills a few
_MOST_AGAIN = 20  # doubted pages that one run asks for again
_FIRST_PAGES = 3  # a page without rows is doubted here, and after rows have come


class Gone(NamedTuple):
    """How far a backfill is: everything before `reached_ns` has come."""

    reached_ns: int
    pages: int
    rows: int


class Backfilled(NamedTuple):
    """A chain that reaches the end of its query, or the end of what there is.

    `parts` are the pages behind the ones that `standing` knows; `sizes` is the payload that told
    the instrument. `further` says how far the chain stands now. `meant` is what the user's registry
    said of the symbol.
    """

    job: str
    instrument: Instrument | None
    sizes: tuple[str, ...]
    parts: tuple[Part, ...]
    asked: int
    reused: int
    standing: Standing = Standing(job="", code_version="")
    further: Standing = Standing(job="", code_version="")
    meant: Meant | None = None

    @property
    def before(self) -> int:
        """Return how many pages come before the first of `parts`."""
        return self.standing.pages

    @property
    def payloads(self) -> tuple[str, ...]:
        """Return the ids of what the rows and sizes were read from."""
        return (*self.sizes, *(part.payload for part in self.parts))


async def backfill(
    source: Source,
    query: DataQuery,
    log: RawLog,
    *,
    now_ns: int,
    afresh: bool = False,
    checkpoints: Checkpoints | None = None,
    told: Callable[[Gone], None] = lambda gone: None,
) -> Backfilled:
    """Return all pages of a query, the ones that are missing asked for now.

    With `checkpoints` the pages that are known to stand are not read. With `afresh` a new chain
    begins: what the provider says today, from the start. Raises what the fetcher raises, and
    `Unavailable` (`data.malformed_payload`, `data.provider_loops`).
    """
    wire = source.wire
    first = wire.first_page(query)
    job = _job(source, query, log, afresh)
    standing = _standing(source, query, log, job, checkpoints)
    chained = _Chain(source, query, log, job, standing.pages)
    meant, instrument, sizes = meant_by(wire, query.symbol), None, []
    if meant is not None:
        instrument = meant.instrument
        chained.calendar = instrument.calendar
    page_of_sizes = wire.instrument_page(query.symbol)
    if page_of_sizes is not None:
        instrument, payload = await chained.instrument(page_of_sizes, now_ns)
        chained.calendar = instrument.calendar
        sizes.append(payload)
    parts: list[Part] = []
    further = standing
    request: PageRequest | None = standing.following or first
    reached_ns, rows, still = max(query.start_ns, standing.reached_ns), standing.rows, 0
    for number in range(standing.pages + 1, _MOST_PAGES):
        if request is None:
            break
        part, page, firm = await chained.page(number, request, reached_ns, rows)
        await asyncio.sleep(0)  # a long chain that is all in the log must not hold the loop
        parts.append(part)
        still = still + 1 if page.reached_ns <= reached_ns else 0
        _check_progress(source.name, request, page, reached_ns, still)
        reached_ns, rows = max(reached_ns, page.reached_ns), rows + len(part.rows.ts_ns)
        told(Gone(reached_ns, number, rows))
        if firm and further.pages == number - 1:
            further = msgspec.structs.replace(
                further,
                pages=number,
                rows=rows,
                reached_ns=reached_ns,
                last=part.payload,
                following=page.next,
            )
        if page.reached_ns >= query.end_ns:
            break
        request = page.next
    asked, reused = chained.asked, chained.reused + standing.pages
    told_by = (tuple(sizes), tuple(parts))
    return Backfilled(job, instrument, *told_by, asked, reused, standing, further, meant)


def chain(
    wire: RemoteProvider, query: DataQuery, records: Iterable[tuple[str, RawRecord]]
) -> tuple[Instrument | None, tuple[Part, ...]]:
    """Return what the payloads of a dataset say when they are read again."""
    instrument, parts, reached_ns = None, [], query.start_ns
    for payload, record in records:
        if record.number == _INSTRUMENT:
            instrument = wire.read_instrument(query.symbol, record.body)
            continue
        page = wire.read_page(query, _request(record), record.body)
        parts.append(_part(query, payload, record, page, reached_ns))
        reached_ns = max(reached_ns, page.reached_ns)
    return instrument, tuple(parts)


def _part(query: DataQuery, payload: str, record: RawRecord, page: Page, reached_ns: int) -> Part:
    """Return what a page adds to a chain that reached so far before it."""
    seen = seen_ns(record.received_at_ns, record.headers)
    return Part(payload, page.rows, seen, begins_ns(query, reached_ns))


class _Chain:
    """The pages of one job: those that were kept, and those that are asked for now."""

    def __init__(
        self, source: Source, query: DataQuery, log: RawLog, job: str, standing: int
    ) -> None:
        self.asked = self.reused = 0
        self.calendar = "24/7"  # of an instrument of which nothing is told
        self._again = 0
        self._source, self._query, self._log, self._job = source, query, log, job
        # Of a page that came several times the last one counts.
        self._known: dict[int, tuple[str, ...]] = {}
        sizes = log.heads(source.name, job, _INSTRUMENT, _INSTRUMENT)
        for head in (*sizes, *log.heads(source.name, job, standing + 1)):
            if head.status == 200:
                self._known[head.number] = (*self._known.get(head.number, ())[-1:], head.id)

    async def instrument(self, request: PageRequest, now_ns: int) -> tuple[Instrument, str]:
        """Return the sizes of the symbol: those of the last day, or asked for now."""
        wire, symbol = self._source.wire, self._query.symbol
        known = self._at(_INSTRUMENT, request)
        if known is not None and now_ns - known.record.received_at_ns < DAY_NS:
            with suppress(FksError):  # it was no such page then; it is asked for again
                return wire.read_instrument(symbol, known.record.body), known.id
        fresh = await self._ask(_INSTRUMENT, request)
        return wire.read_instrument(symbol, fresh.record.body), fresh.id

    async def page(
        self, number: int, request: PageRequest, reached_ns: int, before: int
    ) -> tuple[Part, Page, bool]:
        """Return a page: the one that was kept, where it stands, or the one asked for now.

        Pages before it had so many rows and reached so far. Also tells whether it need never be
        read again: it was kept, it stands, and nothing speaks against it.
        """
        known = self._at(number, request)
        if known is not None:
            try:
                part, page = self._read(known, reached_ns)
            except FksError:
                page = None  # what came then was no page; it is asked for again
            if page is not None and self._holds(request, part, page, reached_ns):
                doubted = self._doubted(number, request, part, page, (reached_ns, before))
                if not doubted or self._again >= _MOST_AGAIN:
                    self.reused += 1
                    firm = not doubted and stands(self._query, page, part.seen_ns)
                    return part, page, firm
                self._again += 1
        part, page = self._read(await self._ask(number, request), reached_ns)
        return part, page, False

    def _holds(self, request: PageRequest, part: Part, page: Page, reached_ns: int) -> bool:
        """Tell whether a kept page need not be asked for again: it is whole, and it leads on."""
        query = self._query
        whole = stands(query, page, part.seen_ns) or covers(query, page, part)
        return whole and _leads_on(request, page, reached_ns)

    def _doubted(
        self, number: int, request: PageRequest, part: Part, page: Page, gone: tuple[int, int]
    ) -> bool:
        """Tell whether a page looks wrong and was not told twice."""
        if not self._doubt(number, part, page, *gone):
            return False
        earlier = self._at(number, request, -2)
        if earlier is not None:
            with suppress(FksError):
                if same_rows(self._read(earlier, gone[0])[1].rows, page.rows):
                    return False
        return True

    def _doubt(self, number: int, part: Part, page: Page, reached_ns: int, before: int) -> str:
        """Return why a page looks wrong; empty where it does not."""
        query, (rows, _) = self._query, kept(self._query, part)
        if not isinstance(rows, BarRows):
            return ""
        if not len(rows.ts_ns):
            passed = page.reached_ns > reached_ns and (before or number <= _FIRST_PAGES)
            return "it is empty" if passed else ""
        first_ns = int(rows.ts_ns.min())
        expected: Int64 = np.empty(0, dtype=np.int64)
        step_ns = timeframe_ns(query.timeframe)
        if step_ns <= DAY_NS:  # weeks are not told by a calendar
            until_ns = min(self._ends_ns(number, page), query.end_ns, part.seen_ns) - step_ns
            with suppress(FksError):  # nor is what no calendar reaches
                expected = expected_stamps(
                    min(first_ns, reached_ns) if before else first_ns,
                    until_ns,
                    step_ns,
                    self.calendar,
                )
        return doubt(rows, expected)

    def _ends_ns(self, number: int, page: Page) -> int:
        """Return where a page ends; one whose next is told by a cursor, where that one begins."""
        if page.next is not None and any(name == "cursor" for name, _ in page.next.params):
            following = self._at(number + 1, page.next)
            with suppress(FksError):
                if following is not None:
                    ts_ns = self._read(following, page.reached_ns)[1].rows.ts_ns
                    return int(max((page.reached_ns, *ts_ns[:1].tolist())))
        return page.reached_ns

    def _at(self, number: int, request: PageRequest, place: int = -1) -> KeptAnswer | None:
        """Return the kept answer to a request, the last one or the one before, if there is one."""
        known = self._known.get(number, ())
        if len(known) < -place:
            return None
        try:
            record = self._log.read(known[place])
        except Unavailable:
            return None  # damaged: it is asked for again
        same = (record.path, record.params) == (request.path, request.params)
        return KeptAnswer(known[place], record) if same else None

    async def _ask(self, number: int, request: PageRequest) -> KeptAnswer:
        """Ask, and return the usable answer; every answer is in the log before it is read."""
        fresh = await ask(self._source, self._log, self._job, number, request)
        self.asked += 1
        return fresh

    def _read(self, known: KeptAnswer, reached_ns: int) -> tuple[Part, Page]:
        """Return the rows of a kept answer."""
        record = known.record
        page = self._source.wire.read_page(self._query, _request(record), record.body)
        if self._query.kind == "bars" and overfull(page.rows, timeframe_ns(self._query.timeframe)):
            raise Unavailable(
                f"{self._source.name} sent more bars than their span can hold; nothing of it is "
                "used",
                code="data.malformed_payload",
            )
        return _part(self._query, known.id, record, page, reached_ns), page


def _request(record: RawRecord) -> PageRequest:
    """Return the request that a record answers; its weight is of no use any more."""
    return PageRequest(path=record.path, params=record.params)


def _job(source: Source, query: DataQuery, log: RawLog, afresh: bool) -> str:
    """Return the newest chain of a query, or the name of the one after it.

    It is named by what the provider calls the symbol: another alias is another chain.
    """
    meant = meant_by(source.wire, query.symbol)
    if meant is not None:
        query = msgspec.structs.replace(query, symbol=meant.symbol)

    def named(attempt: int) -> str:
        return job_name(source.name, source.wire.base_url, query, attempt)

    attempt = 1
    while log.has_job(source.name, named(attempt + 1)):
        attempt += 1
    if afresh and log.has_job(source.name, named(attempt)):
        attempt += 1
    return named(attempt)


def _standing(
    source: Source, query: DataQuery, log: RawLog, job: str, checkpoints: Checkpoints | None
) -> Standing:
    """Return which pages need not be read: those of a checkpoint that fits the query and the log.

    A provider whose pages are read in their order only (`in_order`) is always read from the start.
    """
    if checkpoints is None or getattr(source.wire, "in_order", False):
        return Standing(job=job, code_version="")
    found = checkpoints.standing(source.name, job)
    ends = log.heads(source.name, job, found.pages, found.pages)
    there = found.pages > 0 and found.last in (head.id for head in ends)
    if not there or found.following is None or found.reached_ns >= query.end_ns:
        return msgspec.structs.replace(
            found, pages=0, rows=0, reached_ns=0, last="", following=None, file=""
        )
    return found


def _check_progress(
    name: str, request: PageRequest, page: Page, before_ns: int, still: int
) -> None:
    """Raise `Unavailable` for a provider that sends the same page, or nothing new, for ever.

    `still` counts the pages in a row that reached no further.
    """
    if not _leads_on(request, page, before_ns) or (page.next is not None and still > _MOST_STILL):
        raise Unavailable(
            f"{name} does not go on after {dict(request.params)!s:.120}: it repeats itself; what "
            "came is kept, nothing was stored",
            code="data.provider_loops",
        )


def _leads_on(request: PageRequest, page: Page, before_ns: int) -> bool:
    """Tell whether a page is followed by another one, further on, or by none."""
    if page.next is None:
        return True
    same = (page.next.path, page.next.params) == (request.path, request.params)
    return not same and page.reached_ns >= before_ns
