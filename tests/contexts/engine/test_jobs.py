"""Backtests over the bus: queued, watched, cancelled, and what a restart leaves of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.contexts.engine import stubborn

from fks.contexts.engine.adapters.run_files import RunFiles
from fks.contracts.engine import (
    BacktestRequest,
    CancelRun,
    CompareRuns,
    GetRun,
    GetRunReport,
    GetRunSeries,
    GetRunTrades,
    ListRuns,
    ListStrategies,
    Run,
    RunFinished,
    RunProgressed,
    RunStatus,
    ScanSignals,
    StartBacktest,
)
from fks.kernel.errors import Conflict, Invalid, NotFound
from fks.kernel.messages import Query
from fks.kernel.testing import RunningApp, running_app

REQUEST = BacktestRequest(strategy="sma_cross", dataset="sp500_daily", quantity=10.0)
CONTEXTS = ("data", "transformer", "execution", "engine")


@pytest.fixture(autouse=True)
def _gate() -> Iterator[None]:
    """Begin with the gate shut; open it at the end, so that no thread stays."""
    stubborn.GATE.clear()
    yield
    stubborn.GATE.set()


def running(home: Path, **settings: Any) -> AbstractAsyncContextManager[RunningApp]:
    """Run the app with the stubborn strategies."""
    return running_app(
        home=home, contexts=CONTEXTS, plugins=[stubborn], settings={"engine": settings}
    )


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[RunningApp]:
    """Run the app over an empty home."""
    async with running(tmp_path) as running_one:
        yield running_one


async def ask(app: RunningApp, query: Query[Any]) -> Any:
    """Ask over the bus."""
    return await app.runtime.bus.ask(query, timeout_s=20)


async def start(app: RunningApp, key: str, request: BacktestRequest = REQUEST) -> Run:
    """Start a backtest."""
    run: Run = await ask(app, StartBacktest(key=key, request=request))
    return run


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again until something has happened."""
    async with asyncio.timeout(20):
        while not await happened():  # noqa: ASYNC110  # it happens behind the bus
            await asyncio.sleep(0.01)


async def reached(app: RunningApp, run_id: str, *wanted: RunStatus) -> Run:
    """Wait until a run is in one of these states."""
    runs: list[Run] = []

    async def there() -> bool:
        runs.append(await ask(app, GetRun(run_id=run_id)))
        return runs[-1].status in wanted

    await until(there)
    return runs[-1]


def named(strategy: str) -> BacktestRequest:
    """Return a request for another strategy."""
    return msgspec.structs.replace(REQUEST, strategy=strategy)


async def test_a_job_runs_and_its_results_can_be_asked_for(app: RunningApp) -> None:
    """It is what the screens do."""
    queued = await start(app, "k1")
    assert queued.status is RunStatus.QUEUED
    run = await reached(app, queued.id, RunStatus.DONE, RunStatus.FAILED)
    assert run.status is RunStatus.DONE, run.error
    assert run.progress == 1.0
    series = await ask(app, GetRunSeries(run_id=run.id, points=500))
    assert series.total == run.bars
    assert len(series.equity) <= 500
    assert series.equity[-1] == run.final_equity
    traded = await ask(app, GetRunTrades(run_id=run.id, limit=10))
    assert (len(traded.fills), traded.total_fills) == (10, run.fills)
    assert "<html" in (await ask(app, GetRunReport(run_id=run.id))).html
    other = await start(app, "k2", msgspec.structs.replace(REQUEST, quantity=5.0))
    await reached(app, other.id, RunStatus.DONE)
    compared = await ask(app, CompareRuns(run_ids=(run.id, other.id)))
    assert compared.differences["quantity"] == ("10", "5")
    assert [r.id for r in (await ask(app, ListRuns())).runs] == [other.id, run.id]


async def test_a_command_told_twice_starts_one_backtest(app: RunningApp) -> None:
    """Networks and people repeat themselves."""
    first, again = await start(app, "same"), await start(app, "same")
    assert first.id == again.id
    with pytest.raises(Conflict, match="key"):
        await start(app, "same", named("breakout"))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"strategy": "nope"}, NotFound, "there are: breakout"),
        ({"dataset": "nope"}, NotFound, "sp500_daily"),
        ({"dataset": "/etc/passwd"}, NotFound, "no dataset"),
        ({"params": {"fast": 0}}, Invalid, ">= 1"),
        ({"tier": "warp"}, Invalid, "it has batch, trigger, bar"),
        ({"quantity": float("inf")}, Invalid, "quantity must be"),
    ],
)
async def test_what_could_never_run_is_refused_at_once(
    app: RunningApp, change: dict[str, Any], error: type[Exception], words: str
) -> None:
    """A job that can only fail must not wait in a queue first; a path is no dataset here."""
    with pytest.raises(error, match=words):
        await start(app, "bad", msgspec.structs.replace(REQUEST, **change))
    assert (await ask(app, ListRuns())).runs == ()


async def test_a_failing_strategy_fails_its_run_and_nothing_else(app: RunningApp) -> None:
    """One bad strategy among many jobs is the normal case."""
    bad, good = await start(app, "bad", named("failing")), await start(app, "good")
    failed = await reached(app, bad.id, RunStatus.FAILED, RunStatus.DONE)
    assert failed.status is RunStatus.FAILED
    assert "failing failed at stubborn.py:" in failed.error
    assert "ZeroDivisionError: one hundred" in failed.error
    assert (await reached(app, good.id, RunStatus.DONE)).error == ""
    with pytest.raises(NotFound, match="is failed and has no report"):
        await ask(app, GetRunReport(run_id=bad.id))


async def test_five_run_at_once_and_queued_and_running_ones_can_be_cancelled(
    app: RunningApp,
) -> None:
    """A sweep by hand must neither choke the machine nor be unstoppable."""
    ids = [(await start(app, f"k{n}", named("waiting"))).id for n in range(6)]
    for run_id in ids[:5]:
        await reached(app, run_id, RunStatus.RUNNING)
    assert (await ask(app, GetRun(run_id=ids[5]))).status is RunStatus.QUEUED
    cancelled = await ask(app, CancelRun(key="c", run_id=ids[5]))
    assert cancelled.status is RunStatus.CANCELLED
    for run_id in ids[:5]:
        await ask(app, CancelRun(key=f"c{run_id}", run_id=run_id))
    stubborn.GATE.set()
    for run_id in ids[:5]:
        # One chunk holds all bars of this dataset, so a run may also come to its end.
        await reached(app, run_id, RunStatus.CANCELLED, RunStatus.DONE)


async def test_progress_and_end_are_told(tmp_path: Path) -> None:
    """A person watches a bar move, and a script waits for the end; both listen."""
    told: list[Any] = []

    class Listener:
        """A context that listens."""

        @staticmethod
        def fks_manifest() -> Any:
            """Name it."""
            from fks.kernel.manifest import Manifest

            return Manifest(name="listener", summary="Listens", uses=("engine",))

        @staticmethod
        def fks_wire(runtime: Any, wiring: Any) -> None:
            """Listen."""

            async def note(event: Any, meta: Any) -> None:
                told.append(event)

            wiring.on(RunProgressed, note)
            wiring.on(RunFinished, note)

    from fks.kernel.hooks import impl

    for name in ("fks_manifest", "fks_wire"):
        setattr(Listener, name, staticmethod(impl(getattr(Listener, name))))
    async with running_app(
        home=tmp_path, contexts=(*CONTEXTS, "listener"), plugins=[Listener]
    ) as app:
        run = await reached(app, (await start(app, "k")).id, RunStatus.DONE)

        async def ended() -> bool:
            return any(isinstance(event, RunFinished) for event in told)

        await until(ended)
    progress = [event for event in told if isinstance(event, RunProgressed)]
    finished = [event for event in told if isinstance(event, RunFinished)]
    assert [event.run for event in finished] == [run]
    assert [event.bars for event in progress] == sorted(event.bars for event in progress)
    assert all(event.run_id == run.id and 0 < event.progress <= 1 for event in progress)


async def test_a_restart_fails_what_ran_runs_what_waited_and_keeps_what_was_done(
    tmp_path: Path,
) -> None:
    """After a crash every run must be in a state that a person can act on."""
    async with running(tmp_path, concurrent_runs=1) as app:
        done = await reached(app, (await start(app, "done")).id, RunStatus.DONE)
        cut = await start(app, "cut", named("waiting"))
        await reached(app, cut.id, RunStatus.RUNNING)
        waited = await start(app, "waited")
    stubborn.GATE.set()
    async with running(tmp_path, concurrent_runs=1) as app:
        failed = await reached(app, cut.id, RunStatus.FAILED)
        assert "interrupted by a restart" in failed.error
        assert "start it again" in failed.error
        ran = await reached(app, waited.id, RunStatus.DONE)
        assert ran.final_equity == done.final_equity
        assert await ask(app, GetRun(run_id=done.id)) == done
        assert (await start(app, "done")).id == done.id


async def test_a_run_whose_files_were_complete_at_the_crash_is_done(tmp_path: Path) -> None:
    """Work that is safely on disk must not be thrown away for a missing line of SQL."""
    async with running(tmp_path) as app:
        done = await reached(app, (await start(app, "k")).id, RunStatus.DONE)
        await _forget_the_end(app, done)
    async with running(tmp_path) as app:
        assert await reached(app, done.id, RunStatus.DONE, RunStatus.FAILED) == done


async def _forget_the_end(app: RunningApp, run: Run) -> None:
    """Put the record back to what it was before the run ended."""
    from fks.contexts.engine.store import RunStore

    async with app.runtime.database.transaction() as tx:
        await RunStore().change(tx, msgspec.structs.replace(run, status=RunStatus.RUNNING))


async def test_only_the_newest_runs_are_kept_with_their_files(tmp_path: Path) -> None:
    """Jobs of a year must not fill the disk."""
    async with running(tmp_path, kept_runs=2) as app:
        ids = []
        for n in range(4):
            ids.append((await reached(app, (await start(app, f"k{n}")).id, RunStatus.DONE)).id)

        async def pruned() -> bool:
            return len((await ask(app, ListRuns())).runs) == 2

        await until(pruned)
        assert [run.id for run in (await ask(app, ListRuns())).runs] == [ids[3], ids[2]]
        assert RunFiles(tmp_path).ids() == (ids[3], ids[2])


async def test_the_current_signals_name_every_strategy_and_dataset(app: RunningApp) -> None:
    """`/signals` is what the screen of the day begins with."""
    stubborn.GATE.set()
    names = {info.name for info in (await ask(app, ListStrategies())).strategies}
    found = (await ask(app, ScanSignals())).signals
    assert {signal.strategy for signal in found} == names
    sides = {(s.meta["dataset"], s.strategy): s for s in found}
    sma = sides["sp500_daily", "sma_cross"]
    assert sma.side in ("long", "flat")
    assert 0.0 <= sma.strength <= 1.0
    failing = sides["sp500_daily", "failing"]
    assert "ZeroDivisionError" in failing.meta["error"]
    one = (await ask(app, ScanSignals(symbol=sma.symbol))).signals
    assert {signal.symbol for signal in one} == {sma.symbol}
    with pytest.raises(NotFound, match="no dataset for symbol"):
        await ask(app, ScanSignals(symbol="NOPE"))
