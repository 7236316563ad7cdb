"""Start, pause, resume and stop sessions: each wish has its effect once."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable

import msgspec

from fks.contexts.execution.domain.paper import PaperSession
from fks.contexts.execution.domain.records import Outcome
from fks.contexts.execution.service.holding import Held, Holding
from fks.contexts.execution.settings import ExecutionSettings
from fks.contexts.execution.store import SessionStore
from fks.contracts.execution import (
    DeskConfig,
    Desks,
    PauseSession,
    ResumeSession,
    RiskLimits,
    Session,
    SessionRecovered,
    SessionStarted,
    SessionStatus,
    StartSession,
    StopSession,
)
from fks.kernel.clock import Clock
from fks.kernel.errors import Conflict, Invalid
from fks.kernel.ids import IdSource, content_hash
from fks.kernel.messages import Event, topic_of
from fks.kernel.persistence import Database

__all__ = ["Steering"]

_RUNNING, _PAUSED, _STOPPED = SessionStatus.RUNNING, SessionStatus.PAUSED, SessionStatus.STOPPED


class Steering:
    """The commands of execution."""

    def __init__(
        self,
        database: Database,
        store: SessionStore,
        holding: Holding,
        desks: Desks,
        settings: ExecutionSettings,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._database = database
        self._store = store
        self._holding = holding
        self._desks = desks
        self._settings = settings
        self._clock = clock
        self._ids = ids
        self._starting = asyncio.Lock()

    async def start(self, command: StartSession) -> Session:
        """Start a session; the same key again is the same session.

        Raises `Invalid` when it could not be traded as asked, `Conflict` when the key stands for
        another request or there are as many sessions as may be.
        """
        digest = _digest(command)
        async with self._starting:
            async with self._database.reading() as tx:
                known = await self._store.started_by(tx, command.key)
            if known is None:
                return await self._begin(command, digest)
        session, before = known
        if before != digest:
            raise Conflict(
                f"this key started session {session.id} with another request",
                code="execution.key_reused",
            )
        return session

    async def pause(self, command: PauseSession) -> Session:
        """Hold a running session after the bar it is at."""
        return await self._turn(command, _PAUSED, (_RUNNING,), lambda live: live.turn(_PAUSED))

    async def resume(self, command: ResumeSession) -> Session:
        """Let a paused session go on, from what is stored if this process did not hold it."""
        return await self._turn(command, _RUNNING, (_PAUSED,), lambda live: live.turn(_RUNNING))

    async def stop(self, command: StopSession) -> Session:
        """End a session for good; what rests is cancelled."""
        return await self._turn(
            command, _STOPPED, (_RUNNING, _PAUSED), lambda live: live.end(_STOPPED)
        )

    async def _begin(self, command: StartSession, digest: str) -> Session:
        """Make the desk, store the session, and tell the world."""
        _check(command)
        config = msgspec.structs.replace(command.config, limits=self._limits(command.config))
        session = Session(
            id=self._ids.new(),
            strategy=command.strategy,
            params=command.params,
            dataset=command.dataset,
            dataset_hash=command.dataset_hash,
            config=config,
            status=_RUNNING,
            created_at_ns=self._clock.now_ns(),
            from_ts_ns=command.from_ts_ns,
            to_ts_ns=command.to_ts_ns,
            bars_per_second=command.bars_per_second,
            equity=config.cash,
        )
        live = PaperSession(session, self._desks.make(config), ahead=self._settings.max_bars_ahead)
        async with self._holding.lock(session.id):
            with contextlib.ExitStack() as undo:
                # Held before the commit: the first bar may come right after it.
                self._holding.put(live)
                undo.callback(self._holding.drop, session.id)
                async with self._database.transaction() as tx:
                    if await self._store.count_living(tx) >= self._settings.max_sessions:
                        raise Conflict(
                            f"{self._settings.max_sessions} sessions are running or paused, and "
                            "execution.max_sessions allows no more: stop one first",
                            code="execution.too_many_sessions",
                        )
                    await self._store.insert(tx, live, command.key, digest)
                    tx.publish(SessionStarted(session=session))
                undo.pop_all()
        return session

    async def _turn(
        self,
        command: PauseSession | ResumeSession | StopSession,
        status: SessionStatus,
        allowed: tuple[SessionStatus, ...],
        change: Callable[[PaperSession], Outcome],
    ) -> Session:
        """Change the state of a session once per key."""
        session_id = command.session_id
        async with self._holding.hold(session_id) as held:
            with contextlib.ExitStack() as undo:
                async with self._database.transaction() as tx:
                    if not await tx.first_time(topic_of(type(command)), command.key):
                        return held.session
                    live = held.live
                    if live is None or held.session.status not in allowed:
                        raise _wrong_state(held.session, status)
                    # From here on memory runs ahead of the database until the commit.
                    undo.callback(self._holding.lose, session_id)
                    outcome = change(live)
                    await self._store.write(tx, live, outcome)
                    if status is _RUNNING:
                        self._holding.put(live)
                    for event in [*outcome.events, *_recovery(held, live, status)]:
                        tx.publish(event)
                undo.pop_all()
            live.revision += 1
        if status is _STOPPED:
            self._holding.drop(session_id)
            self._holding.counts["sessions_stopped"] += 1
        elif live.ready():
            self._holding.wake(session_id)
        return live.session

    def _limits(self, config: DeskConfig) -> RiskLimits:
        """Return the limits of a request, those left out filled in from the settings."""
        limits, own = config.limits, self._settings
        return RiskLimits(
            max_order_quantity=_or(limits.max_order_quantity, own.max_order_quantity),
            max_position_quantity=_or(limits.max_position_quantity, own.max_position_quantity),
            max_order_notional=_or(limits.max_order_notional, own.max_order_notional),
            max_open_orders=min(limits.max_open_orders, own.max_open_orders),
            allow_short=limits.allow_short,
        )


def _recovery(held: Held, live: PaperSession, status: SessionStatus) -> list[Event]:
    """Return what engine and data need when a session resumes that nobody held in memory."""
    if status is _RUNNING and not held.resident:
        return [SessionRecovered(session=live.session)]
    return []


def _or(limit: float | None, default: float) -> float:
    """Return a limit, or the one of the settings."""
    return default if limit is None else limit


def _digest(command: StartSession) -> str:
    """Return a hash of all of a request but its key."""
    plain = msgspec.structs.replace(command, key="")
    return content_hash(msgspec.json.Encoder(order="deterministic").encode(plain))


def _given(limits: RiskLimits) -> tuple[float | None, ...]:
    """Return the limits of a request."""
    return (
        limits.max_order_quantity,
        limits.max_position_quantity,
        limits.max_order_notional,
        limits.max_open_orders,
    )


def _check(command: StartSession) -> None:
    """Refuse what no desk would notice."""
    problem = ""
    if not command.key:
        problem = "a command needs a key"
    elif not (math.isfinite(command.config.cash) and command.config.cash > 0):
        problem = f"cash must be a positive amount, not {command.config.cash}"
    elif not (math.isfinite(command.config.quantity) and command.config.quantity > 0):
        problem = f"quantity must be positive, not {command.config.quantity}"
    elif not (math.isfinite(command.bars_per_second) and command.bars_per_second >= 0):
        problem = f"bars_per_second is 0 (full speed) or more, not {command.bars_per_second}"
    elif command.from_ts_ns >= command.to_ts_ns:
        problem = "from_ts_ns must lie before to_ts_ns"
    elif any(limit is not None and not limit > 0 for limit in _given(command.config.limits)):
        problem = "a limit must be positive"
    if problem:
        raise Invalid(problem, code="execution.bad_session")


def _wrong_state(session: Session, wanted: SessionStatus) -> Conflict:
    """Return the error of a command that comes at the wrong time."""
    verb = {_PAUSED: "paused", _RUNNING: "resumed", _STOPPED: "stopped"}[wanted]
    reason = f" ({session.error})" if session.error else ""
    return Conflict(
        f"session {session.id} is {session.status.value}{reason} and cannot be {verb}",
        code="execution.wrong_state",
    )
