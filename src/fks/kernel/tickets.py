"""What the bus counts and watches: tickets, tracks, invocations, and a clock on slow listeners."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from fks.kernel.messages import Meta

if TYPE_CHECKING:
    from fks.kernel.lanes import Lane

__all__ = ["CURRENT", "Invocation", "Ticket", "Track", "Watch", "current_meta"]


class Ticket:
    """What a publisher waits for: its events and all they caused, by count."""

    __slots__ = ("done", "pending")

    def __init__(self) -> None:
        self.pending = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def release(self) -> None:
        """Count one event off."""
        self.pending -= 1
        if self.pending == 0 and not self.done.done():
            self.done.set_result(None)


class Track:
    """Calls back when the last of its holds is released: everybody is done for good."""

    __slots__ = ("_callback", "_holds")

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback
        self._holds = 1

    def hold(self) -> None:
        """Add a hold."""
        self._holds += 1

    def release(self) -> None:
        """Take one away."""
        self._holds -= 1
        if self._holds == 0:
            self._callback()


class Invocation:
    """A run of a handler that may wait: what is published within belongs to its ticket.

    A task started by a handler inherits it; once the handler is done it counts for nothing.
    """

    __slots__ = ("bus", "done", "lane", "meta", "ticket")

    def __init__(self, bus: object, meta: Any, ticket: Ticket | None) -> None:
        self.bus = bus
        self.meta = meta
        self.ticket = ticket
        self.done = False
        self.lane: Lane | None = None


CURRENT: ContextVar[Invocation | None] = ContextVar("fks_invocation", default=None)


def current_meta() -> Meta | None:
    """Return the meta of the message whose asynchronous handler runs here, for logs."""
    token = CURRENT.get()
    return None if token is None or token.done else token.meta


class Watch:
    """Calls `look` every `every_s` seconds with what it returned the last time."""

    def __init__(self, every_s: float, look: Callable[[object], object]) -> None:
        self._every_s = every_s
        self._look = look
        self._last: object = None
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(every_s, self._tick)

    def _tick(self) -> None:
        self._last = self._look(self._last)
        self._timer = self._loop.call_later(self._every_s, self._tick)

    def stop(self) -> None:
        """Look no more."""
        self._timer.cancel()
