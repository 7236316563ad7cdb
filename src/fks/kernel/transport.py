"""How messages leave and enter a process: the transport protocol, and the one in memory.

A transport stores batches of envelopes in one total order and gives every process all of them in
that order, at least once; and it carries questions to whoever answers them. Brokers are plugins
(`fks_transports`); NATS JetStream comes with the kernel (`fks.kernel.nats`).
"""

from __future__ import annotations

import asyncio
import pkgutil
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

from fks.kernel.asking import nobody_answers
from fks.kernel.errors import (
    Conflict,
    Denied,
    FksError,
    Invalid,
    NotFound,
    TimedOut,
    Unavailable,
)
from fks.kernel.messages import Envelope

__all__ = [
    "Asked",
    "MemoryHub",
    "MemoryTransport",
    "Receive",
    "Reply",
    "Respond",
    "Transport",
    "TransportSpec",
    "open_transport",
]


class Asked(msgspec.Struct, frozen=True, array_like=True):
    """A question on the wire; the asker waits `timeout_s` seconds."""

    envelope: Envelope
    timeout_s: float


class Reply(msgspec.Struct, frozen=True, array_like=True):
    """A reply on the wire: the encoded body, or the error with its class and code."""

    body: bytes = b""
    failure: str = ""
    code: str = ""
    message: str = ""
    retry_after_s: float | None = None

    @classmethod
    def of_error(cls, error: FksError) -> Reply:
        """Return the reply that raises this error at the asker."""
        known = next(one for one in type(error).__mro__ if one.__name__ in _ERRORS)
        return cls(
            failure=known.__name__,
            code=error.code,
            message=error.message,
            retry_after_s=getattr(error, "retry_after_s", None),
        )

    def raise_error(self) -> None:
        """Raise the error, if it is one."""
        if not self.failure:
            return
        if self.failure == "Unavailable":
            raise Unavailable(self.message, code=self.code, retry_after_s=self.retry_after_s)
        raise _ERRORS.get(self.failure, FksError)(self.message, code=self.code)


_ERRORS: Mapping[str, type[FksError]] = {
    one.__name__: one
    for one in (FksError, Invalid, NotFound, Conflict, Denied, Unavailable, TimedOut)
}

Receive = Callable[[Sequence[Envelope], Callable[[], None]], Awaitable[None]]
"""Takes a batch, waiting for room; the second argument is called when it has been handled."""

Respond = Callable[[Asked], Awaitable[Reply]]
"""Answers a question; never raises."""


class Transport(Protocol):
    """A connection of one process to the others.

    All methods raise `Unavailable` while the others cannot be reached.
    """

    @property
    def max_bytes(self) -> int:
        """Return how many bytes the bodies of a batch may have together."""
        ...

    async def connect(self) -> None:
        """Connect. Raises `Unavailable` with a line that names the address."""
        ...

    async def publish(self, batch: Sequence[Envelope]) -> None:
        """Return when the batch is stored, as one piece; to repeat a batch stores it once."""
        ...

    async def subscribe(self, receive: Receive) -> None:
        """Receive all batches, own ones too, in the order in which they were stored.

        A new process gets what is stored from now on; one of the same name goes on after what it
        had handled, which may repeat what it was handling when it ended.
        """
        ...

    async def respond(self, topics: Iterable[str], respond: Respond) -> None:
        """Answer questions of these topics."""
        ...

    async def request(self, asked: Asked) -> Reply:
        """Return the reply; `Unavailable` at once when nobody answers, `TimedOut` when late."""
        ...

    async def close(self) -> None:
        """Say good-bye."""
        ...

    def facts(self) -> Mapping[str, str]:
        """Return what is known of the connection, for people."""
        ...


class TransportSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A transport that a plugin brings.

    `factory` is a dotted name, `module:callable`, called with the URL and the stable name of this
    process; it imports its library there, and connects only in `connect`.
    """

    schemes: tuple[str, ...]
    factory: str


_BUILTIN = (TransportSpec(schemes=("nats", "tls"), factory="fks.kernel.nats:NatsTransport"),)


def open_transport(url: str, name: str, specs: Iterable[TransportSpec] = ()) -> Transport:
    """Return the transport for a URL. Raises `Invalid` when no plugin knows its scheme."""
    found = {scheme: spec for spec in (*_BUILTIN, *specs) for scheme in spec.schemes}
    scheme = urlsplit(url).scheme
    if scheme not in found:
        raise Invalid(
            f"bus.url: no transport for {scheme or 'an empty scheme'}; "
            f"there are {', '.join(sorted(found))}",
            code="bus.no_transport",
        )
    transport: Transport = pkgutil.resolve_name(found[scheme].factory)(url, name)
    return transport


class _Mailbox:
    """What is stored for one name and was not handled yet."""

    def __init__(self) -> None:
        self.waiting: deque[bytes] = deque()
        self.taken: dict[int, bytes] = {}
        self.arrived = asyncio.Event()


class MemoryHub:
    """Plays the broker for transports in one process; its memory stands for a broker's disk."""

    def __init__(self) -> None:
        self.mailboxes: dict[str, _Mailbox] = {}
        self.responders: dict[str, list[Respond]] = {}
        self.down = False

    def store(self, batch: Sequence[Envelope]) -> None:
        """Put a batch into every mailbox."""
        data = msgspec.msgpack.encode(batch)
        for mailbox in self.mailboxes.values():
            mailbox.waiting.append(data)
            mailbox.arrived.set()

    def check(self) -> None:
        """Raise `Unavailable` while the hub is down."""
        if self.down:
            raise Unavailable("the bus in memory is down", code="bus.unreachable")


class MemoryTransport:
    """A transport over a `MemoryHub`."""

    max_bytes = 1 << 20

    def __init__(self, hub: MemoryHub, name: str) -> None:
        self._hub = hub
        self._name = name
        self._tasks: list[asyncio.Task[None]] = []
        self._answers: list[tuple[str, Respond]] = []

    async def connect(self) -> None:
        """Connect."""
        self._hub.check()

    async def publish(self, batch: Sequence[Envelope]) -> None:
        """Store a batch."""
        self._hub.check()
        self._hub.store(batch)

    async def subscribe(self, receive: Receive) -> None:
        """Receive what is stored from now on, or what was left."""
        mailbox = self._hub.mailboxes.setdefault(self._name, _Mailbox())
        mailbox.waiting.extendleft(reversed(mailbox.taken.values()))
        mailbox.taken.clear()
        mailbox.arrived.set()
        self._tasks.append(asyncio.create_task(self._receive(mailbox, receive)))

    async def respond(self, topics: Iterable[str], respond: Respond) -> None:
        """Answer questions."""
        for topic in topics:
            self._hub.responders.setdefault(topic, []).append(respond)
            self._answers.append((topic, respond))

    async def request(self, asked: Asked) -> Reply:
        """Ask the first responder."""
        self._hub.check()
        topic = asked.envelope.topic
        responders = self._hub.responders.get(topic)
        if not responders:
            raise nobody_answers(topic)
        asked = msgspec.msgpack.decode(msgspec.msgpack.encode(asked), type=Asked)
        try:
            async with asyncio.timeout(asked.timeout_s):
                return await responders[0](asked)
        except TimeoutError:
            raise TimedOut(
                f"{topic} was not answered within {asked.timeout_s:g} s", code="bus.timed_out"
            ) from None

    async def close(self) -> None:
        """Leave; the mailbox stays under this name."""
        for topic, respond in self._answers:
            self._hub.responders[topic].remove(respond)
        self._answers.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def facts(self) -> Mapping[str, str]:
        """Return what is known of the connection."""
        return {"transport": "memory", "durability": "none: in memory"}

    async def _receive(self, mailbox: _Mailbox, receive: Receive) -> None:
        """Hand out a mailbox, one batch after the other."""
        number = 0
        while True:
            await mailbox.arrived.wait()
            mailbox.arrived.clear()
            while mailbox.waiting:
                number += 1
                data = mailbox.taken[number] = mailbox.waiting.popleft()
                batch = msgspec.msgpack.decode(data, type=list[Envelope])
                await receive(batch, _Taken(mailbox.taken, number))


class _Taken:
    """Called when a batch was handled."""

    def __init__(self, taken: dict[int, Any], number: int) -> None:
        self._taken = taken
        self._number = number

    def __call__(self) -> None:
        """Forget the batch."""
        self._taken.pop(self._number, None)
