"""Keep tracked assets fresh: fetch each when it is due, one at a time from a provider."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial

import structlog

from fks.contexts.data.adapters.calendars import expected_stamps
from fks.contexts.data.domain.timeframes import timeframe_ns
from fks.contexts.data.domain.tracking import due_ns, state_of
from fks.contexts.data.service.backfilling import Gone
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.tracked import TrackedStore
from fks.contracts.data import DatasetInfo
from fks.contracts.data.tracking import (
    AssetFailed,
    AssetProgressed,
    AssetRefreshed,
    TrackedAsset,
    TrackedList,
    TrackedProgress,
    TrackedState,
)
from fks.kernel.bus import Bus
from fks.kernel.errors import FksError, NotFound

__all__ = ["Fetch", "Tracking", "behind_rows"]

Fetch = Callable[[TrackedAsset, Callable[[Gone], None]], Awaitable[tuple[DatasetInfo, str]]]
"""Fetch and store an asset, and tell how far that is; returns the dataset and who gave it."""

_log = structlog.get_logger("fks.data.tracking")
_TICK_S = 1.0
_MOST_BEHIND = 1_000_000


@dataclass
class _Run:
    """What this process knows of an asset beyond its dataset."""

    tried_at_ns: int = 0
    failures: int = 0
    code: str = ""
    message: str = ""
    progress: TrackedProgress | None = None
    task: asyncio.Task[None] | None = None


class Tracking:
    """The tracked assets of this process. `now_ns` is the wall clock."""

    def __init__(
        self,
        bus: Bus,
        store: DatasetStore,
        fetch: Fetch,
        *,
        close: Callable[[], Awaitable[None]],
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._bus, self._store, self._fetch, self._now_ns = bus, store, fetch, now_ns
        self._close = close
        self.list = TrackedStore(store.home)
        self._runs: dict[str, _Run] = {}
        self._busy: dict[str, asyncio.Lock] = {}

    async def run(self) -> None:
        """Fetch what is due until cancelled; a list that cannot be read is read again."""
        try:
            while True:
                try:
                    self._start_due(await asyncio.to_thread(self.list.all))
                except FksError as error:
                    _log.warning("tracked.list", code=error.code, error=error.message)
                await asyncio.sleep(_TICK_S)
        finally:
            running = [run.task for run in self._runs.values() if run.task is not None]
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await self._close()

    async def refresh(self, name: str) -> TrackedState:
        """Begin to fetch an asset now, and return how it is. Raises `NotFound`.

        A backfill may take hours: what comes of it is told by events, and by asking again.
        """
        asset = await self._named(name)
        run = self._runs.setdefault(name, _Run())
        if run.task is None or run.task.done():
            run.task = asyncio.create_task(self._refresh(asset, run))
        return await asyncio.to_thread(self.state, asset)

    async def states(self) -> TrackedList:
        """Return all assets and how they are."""

        def all_states() -> TrackedList:
            return TrackedList(assets=tuple(self.state(asset) for asset in self.list.all()))

        return await asyncio.to_thread(all_states)

    def state(self, asset: TrackedAsset) -> TrackedState:
        """Return how an asset is."""
        run = self._runs.get(asset.name, _Run())
        try:
            info = self._store.open(asset.name).info
        except NotFound:
            info = None
        behind = -1 if info is None else behind_rows(info, self._now_ns())
        rows = 0 if info is None else info.rows
        running = run.task is not None and not run.task.done()
        return TrackedState(
            asset=asset,
            state=state_of(
                asset, running=running, failures=run.failures, rows=rows, behind_rows=behind
            ),
            dataset_hash="" if info is None else info.hash,
            rows=rows,
            last_ts_ns=0 if info is None else info.last_ts_ns,
            behind_rows=behind,
            tried_at_ns=run.tried_at_ns,
            next_at_ns=0 if asset.paused else due_ns(asset, run.tried_at_ns, run.failures),
            failures=run.failures,
            error_code=run.code,
            error=run.message,
            fetching=run.progress,
        )

    async def _named(self, name: str) -> TrackedAsset:
        """Return an asset by name."""
        for asset in await asyncio.to_thread(self.list.all):
            if asset.name == name:
                return asset
        raise NotFound(f"{name[:64]!r} is not tracked", code="data.not_tracked")

    def _start_due(self, assets: Iterable[TrackedAsset]) -> None:
        """Start what is due and not under way."""
        now_ns = self._now_ns()
        for asset in assets:
            run = self._runs.setdefault(asset.name, _Run())
            if run.task is not None and run.task.done():
                run.task.result()  # a bug in it is one of this service
                run.task = None
            if asset.paused or run.task is not None:
                continue
            if due_ns(asset, run.tried_at_ns, run.failures) <= now_ns:
                run.task = asyncio.create_task(self._refresh(asset, run))

    async def _refresh(self, asset: TrackedAsset, run: _Run) -> None:
        """Fetch an asset and say what came of it; assets of one provider wait for one another."""
        async with self._busy.setdefault(asset.providers[0], asyncio.Lock()):
            before = await asyncio.to_thread(self.state, asset)
            run.tried_at_ns = self._now_ns()
            telling = asyncio.create_task(self._tell(asset.name, run))
            try:
                info, provider = await self._fetch(asset, partial(_went, asset, run))
            except FksError as error:
                run.failures += 1
                run.code, run.message = error.code, error.message
                next_at_ns = due_ns(asset, run.tried_at_ns, run.failures)
                _log.warning("tracked.failed", name=asset.name, code=error.code)
                await self._bus.publish(
                    AssetFailed(
                        name=asset.name,
                        code=error.code,
                        message=error.message,
                        failures=run.failures,
                        next_at_ns=next_at_ns,
                    )
                )
                return
            finally:
                telling.cancel()
                await asyncio.gather(telling, return_exceptions=True)
                run.progress = None
            run.failures, run.code, run.message = 0, "", ""
            await self._bus.publish(
                AssetRefreshed(
                    name=asset.name,
                    dataset_hash=info.hash,
                    provider=provider,
                    rows=info.rows,
                    new_rows=max(0, info.rows - before.rows),
                    last_ts_ns=info.last_ts_ns,
                )
            )

    async def _tell(self, name: str, run: _Run) -> None:
        """Tell how far a fetch is, while it goes on, until cancelled."""
        told = None
        while True:
            await asyncio.sleep(_TICK_S)
            if run.progress is not None and run.progress != told:
                told = run.progress
                await self._bus.publish(AssetProgressed(name=name, progress=told))


def _went(asset: TrackedAsset, run: _Run, gone: Gone) -> None:
    """Note how far a fetch is; where its history begins is known when its first page has come."""
    before = run.progress
    begin = max(asset.start_ns, gone.reached_ns) if before is None else before.from_ts_ns
    run.progress = TrackedProgress(
        pages=gone.pages,
        rows=gone.rows,
        from_ts_ns=begin,
        reached_ts_ns=min(gone.reached_ns, run.tried_at_ns),
        until_ts_ns=run.tried_at_ns,
    )


def behind_rows(info: DatasetInfo, now_ns: int) -> int:
    """Return how many bars the calendar expects after the last one, those closed by now.

    -1 for datasets that hold no bars.
    """
    if info.kind != "bars":
        return -1
    step_ns = timeframe_ns(info.timeframe)
    first, last = info.last_ts_ns + step_ns, now_ns - step_ns
    if last < first:
        return 0
    if (last - first) // step_ns >= _MOST_BEHIND:
        return _MOST_BEHIND
    return len(expected_stamps(first, last, step_ns, info.instrument.calendar))
