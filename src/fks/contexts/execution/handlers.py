"""What execution hears and answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fks.contexts.execution.service.execution import Execution
from fks.contexts.execution.service.trading.wiring import wire_trading
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


def wire(runtime: Runtime, wiring: Wiring) -> None:
    """Register the handlers of execution."""
    execution = runtime.singleton(Execution, lambda: Execution(runtime))
    hear = execution.holding.hear

    # Plain functions: they only hand over what was heard, and never wait.
    def on_bar_closed(event: BarClosed, _meta: Meta) -> None:
        hear(event.stream, event)

    def on_replay_finished(event: ReplayFinished, _meta: Meta) -> None:
        hear(event.stream, event)

    def on_signal_raised(event: SignalRaised, _meta: Meta) -> None:
        hear(event.session_id, event)

    def on_bar_decided(event: BarDecided, _meta: Meta) -> None:
        hear(event.session_id, event)

    wiring.on(BarClosed, on_bar_closed)
    wiring.on(ReplayFinished, on_replay_finished)
    wiring.on(SignalRaised, on_signal_raised)
    wiring.on(BarDecided, on_bar_decided)
    wire_trading(runtime, wiring)
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
