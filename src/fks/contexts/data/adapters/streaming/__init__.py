"""Where messages come from: one WebSocket connection, or a recorded session."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from fks.contracts.data.streams import StreamWire

__all__ = ["Ended", "Link", "Lost", "Reconnected", "Source"]


class Lost(Exception):
    """The connection is gone, or of no use; the text says why and holds no address."""


class Ended(Exception):
    """A recording has no more messages."""


class Reconnected(Exception):
    """The next message of a recording comes from another connection, made at `at_ns`."""

    def __init__(self, at_ns: int) -> None:
        super().__init__()
        self.at_ns = at_ns


class Link(Protocol):
    """A connection that stands."""

    async def send(self, payload: bytes) -> None:
        """Send a message. Raises `Lost`."""
        ...

    async def receive(self) -> tuple[bytes, int]:
        """Return the next message and when it came, ns.

        Raises `Lost`, and of a recording `Ended` and `Reconnected`.
        """
        ...

    async def close(self) -> None:
        """End it: whoever receives is told `Lost`."""
        ...


class Source(Protocol):
    """What can be connected to, again and again. `recorded` where nothing can be asked of it."""

    recorded: bool

    def open(self, wire: StreamWire) -> AbstractAsyncContextManager[Link]:
        """Connect. Raises `Lost`; `Invalid` for an address that is not connected to."""
        ...
