"""What execution hears and answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fks.contexts.execution.service.execution import Execution
from fks.contracts.data import BarClosed, ReplayFinished
from fks.contracts.engine import BarDecided, SignalRaised
from fks.contracts.execution import (
    GetEquity,
    GetSession,
    ListFills,
    ListOrders,
    ListPositions,
    ListSessions,
    PauseSession,
    ResumeSession,
    StartSession,
    StopSession,
)
from fks.kernel.bus import Wiring
from fks.kernel.messages import Meta, Query
from fks.kernel.runtime import Runtime

__all__ = ["wire"]


class _Ears:
    """Hand what was heard to the session it is for."""

    def __init__(self, execution: Execution) -> None:
        self._hear = execution.holding.hear

    async def on_bar_closed(self, event: BarClosed, _meta: Meta) -> None:
        """Take a bar of a session's stream."""
        self._hear(event.stream, event)

    async def on_replay_finished(self, event: ReplayFinished, _meta: Meta) -> None:
        """Take the end of a session's stream."""
        self._hear(event.stream, event)

    async def on_signal_raised(self, event: SignalRaised, _meta: Meta) -> None:
        """Take a decision of a session's strategy."""
        self._hear(event.session_id, event)

    async def on_bar_decided(self, event: BarDecided, _meta: Meta) -> None:
        """Take the end of a bar's decisions."""
        self._hear(event.session_id, event)


def wire(runtime: Runtime, wiring: Wiring) -> None:
    """Register the handlers of execution."""
    execution = runtime.singleton(Execution, lambda: Execution(runtime))
    ears = _Ears(execution)
    wiring.on(BarClosed, ears.on_bar_closed)
    wiring.on(ReplayFinished, ears.on_replay_finished)
    wiring.on(SignalRaised, ears.on_signal_raised)
    wiring.on(BarDecided, ears.on_bar_decided)
    answers: list[tuple[type[Query[Any]], Callable[[Any], Awaitable[Any]]]] = [
        (StartSession, execution.steering.start),
        (PauseSession, execution.steering.pause),
        (ResumeSession, execution.steering.resume),
        (StopSession, execution.steering.stop),
        (GetSession, execution.queries.session),
        (ListSessions, execution.queries.sessions),
        (ListOrders, execution.queries.orders),
        (ListFills, execution.queries.fills),
        (ListPositions, execution.queries.positions),
        (GetEquity, execution.queries.equity),
    ]
    for kind, answer in answers:
        wiring.answer(kind, _without_meta(answer))


def _without_meta(answer: Callable[[Any], Awaitable[Any]]) -> Callable[[Any, Meta], Awaitable[Any]]:
    """Return a responder that does not care who asks."""

    async def respond(request: Any, _meta: Meta) -> Any:
        return await answer(request)

    return respond
