"""The service drops what it has in memory and takes it up again; nobody can tell afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from fks.contexts.execution.domain.desks import CompiledDesk
from fks.contexts.execution.store import SessionStore
from fks.contracts.execution import (
    GetEquity,
    GetSession,
    ListFills,
    ListOrders,
    PauseSession,
    ResumeSession,
    Session,
    SessionStatus,
    StartSession,
    StopSession,
)
from fks.kernel.clock import ManualClock
from fks.kernel.errors import Unavailable
from fks.kernel.health import Status
from fks.kernel.messages import Query
from fks.kernel.testing import RunningApp, running_app

Start = Callable[..., StartSession]
BARS = 150


async def ask(app: RunningApp, query: Query[Any]) -> Any:
    """Ask over the bus."""
    return await app.runtime.bus.ask(query, timeout_s=10)


async def ended(app: RunningApp, session_id: str) -> Session:
    """Wait until a session is over and return it."""
    async with asyncio.timeout(30):
        while True:
            session: Session = await ask(app, GetSession(session_id=session_id))
            if session.status not in (SessionStatus.RUNNING, SessionStatus.PAUSED):
                return session
            await asyncio.sleep(0.01)


async def undecided(app: RunningApp, session_id: str) -> None:
    """Wait until a session has matched a bar and waits for the decisions at it."""
    async with asyncio.timeout(10):
        while True:
            if not (await ask(app, GetSession(session_id=session_id))).decided:
                return
            await asyncio.sleep(0.01)


async def record(app: RunningApp, session_id: str) -> list[list[tuple[Any, ...]]]:
    """Return what is stored of a session, without its id."""
    orders = (await ask(app, ListOrders(session_id=session_id))).orders
    fills = (await ask(app, ListFills(session_id=session_id))).fills
    points = (await ask(app, GetEquity(session_id=session_id))).points
    return [
        [(o.id, o.side, o.type, o.quantity, o.status, o.limit_price, o.stop_price) for o in orders],
        [(f.id, f.order_id, f.quantity, f.price, f.fee, f.position) for f in fills],
        [(p.ts_ns, p.equity, p.position) for p in points],
    ]


@pytest.fixture
def app_in(feeder: ModuleType) -> Callable[..., AbstractAsyncContextManager[RunningApp]]:
    """Return a function that runs execution and a feeder in a home folder."""

    def run(home: Path, plugin: Any = None, **more: Any) -> Any:
        plugins = [plugin or feeder.Plugin(BARS)]
        return running_app(home=home, contexts=["execution", "feeder"], plugins=plugins, **more)

    return run


@pytest.fixture
async def straight(app_in: Any, tmp_path: Path, start: Start) -> list[list[tuple[Any, ...]]]:
    """Return the record of a run that nothing disturbed."""
    async with app_in(tmp_path / "straight") as app:
        session = await ask(app, start())
        await ended(app, session.id)
        return await record(app, session.id)


async def test_writes_that_fail_are_made_good(
    app_in: Any,
    tmp_path: Path,
    start: Start,
    straight: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Lost: a database that is away for a moment would cost a bar, or double one."""
    write, calls = SessionStore.write, 0

    async def flaky(self: SessionStore, *args: Any) -> None:
        nonlocal calls
        calls += 1
        await write(self, *args)
        if calls in (1, 20, 21, 70):
            raise Unavailable("the database went away")

    monkeypatch.setattr(SessionStore, "write", flaky)
    async with app_in(tmp_path / "flaky") as app:
        session = await ask(app, start())
        assert (await ended(app, session.id)).status is SessionStatus.FINISHED
        assert await record(app, session.id) == straight


async def test_a_session_written_by_somebody_else_is_taken_up_from_what_is_stored(
    app_in: Any, tmp_path: Path, start: Start, straight: Any
) -> None:
    """Lost: two processes on one database would overwrite each other's orders."""
    async with app_in(tmp_path / "shared") as app:
        session = await ask(app, start())
        for _ in range(3):
            async with app.runtime.database.transaction() as tx:
                await tx.execute(text("UPDATE execution_snapshots SET revision = revision + 1"))
            await asyncio.sleep(0.1)
        assert (await ended(app, session.id)).status is SessionStatus.FINISHED
        assert await record(app, session.id) == straight


async def test_a_paused_session_outlives_its_process_and_recovers_when_resumed(
    app_in: Any, tmp_path: Path, start: Start, straight: Any
) -> None:
    """Lost: a restart would unpause sessions, or leave them paused for ever."""
    home = tmp_path / "paused"
    async with app_in(home) as app:
        session = await ask(app, start())
        await ask(app, PauseSession(key="p", session_id=session.id))
    async with app_in(home) as app:
        await asyncio.sleep(0.1)
        paused = await ask(app, GetSession(session_id=session.id))
        assert paused.status is SessionStatus.PAUSED
        assert paused.last_index < BARS - 1
        await ask(app, ResumeSession(key="r", session_id=session.id))
        assert (await ended(app, session.id)).status is SessionStatus.FINISHED
        assert await record(app, session.id) == straight


async def test_a_paused_session_can_be_stopped_by_a_process_that_never_held_it(
    app_in: Any, tmp_path: Path, start: Start
) -> None:
    """Lost: after a restart a paused session could not be got rid of."""
    async with app_in(tmp_path) as app:
        session = await ask(app, start())
        await ask(app, PauseSession(key="p", session_id=session.id))
    async with app_in(tmp_path) as app:
        stopped = await ask(app, StopSession(key="s", session_id=session.id))
        assert stopped.status is SessionStatus.STOPPED
        assert all(
            o.status.value != "accepted"
            for o in (await ask(app, ListOrders(session_id=session.id))).orders
        )


async def test_a_session_that_breaks_the_service_is_failed_and_the_others_go_on(
    app_in: Any,
    tmp_path: Path,
    feeder: ModuleType,
    start: Start,
    straight: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Lost: one session with a bug in its path would stop all trading."""
    on_bar, fatal_ts_ns = CompiledDesk.on_bar, feeder.bar("", 17).ts_ns

    class Breaking(CompiledDesk):
        """A desk with a bug at one bar, for accounts of one size."""

        def on_bar(self, ts_ns: int, *ticks: int) -> None:
            """Break."""
            if ts_ns == fatal_ts_ns and self.cash < 50_000:
                raise ZeroDivisionError
            on_bar(self, ts_ns, *ticks)

    monkeypatch.setattr("fks.contexts.execution.domain.desks.CompiledDesk", Breaking)
    config = msgspec.structs.replace(start().config, cash=40_000.0)
    async with app_in(tmp_path / "broken") as app:
        broken = await ask(app, start(key="poor", config=config))
        sound = await ask(app, start())
        over = await ended(app, broken.id)
        assert (over.status, over.last_index) == (SessionStatus.FAILED, 16)
        assert "broke off 3 times after this bar" in over.error
        assert (await ended(app, sound.id)).status is SessionStatus.FINISHED
        assert await record(app, sound.id) == straight


async def test_a_snapshot_nobody_can_read_fails_its_session_only(
    app_in: Any, tmp_path: Path, start: Start
) -> None:
    """Lost: one damaged row would keep all sessions from recovering."""
    async with app_in(tmp_path, start_services=False) as app:
        session = await ask(app, start())
        async with app.runtime.database.transaction() as tx:
            await tx.execute(text("UPDATE execution_snapshots SET desk = x'00'"))
    async with app_in(tmp_path) as app:
        over = await ended(app, session.id)
        assert over.status is SessionStatus.FAILED
        assert over.error
        other = await ask(app, start(key="key-2"))
        assert (await ended(app, other.id)).status is SessionStatus.FINISHED


async def test_health_says_when_a_session_waits_for_its_strategy_in_vain(
    app_in: Any, tmp_path: Path, feeder: ModuleType, start: Start
) -> None:
    """Lost: with no engine running, a session would simply stand still."""
    clock = ManualClock()
    plugin = feeder.Plugin(BARS)
    async with app_in(tmp_path, plugin, clock=clock) as app:

        async def silent(*_: Any) -> None:
            """Decide nothing."""

        plugin.feeder.decide = silent
        session = await ask(app, start())
        await undecided(app, session.id)
        assert (await app.app.health())["execution"].status is Status.HEALTHY
        clock.advance_ns(16_000_000_000)
        health = (await app.app.health())["execution"]
        assert health.status is Status.DEGRADED
        assert "has waited 16 s for the decisions of feeder at bar 0" in health.message
        metrics, _ = app.app.metrics.render()
        assert b'fks_execution{what="sessions_held"} 1.0' in metrics
        await ask(app, StopSession(key="s", session_id=session.id))
        assert (await app.app.health())["execution"].status is Status.HEALTHY
