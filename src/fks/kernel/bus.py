"""The bus: two verbs cross a boundary, `publish` a fact and `ask` a question.

This module holds the protocols that contexts see; the in-process implementation is `LocalBus`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from fks.kernel.messages import Event, Meta, Query

__all__ = ["Bus", "Wiring"]

E = TypeVar("E", bound=Event)
R = TypeVar("R")


class Bus(Protocol):
    """Carry messages between contexts."""

    async def publish(self, event: Event, *, cause: Meta | None = None) -> None:
        """Hand over a fact.

        From outside a handler this returns when the local listeners, and everything they caused,
        have run; from inside a handler it only queues, so that all listeners of one message run
        before any message they cause (FIFO).
        """
        ...

    async def ask(self, request: Query[R], *, timeout_s: float, cause: Meta | None = None) -> R:
        """Return the reply of the one responder.

        Raises `Unavailable` when nobody answers this question, `TimedOut` after `timeout_s`
        seconds, and the responder's own `FksError` when it fails.
        """
        ...


class Wiring(Protocol):
    """Where a context says what it listens to; used once, at start."""

    def on(self, kind: type[E], handler: Callable[[E, Meta], Awaitable[None]]) -> None:
        """Call `handler` for every event of `kind`."""
        ...

    def answer(self, kind: type[Query[R]], handler: Callable[[Any, Meta], Awaitable[R]]) -> None:
        """Let `handler` answer questions of `kind`; a second responder is a start error."""
        ...
