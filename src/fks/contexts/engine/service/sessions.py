"""Decide for paper sessions: make strategies, feed them what is heard, publish what they say.

What this process does not know, because it was restarted alone, it asks execution for and makes
again from the session's dataset: a strategy's state is a function of the bars it saw.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict

import structlog

from fks.contexts.engine.domain.backtest import Material, Plan, make_ride, prepare
from fks.contexts.engine.domain.live import Answer, LiveSession
from fks.contexts.engine.domain.parameters import tiers_of
from fks.contexts.engine.domain.runner import Ride
from fks.contexts.engine.domain.session import Stepper
from fks.contexts.engine.service.backtester import LocalBacktester
from fks.contexts.engine.settings import EngineSettings
from fks.contracts.columns import BarColumns
from fks.contracts.data import BarClosed
from fks.contracts.engine import BacktestRequest, BarDecided
from fks.contracts.execution import (
    BarMatched,
    GetSession,
    OrderFilled,
    Session,
    SessionStatus,
)
from fks.kernel.errors import Conflict, FksError
from fks.kernel.messages import Meta
from fks.kernel.runtime import Runtime

__all__ = ["LiveSessions"]

_log = structlog.get_logger("fks.engine.sessions")
_ASK_TIMEOUT_S = 10.0
_EARLY_STREAMS = 32
_OVER = (SessionStatus.STOPPED, SessionStatus.FINISHED, SessionStatus.FAILED)


class LiveSessions:
    """The strategies of all sessions this process decides for."""

    def __init__(self, runtime: Runtime, backtester: LocalBacktester) -> None:
        self._runtime = runtime
        self._backtester = backtester
        self._ahead = runtime.section("engine", EngineSettings).live_bars_ahead
        self._sessions: dict[str, LiveSession] = {}
        # Bars of streams nobody announced yet: the announcement may only have been overtaken.
        self._early: OrderedDict[str, dict[int, BarClosed]] = OrderedDict()

    @property
    def count(self) -> int:
        """Return how many sessions are decided for."""
        return len(self._sessions)

    def strategies(self) -> Counter[str]:
        """Return the strategies that are decided for, with how many sessions each."""
        return Counter(live.session.strategy for live in self._sessions.values())

    async def begin(self, session: Session, cause: Meta) -> None:
        """Make the strategy of a new session."""
        if session.id in self._sessions:
            return
        live = await self._make(session, cause)
        if live is not None:
            await self._adopt(live, cause)

    async def take_up(self, session: Session, cause: Meta) -> None:
        """Make the strategy of a session that goes on behind `session.last_index`."""
        if session.last_index < 0:
            self._sessions.pop(session.id, None)
            await self.begin(session, cause)
            return
        made = await self._remake(session, session.last_index + 1, cause)
        if made is not None:
            live, answer = made
            await self._publish(answer, cause)
            await self._adopt(live, cause)

    def end(self, session: Session) -> None:
        """Forget a session that is over."""
        if session.status in _OVER:
            self._sessions.pop(session.id, None)
            self._early.pop(session.id, None)

    async def on_bar(self, event: BarClosed, cause: Meta) -> None:
        """Take a bar of a session's stream."""
        live = self._sessions.get(event.stream)
        if live is None:
            self._keep_early(event)
            return
        await self._publish(live.on_bar(event), cause)

    def on_fill(self, event: OrderFilled) -> None:
        """Take a fill of a session."""
        live = self._sessions.get(event.session_id)
        if live is not None:
            live.on_fill(event.fill)

    async def on_matched(self, event: BarMatched, cause: Meta) -> None:
        """Decide at a bar that the desk has matched."""
        live = self._sessions.get(event.session_id)
        if live is not None:
            await self._publish(live.on_matched(event), cause)
            return
        session = await self._runtime.bus.ask(
            GetSession(session_id=event.session_id), timeout_s=_ASK_TIMEOUT_S, cause=cause
        )
        if session.status in _OVER:
            return
        _log.info("session_taken_up", session_id=session.id, bar_index=event.index)
        made = await self._remake(session, event.index + 1, cause)
        if made is not None:
            live, answer = made
            await self._publish(answer, cause)
            await self._adopt(live, cause)

    async def _make(self, session: Session, cause: Meta) -> LiveSession | None:
        """Make a strategy before its first bar, or tell execution why it cannot be."""
        try:
            _, ride, timeframe = await asyncio.to_thread(self._prepare, session)
        except FksError as error:
            await self._refuse(session, 0, error, cause)
            return None
        stepper = Stepper(ride.strategy, ride.pipeline, ride.tier)
        return LiveSession(session, timeframe, stepper, self._ahead)

    async def _remake(
        self, session: Session, bars: int, cause: Meta
    ) -> tuple[LiveSession, Answer] | None:
        """Make a strategy and run it over the session's first `bars` bars."""
        try:
            return await asyncio.to_thread(self._rerun, session, bars)
        except FksError as error:
            await self._refuse(session, bars - 1, error, cause)
            return None

    def _rerun(self, session: Session, bars: int) -> tuple[LiveSession, Answer]:
        """Do the work of `_remake`, in a thread."""
        plan, ride, timeframe = self._prepare(session)
        past: BarColumns = plan.material.bars
        if len(past) < bars:
            raise Conflict(
                f"session {session.id} is at bar {bars - 1}, its dataset has only {len(past)}",
                code="engine.dataset_changed",
            )
        stepper = Stepper(ride.strategy, ride.pipeline, ride.tier)
        live = LiveSession(session, timeframe, stepper, self._ahead)
        answer = live.take_up(past[:bars], ride.desk)
        # What was sent ahead to the process before this one will not be sent again to us.
        for index in range(bars, min(len(past), bars + self._ahead)):
            live.on_bar(_bar_of(past, index, session, timeframe))
        return live, answer

    def _prepare(self, session: Session) -> tuple[Plan, Ride, str]:
        """Open the dataset of a session and make its strategy, features and a fresh desk."""
        kind = self._backtester.catalog.get(session.strategy)
        dataset = self._backtester.datasets.open(session.dataset_hash or session.dataset)
        config = session.config
        tier = tiers_of(kind)[-1] if tiers_of(kind) else "auto"
        request = BacktestRequest(
            strategy=session.strategy,
            dataset=session.dataset,
            params=session.params,
            quantity=config.quantity,
            cash=config.cash,
            fill_rule=config.fill_rule,
            costs=config.costs,
            limits=config.limits,
            from_ts_ns=session.from_ts_ns,
            to_ts_ns=session.to_ts_ns,
            tick_size=str(config.instrument.tick_size),
            tier=tier,
        )
        material = Material(
            name=session.dataset,
            hash=dataset.info.hash,
            synthetic=dataset.info.synthetic,
            instrument=config.instrument,
            bars=dataset.columns(session.from_ts_ns, session.to_ts_ns),
        )
        plan = prepare(request, kind, material)
        ride = make_ride(plan, self._backtester.desks, self._backtester.pipelines)
        return plan, ride, dataset.info.timeframe

    async def _adopt(self, live: LiveSession, cause: Meta) -> None:
        """Keep a session and give it the bars that came before it was announced."""
        self._sessions[live.session.id] = live
        for event in self._early.pop(live.session.id, {}).values():
            await self._publish(live.on_bar(event), cause)

    def _keep_early(self, event: BarClosed) -> None:
        """Keep a bar of an unknown stream for a while."""
        bars = self._early.setdefault(event.stream, {})
        if len(bars) < self._ahead:
            bars[event.index] = event
        while len(self._early) > _EARLY_STREAMS:
            self._early.popitem(last=False)

    async def _publish(self, answer: Answer | None, cause: Meta) -> None:
        """Publish the signals of a bar, then their end."""
        if answer is None:
            return
        for raised in answer.signals:
            await self._runtime.bus.publish(raised, cause=cause)
        await self._runtime.bus.publish(answer.decided, cause=cause)

    async def _refuse(self, session: Session, index: int, error: FksError, cause: Meta) -> None:
        """Tell execution that there is no strategy to decide."""
        _log.warning("session_refused", session_id=session.id, code=error.code, error=error.message)
        await self._runtime.bus.publish(
            BarDecided(
                session_id=session.id,
                bar_ts_ns=session.last_ts_ns,
                bar_index=max(index, 0),
                signals=0,
                error=error.message,
            ),
            cause=cause,
        )


def _bar_of(bars: BarColumns, index: int, session: Session, timeframe: str) -> BarClosed:
    """Return a bar of the dataset as the replay would send it."""
    return BarClosed(
        stream=session.id,
        index=index,
        instrument=session.config.instrument.id,
        timeframe=timeframe,
        provider="replay",
        ts_ns=int(bars.ts_ns[index]),
        open=float(bars.open[index]),
        high=float(bars.high[index]),
        low=float(bars.low[index]),
        close=float(bars.close[index]),
        volume=float(bars.volume[index]),
        dataset_hash=session.dataset_hash,
    )
