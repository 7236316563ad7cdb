"""Backtests as jobs: queued, run in threads, watched, cancelled, remembered.

A job is in SQL from the moment its command is answered. When it is over its files are written
first, then its record and the event in one transaction: a crash in between leaves whole files,
which the next start takes over. A job that a crash interrupted is failed, never started again by
itself: whoever asked sees it, and one command runs it again.
"""

from __future__ import annotations

import asyncio
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec
import structlog

from fks.contexts.engine.domain.backtest import check_request
from fks.contexts.engine.domain.failures import Cancelled
from fks.contexts.engine.service.backtester import FinishedRun, LocalBacktester
from fks.contexts.engine.settings import EngineSettings
from fks.contexts.engine.store import RunStore
from fks.contracts.engine import (
    BacktestRequest,
    Run,
    RunFinished,
    RunProgressed,
    RunStatus,
)
from fks.kernel.errors import Conflict, FksError, NotFound, Unavailable
from fks.kernel.messages import Meta
from fks.kernel.runtime import Runtime

__all__ = ["Jobs"]

_log = structlog.get_logger("fks.engine.jobs")
_REPORT_NS = 50_000_000  # progress is told at most twenty times a second
_INTERRUPTED = "interrupted by a restart of the server; start it again to have the result"
_OPEN = (RunStatus.QUEUED, RunStatus.RUNNING)


class _Job:
    """A run that is queued or running."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.stop = threading.Event()
        self.begun = False
        self.told_ns = 0


class Jobs:
    """The backtests of one process."""

    def __init__(self, runtime: Runtime) -> None:
        self.settings = runtime.section("engine", EngineSettings)
        self.backtester = LocalBacktester(
            runtime.home, runtime.hook, clock=runtime.clock, ids=runtime.ids
        )
        self._runtime = runtime
        self._store = RunStore()
        self._jobs: dict[str, _Job] = {}
        self._queue: asyncio.Queue[_Job] = asyncio.Queue()
        self._starting = asyncio.Lock()
        self._tasks: set[asyncio.Future[None]] = set()

    @property
    def running(self) -> int:
        """Return how many backtests run now."""
        return sum(job.begun for job in self._jobs.values())

    @property
    def waiting(self) -> int:
        """Return how many backtests wait."""
        return len(self._jobs) - self.running

    async def start(self, request: BacktestRequest, key: str) -> Run:
        """Queue a backtest and return its record; the same key again returns the same run.

        Raises `Invalid` and `NotFound` for a request that could never run, `Conflict` for a key
        that began another one, `Unavailable` when too many wait.
        """
        async with self._starting:
            async with self._runtime.database.reading() as tx:
                known = await self._store.find_by_key(tx, key)
            if known is not None:
                return _same(known, request)
            await asyncio.to_thread(self._check, request)
            if len(self._jobs) >= self.settings.queued_runs:
                raise Unavailable(
                    f"{len(self._jobs)} backtests wait already; try again when some are done",
                    code="engine.queue_full",
                    retry_after_s=5.0,
                )
            run = self.backtester.new_record(request)
            async with self._runtime.database.transaction() as tx:
                await self._store.add(tx, run, key)
            job = self._jobs[run.id] = _Job(run)
            self._queue.put_nowait(job)
            return run

    async def cancel(self, run_id: str) -> Run:
        """Stop a run and return its record; one that is over stays as it is."""
        job = self._jobs.get(run_id)
        if job is None:
            return await self.get(run_id)
        job.stop.set()
        if not job.begun:
            await self._finish(job, _over(job.run, RunStatus.CANCELLED, ""))
        return job.run

    async def get(self, run_id: str) -> Run:
        """Return a run's record. Raises `NotFound`."""
        job = self._jobs.get(run_id)
        if job is not None:
            return job.run
        async with self._runtime.database.reading() as tx:
            run = await self._store.find(tx, run_id)
        if run is not None:
            return run
        return await asyncio.to_thread(self.backtester.files.load, run_id)

    async def latest(self, limit: int) -> tuple[Run, ...]:
        """Return the newest runs, newest first, those that commands wrote included."""
        async with self._runtime.database.reading() as tx:
            stored = await self._store.latest(tx, limit)
        found = {run.id: run for run in stored}
        found |= {job.run.id: job.run for job in self._jobs.values()}
        files = self.backtester.files
        for run_id in (await asyncio.to_thread(files.ids))[:limit]:
            if run_id not in found:
                found[run_id] = await asyncio.to_thread(files.load, run_id)
        return tuple(found[run_id] for run_id in sorted(found, reverse=True)[:limit])

    async def serve(self) -> None:
        """Run what is queued until cancelled; the service of this context.

        Called anew after a failure: what ran then is treated as after a restart.
        """
        self._jobs = {run_id: job for run_id, job in self._jobs.items() if not job.begun}
        await self._recover()
        workers = self.settings.concurrent_runs
        pool = ThreadPoolExecutor(workers, thread_name_prefix="fks-backtest")
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(self._work(pool))
        finally:
            for job in self._jobs.values():
                job.stop.set()
            pool.shutdown(wait=False, cancel_futures=True)

    async def _work(self, pool: ThreadPoolExecutor) -> None:
        """Run one job after the other."""
        while True:
            job = await self._queue.get()
            if job.stop.is_set():
                continue
            job.begun = True
            job.run = msgspec.structs.replace(job.run, status=RunStatus.RUNNING)
            async with self._runtime.database.transaction() as tx:
                await self._store.change(tx, job.run)
            loop = asyncio.get_running_loop()
            done = await loop.run_in_executor(pool, partial(self._run, job, loop))
            await self._finish(job, done)

    def _run(self, job: _Job, loop: asyncio.AbstractEventLoop) -> Run:
        """Run a job in this thread and return its record when it is over, whatever happened."""
        run = job.run

        def on_progress(done: int) -> None:
            now_ns = self._runtime.clock.monotonic_ns()
            if now_ns - job.told_ns >= _REPORT_NS:
                job.told_ns = now_ns
                loop.call_soon_threadsafe(self._tell, job, done, total)

        try:
            plan = self.backtester.plan(run.request)
            total = len(plan.material.bars)
            finished: FinishedRun = self.backtester.execute(
                plan, run, on_progress=on_progress, cancelled=job.stop.is_set
            )
            finished.save()
        except Cancelled:
            return _over(run, RunStatus.CANCELLED, "")
        except FksError as error:
            return _over(run, RunStatus.FAILED, error.message)
        except MemoryError:
            return _over(run, RunStatus.FAILED, "not enough memory for this many bars")
        except AssertionError as error:
            # A bug of ours ends this run, visibly, and not the jobs beside it.
            _log.exception("run_failed", run_id=run.id)
            where = traceback.extract_tb(error.__traceback__)[-1]
            return _over(run, RunStatus.FAILED, f"internal error at {where.name}: {error}")
        return finished.run

    def _tell(self, job: _Job, done: int, total: int) -> None:
        """Note how far a job is and tell the world; called in the event loop."""
        if job.run.id not in self._jobs:
            return
        job.run = msgspec.structs.replace(job.run, progress=done / total, bars=done)
        event = RunProgressed(run_id=job.run.id, progress=done / total, bars=done)
        task = asyncio.ensure_future(self._runtime.bus.publish(event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _finish(self, job: _Job, run: Run) -> None:
        """Write down how a job ended and tell the world."""
        self._jobs.pop(job.run.id, None)
        job.run = run
        if run.status is not RunStatus.DONE:
            await asyncio.to_thread(self.backtester.files.save, run)
        await self._record(run)
        await self._prune()

    async def _record(self, run: Run, cause: Meta | None = None) -> None:
        """Commit the end of a run together with its event."""
        async with self._runtime.database.transaction() as tx:
            await self._store.change(tx, run)
            tx.publish(RunFinished(run=run), cause=cause)

    async def _recover(self) -> None:
        """After a restart: queue what waited, take over what was done, fail what was cut off."""
        await asyncio.to_thread(self.backtester.files.sweep)
        async with self._runtime.database.reading() as tx:
            left = await self._store.open(tx)
        for run in left:
            if run.id in self._jobs:
                continue
            if self.backtester.files.exists(run.id):
                await self._record(self.backtester.files.load(run.id))
            elif run.status is RunStatus.QUEUED:
                job = self._jobs[run.id] = _Job(run)
                self._queue.put_nowait(job)
            else:
                await self._finish(_Job(run), _over(run, RunStatus.FAILED, _INTERRUPTED))

    async def _prune(self) -> None:
        """Delete the oldest runs that are over, beyond the number to keep."""
        files = self.backtester.files
        async with self._runtime.database.reading() as tx:
            closed = set(await self._store.closed_ids(tx))
        closed |= set(await asyncio.to_thread(files.ids))
        surplus = sorted(closed - set(self._jobs), reverse=True)[self.settings.kept_runs :]
        for run_id in surplus:
            async with self._runtime.database.transaction() as tx:
                await self._store.remove(tx, run_id)
            await asyncio.to_thread(files.remove, run_id)

    def _check(self, request: BacktestRequest) -> None:
        """Refuse what could never run. A server opens datasets of its store, never paths."""
        check_request(request, self.backtester.catalog.get(request.strategy))
        known = self.backtester.datasets.list()
        if not any(request.dataset in (info.name, info.hash) for info in known):
            there = ", ".join(sorted(info.name for info in known)) or "none yet"
            raise NotFound(
                f"no dataset {request.dataset[:60]!r}; there are: {there}",
                code="engine.dataset_not_found",
            )


def _same(known: Run, request: BacktestRequest) -> Run:
    """Return the run of a repeated command. Raises `Conflict` if it asked for something else."""
    if known.request != request:
        raise Conflict("this key began another backtest; use a new key", code="engine.key_reused")
    return known


def _over(run: Run, status: RunStatus, error: str) -> Run:
    """Return the record of a run that ended without a result."""
    return msgspec.structs.replace(run, status=status, error=error)
