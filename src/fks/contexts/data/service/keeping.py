"""Fetch and store: what is new is stored, and what is not costs next to nothing.

Pages that stand are read once more by the run after the one that asked for them, and then never: a
checkpoint has their rows. Where the rows behind it are those of the last run, the version that they
made is the answer, and nothing is computed or written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec

from fks.contexts.data.domain.backfills import Part, kept
from fks.contexts.data.domain.imports import Imported
from fks.contexts.data.domain.ticks.imports import ImportedTicks
from fks.contexts.data.service.backfilling import Backfilled, Gone, Source, backfill
from fks.contexts.data.service.fetching import FetchRequest, first_of, imported_of, name_of
from fks.contexts.data.service.quality import with_rules
from fks.contexts.data.service.rechecking import Rewritten, recheck
from fks.contexts.data.service.snapshotting import DEPTH, snapshot
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.checkpoints import Checkpoints, Made, Standing
from fks.contexts.data.store.later import tell_later
from fks.contexts.data.store.rawlog import RawLog
from fks.contracts.data import DatasetInfo, Finding, QualityReport
from fks.contracts.data.providers import DataQuery
from fks.contracts.data.quality import QualityRule
from fks.kernel.errors import FksError, NotFound, Unavailable
from fks.kernel.ids import content_hash

__all__ = ["Keeping", "Kept"]

_RECHECK_NS = 3_600_000_000_000
_MOST_TOLD = 20


class Kept(NamedTuple):
    """A stored dataset with its report, and what it took.

    `new` is false where nothing was computed or stored; `rewritten` is what the provider says
    otherwise now of pages that came before.
    """

    info: DatasetInfo
    report: QualityReport
    provider: str
    job: str
    asked: int
    reused: int
    new: bool
    rewritten: tuple[Rewritten, ...] = ()


class Keeping:
    """Fetches into one store, judged by the rules of quality of an installation."""

    def __init__(
        self,
        store: DatasetStore,
        rules: Sequence[QualityRule],
        *,
        code_version: str,
        told: Callable[[Gone], None] = lambda gone: None,
    ) -> None:
        self._store, self._rules, self._code_version = store, rules, code_version
        self._told = told
        self._log = RawLog(store.home)
        self._checkpoints = Checkpoints(store.home, code_version)

    async def fetch(
        self,
        sources: Sequence[Source],
        request: FetchRequest,
        *,
        now_ns: int,
        passed_over: Callable[[str, FksError], None] = lambda name, error: None,
    ) -> Kept:
        """Fetch from the first provider that can be reached, and store. Raises as `first_able`."""

        async def ask(source: Source) -> Kept:
            return await self._from(source, request, now_ns)

        return await first_of(sources, ask, passed_over)

    async def _from(self, source: Source, request: FetchRequest, now_ns: int) -> Kept:
        """Fetch from one provider, and store."""
        if request.query.kind == DEPTH:
            return await self._book(source, request, now_ns)
        done = await self._backfilled(source, request, now_ns, self._checkpoints)
        found = await self._rechecked(source, request, done, now_ns)
        same = await asyncio.to_thread(self._unchanged, source.name, request, done)
        before: tuple[Part, ...] | None = ()
        if same is None or done.further.pages > done.standing.pages:
            before = await asyncio.to_thread(self._checkpoints.parts, source.name, done.standing)
        if before is None:  # what the checkpoint names is damaged or gone: all is read
            done = await self._backfilled(source, request, now_ns, None)
            before, same = (), None
        told = _joined(done.standing.rewritten, found or (), source.name)
        if same is None:
            whole = done._replace(parts=(*before, *done.parts))
            info, report = await asyncio.to_thread(
                self._stored, source.name, request, whole, told, now_ns
            )
        else:
            info, report = same
        checked_ns = done.standing.rechecked_at_ns if found is None else now_ns
        head = msgspec.structs.replace(
            done.further,
            code_version=self._code_version,
            made=_made(request, done, info),
            rewritten=told,
            rechecked_at_ns=checked_ns,
        )
        await asyncio.to_thread(self._keep, source, done, head, before)
        if found:
            await asyncio.to_thread(tell_later, self._store.home, info.hash, told)
        report = msgspec.structs.replace(report, findings=_with(report.findings, told))
        counts = (source.name, done.job, done.asked, done.reused)
        known = done.standing.rewritten
        fresh = (one for one in found or () if one.finding(source.name) not in known)
        return Kept(info, report, *counts, same is None, tuple(fresh))

    async def _book(self, source: Source, request: FetchRequest, now_ns: int) -> Kept:
        """Take a snapshot of an order book, and store it with all before it."""
        query = DataQuery(kind=DEPTH, symbol=request.query.symbol)
        done = await snapshot(source, query, self._log, now_ns=now_ns)
        request = msgspec.structs.replace(request, query=query)
        info, report = await asyncio.to_thread(self._stored, source.name, request, done, (), now_ns)
        return Kept(info, report, source.name, done.job, done.asked, done.reused, True)

    async def _backfilled(
        self, source: Source, request: FetchRequest, now_ns: int, checkpoints: Checkpoints | None
    ) -> Backfilled:
        """Ask for what lacks."""
        return await backfill(
            source,
            request.query,
            self._log,
            now_ns=now_ns,
            afresh=request.afresh and checkpoints is not None,
            checkpoints=checkpoints,
            told=self._told,
        )

    async def _rechecked(
        self, source: Source, request: FetchRequest, done: Backfilled, now_ns: int
    ) -> tuple[Rewritten, ...] | None:
        """Ask for some pages again, once an hour at most; None where it is not the time."""
        standing = done.standing
        due = now_ns - standing.rechecked_at_ns >= _RECHECK_NS
        if not (request.recheck and standing.pages and due):
            return None
        return await recheck(
            source,
            request.query,
            self._log,
            done.job,
            standing.pages,
            request.recheck,
            f"{done.job} {now_ns}",
        )

    def _unchanged(
        self, provider: str, request: FetchRequest, done: Backfilled
    ) -> tuple[DatasetInfo, QualityReport] | None:
        """Return the version that the last run made, where this one would make the same."""
        made = done.standing.made
        name = request.name or name_of(provider, request.query)
        if made is None or made != _told(request, done, name, made.hash, done.standing):
            return None
        try:
            opened = self._store.open(name)
            return (opened.info, opened.quality()) if opened.info.hash == made.hash else None
        except (NotFound, Unavailable):
            return None

    def _stored(
        self,
        provider: str,
        request: FetchRequest,
        whole: Backfilled,
        told: tuple[Finding, ...],
        now_ns: int,
    ) -> tuple[DatasetInfo, QualityReport]:
        """Make a dataset of all pages, and store it."""
        made: Imported | ImportedTicks = imported_of(
            provider,
            request.query,
            whole,
            name=request.name,
            now_ns=now_ns,
            version=self._code_version,
        )
        made = with_rules(made, self._rules)
        report = msgspec.structs.replace(made.report, findings=_with(made.report.findings, told))
        return self._store.save(made._replace(report=report)), report

    def _keep(
        self, source: Source, done: Backfilled, head: Standing, before: tuple[Part, ...]
    ) -> None:
        """Keep the checkpoint where it changed; where it cannot be kept, the log is read again."""
        if head == done.standing or getattr(source.wire, "in_order", False):
            return
        more = head.pages - done.standing.pages
        with suppress(Unavailable):
            parts = (*before, *done.parts[:more]) if more else None
            self._checkpoints.keep(source.name, head, parts)


def _made(request: FetchRequest, done: Backfilled, info: DatasetInfo) -> Made:
    """Return what a run made, by what is behind its new checkpoint."""
    return _told(request, done, info.name, info.hash, done.further)


def _told(request: FetchRequest, done: Backfilled, name: str, of: str, standing: Standing) -> Made:
    """Return a version with the sizes of a run and its rows behind a checkpoint."""
    tail = [kept(request.query, part)[0] for part in done.parts[standing.pages - done.before :]]
    columns = b"".join(column.tobytes() for rows in tail for column in rows)
    sizes = content_hash(msgspec.json.encode(done.instrument))
    return Made(name=name, hash=of, sizes=sizes, tail=content_hash(columns))


def _joined(
    before: tuple[Finding, ...], found: Sequence[Rewritten], provider: str
) -> tuple[Finding, ...]:
    """Return what was told of the past, each once, the newest last."""
    told = (*before, *(one.finding(provider) for one in found))
    return tuple(dict.fromkeys(told))[-_MOST_TOLD:]


def _with(findings: tuple[Finding, ...], told: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return findings with these at the end, none twice."""
    return tuple(dict.fromkeys((*findings, *told)))
