"""Sessions in a real app: started, run, steered, ended; data and engine are the feeder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from fks.contracts.data import ReplayFinished
from fks.contracts.engine import BarDecided
from fks.contracts.execution import (
    GetEquity,
    GetSession,
    ListFills,
    ListOrders,
    ListPositions,
    ListSessions,
    OrderAccepted,
    OrderFilled,
    OrderStatus,
    PauseSession,
    ResumeSession,
    Session,
    SessionStatus,
    StartSession,
    StopSession,
)
from fks.kernel.errors import Conflict, Invalid, NotFound
from fks.kernel.messages import Query
from fks.kernel.testing import RunningApp, running_app

Start = Callable[..., StartSession]


@pytest.fixture
def app_with(
    tmp_path: Path, feeder: ModuleType
) -> Callable[..., AbstractAsyncContextManager[RunningApp]]:
    """Return a function that runs execution with a given feeder plugin."""

    def run(plugin: Any, **settings: Any) -> AbstractAsyncContextManager[RunningApp]:
        return running_app(
            home=tmp_path,
            contexts=["execution", "feeder"],
            plugins=[plugin],
            settings={"execution": settings},
        )

    return run


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


async def reached(app: RunningApp, session_id: str, index: int) -> None:
    """Wait until a session has matched bar `index`."""
    async with asyncio.timeout(30):
        while True:
            session: Session = await ask(app, GetSession(session_id=session_id))
            if session.last_index >= index:
                return
            await asyncio.sleep(0.01)


async def test_a_session_runs_to_its_end_and_everything_told_is_stored(
    app_with: Any, feeder: ModuleType, start: Start
) -> None:
    """Lost: what the screen showed live would differ from what is found later."""
    plugin = feeder.Plugin(bars=120)
    async with app_with(plugin) as app:
        session = await ask(app, start())
        assert session.status is SessionStatus.RUNNING
        over = await ended(app, session.id)
        assert (over.status, over.last_index, over.decided) == (SessionStatus.FINISHED, 119, True)
        orders = (await ask(app, ListOrders(session_id=session.id))).orders
        fills = (await ask(app, ListFills(session_id=session.id))).fills
        curve = (await ask(app, GetEquity(session_id=session.id))).points
        told = plugin.feeder.heard
    accepted = [e.order for e in told if isinstance(e, OrderAccepted)]
    filled = [e.fill for e in told if isinstance(e, OrderFilled)]
    assert [o.id for o in orders] == list(range(1, len(orders) + 1))
    assert [o.id for o in accepted] == [
        o.id for o in orders if o.status is not OrderStatus.REJECTED
    ]
    assert tuple(filled) == fills
    assert {o.status for o in orders} >= {OrderStatus.FILLED, OrderStatus.CANCELLED}
    assert all(o.signal_id.startswith(session.id) for o in orders)
    assert len(curve) == 120
    assert (curve[-1].equity, curve[-1].position) == (over.equity, over.position)
    assert (over.orders, over.fills) == (len(orders), len(fills))
    assert plugin.feeder.over[-1] == over


async def test_the_same_key_is_the_same_session(
    app_with: Any, feeder: ModuleType, start: Start
) -> None:
    """Lost: a repeated click, or a redelivered command, would trade twice."""
    async with app_with(feeder.Plugin(bars=3)) as app:
        first, again = await asyncio.gather(ask(app, start()), ask(app, start()))
        assert first.id == again.id
        await ended(app, first.id)
    # The bus remembers keys only while it lives; a restart must not forget them.
    async with app_with(feeder.Plugin(bars=3)) as app:
        assert (await ask(app, start())) == await ask(app, GetSession(session_id=first.id))
        with pytest.raises(Conflict, match="key"):
            await ask(app, start(strategy="other"))
        other = await ask(app, start(key="key-2"))
        listed = (await ask(app, ListSessions())).sessions
        assert [s.id for s in listed] == [other.id, first.id]


async def test_a_key_stands_for_one_request_also_after_a_restart(
    app_with: Any, feeder: ModuleType, start: Start
) -> None:
    """Lost: another request under an old key would be answered with the wrong session."""
    async with app_with(feeder.Plugin(bars=3)) as app:
        first = await ask(app, start())
        await ended(app, first.id)
    async with app_with(feeder.Plugin(bars=3)) as app:
        with pytest.raises(Conflict, match=f"started session {first.id} with another request"):
            await ask(app, start(strategy="other"))


async def test_limits_left_out_come_from_the_settings_and_are_stored(
    app_with: Any, feeder: ModuleType, start: Start
) -> None:
    """Lost: a session without limits would be unlimited, and nobody could tell afterwards."""
    async with app_with(feeder.Plugin(bars=60), max_position_quantity=2.0) as app:
        session = await ask(app, start())
        limits = (await ended(app, session.id)).config.limits
        assert limits.max_order_quantity == 50.0
        assert limits.max_position_quantity == 2.0
        assert limits.max_order_notional == 1_000_000.0


@pytest.mark.parametrize(
    "changes",
    [
        {"key": ""},
        {"bars_per_second": -1.0},
        {"bars_per_second": float("nan")},
        {"from_ts_ns": 5, "to_ts_ns": 5},
    ],
)
async def test_a_session_that_makes_no_sense_is_refused_and_leaves_nothing(
    app_with: Any, feeder: ModuleType, start: Start, changes: dict[str, Any]
) -> None:
    """Lost: a session that can never run would stay in the list as running."""
    async with app_with(feeder.Plugin(bars=3)) as app:
        with pytest.raises(Invalid):
            await ask(app, start(**changes))
        assert (await ask(app, ListSessions())).sessions == ()


async def test_there_is_a_limit_to_the_sessions_that_run(
    app_with: Any, feeder: ModuleType, start: Start
) -> None:
    """Lost: a loop in a script would start sessions until the machine is full."""
    async with app_with(feeder.Plugin(bars=10**6), max_sessions=1) as app:
        first = await ask(app, start())
        with pytest.raises(Conflict, match="max_sessions"):
            await ask(app, start(key="key-2"))
        await ask(app, StopSession(key="s", session_id=first.id))
        await ask(app, start(key="key-2"))


async def test_a_paused_session_holds_still_and_goes_on_where_it_was(
    app_with: Any, feeder: ModuleType, start: Start
) -> None:
    """Lost: a pause would lose bars, or not pause."""
    async with app_with(feeder.Plugin(bars=400)) as app:
        session = await ask(app, start())
        paused = await ask(app, PauseSession(key="p", session_id=session.id))
        assert paused.status is SessionStatus.PAUSED
        with pytest.raises(Conflict, match="is paused and cannot be paused"):
            await ask(app, PauseSession(key="p2", session_id=session.id))
        again = await ask(app, PauseSession(key="p", session_id=session.id))
        assert (again.id, again.status) == (session.id, SessionStatus.PAUSED)
        await asyncio.sleep(0.1)
        before = await ask(app, GetSession(session_id=session.id))
        await asyncio.sleep(0.1)
        assert await ask(app, GetSession(session_id=session.id)) == before
        assert before.last_index < 399
        await ask(app, ResumeSession(key="r", session_id=session.id))
        over = await ended(app, session.id)
        assert (over.status, over.last_index) == (SessionStatus.FINISHED, 399)
        assert len((await ask(app, GetEquity(session_id=session.id))).points) == 400


async def test_stopping_cancels_what_rests_and_is_final(
    app_with: Any, feeder: ModuleType, start: Start
) -> None:
    """Lost: orders of a stopped session would look as if they could still be filled."""
    async with app_with(feeder.Plugin(bars=10**6)) as app:
        session = await ask(app, start())
        await reached(app, session.id, 20)
        stopped = await ask(app, StopSession(key="s", session_id=session.id))
        assert stopped.status is SessionStatus.STOPPED
        orders = (await ask(app, ListOrders(session_id=session.id))).orders
        assert all(o.status is not OrderStatus.ACCEPTED for o in orders)
        assert (await ask(app, StopSession(key="s", session_id=session.id))) == stopped
        for wish in (StopSession, PauseSession, ResumeSession):
            with pytest.raises(Conflict, match="is stopped and cannot be"):
                await ask(app, wish(key="x", session_id=session.id))
        assert (await ask(app, ListPositions())).positions == ()


async def test_a_strategy_that_fails_ends_its_session_with_the_reason(
    app_with: Any, feeder: ModuleType, start: Start
) -> None:
    """Lost: a broken strategy would leave a session that runs for ever and does nothing."""
    async with app_with(feeder.Plugin(bars=10**6)) as app:
        session = await ask(app, start())
        await app.runtime.bus.publish(
            BarDecided(
                session_id=session.id,
                bar_ts_ns=0,
                bar_index=0,
                signals=0,
                error="ZeroDivisionError: division by zero",
            )
        )
        over = await ended(app, session.id)
        assert over.status is SessionStatus.FAILED
        assert over.error == "strategy: ZeroDivisionError: division by zero"
        orders = (await ask(app, ListOrders(session_id=session.id))).orders
        assert all(o.status is not OrderStatus.ACCEPTED for o in orders)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"close": float("nan")}, "which no desk can hold"),
        ({"close": 1e300}, "which no desk can hold"),
        ({"ts_ns": 0}, "does not open after the bar before it"),
        ({"index": 10**9}, "came out of bounds"),
    ],
)
async def test_a_bar_no_desk_can_take_fails_the_session(
    app_with: Any, feeder: ModuleType, start: Start, change: dict[str, Any], reason: str
) -> None:
    """Lost: one bad bar would stop the service that runs all sessions."""
    plugin = feeder.Plugin(bars=0)
    async with app_with(plugin) as app:
        plugin.feeder.bars = -10  # nothing is sent by itself
        session = await ask(app, start())
        bus = app.runtime.bus
        await bus.publish(feeder.bar(session.id, 0))
        bad = msgspec.structs.replace(feeder.bar(session.id, 1), **change)
        await bus.publish(bad)
        over = await ended(app, session.id)
        assert over.status is SessionStatus.FAILED
        assert reason in over.error


async def test_a_replay_that_fails_or_is_empty_ends_the_session(
    app_with: Any, feeder: ModuleType, start: Start
) -> None:
    """Lost: a session on a dataset that is gone would wait for ever."""
    plugin = feeder.Plugin(bars=0)
    async with app_with(plugin) as app:
        empty = await ask(app, start())
        assert (await ended(app, empty.id)).status is SessionStatus.FINISHED
        plugin.feeder.bars = -10
        failing = await ask(app, start(key="key-2"))
        await app.runtime.bus.publish(ReplayFinished(stream=failing.id, bars=0, error="no file"))
        over = await ended(app, failing.id)
        assert (over.status, over.error) == (SessionStatus.FAILED, "replay: no file")


async def test_what_nobody_has_heard_of_is_not_found_and_stray_bars_are_ignored(
    app_with: Any, feeder: ModuleType, start: Start
) -> None:
    """Lost: another feed on the bus would disturb the sessions."""
    async with app_with(feeder.Plugin(bars=5)) as app:
        await app.runtime.bus.publish(feeder.bar("live-feed", 0))
        with pytest.raises(NotFound):
            await ask(app, GetSession(session_id="nobody"))
        with pytest.raises(NotFound):
            await ask(app, StopSession(key="s", session_id="nobody"))
        with pytest.raises(Invalid):
            await ask(app, ListSessions(limit=0))
        session = await ask(app, start())
        assert (await ended(app, session.id)).status is SessionStatus.FINISHED
