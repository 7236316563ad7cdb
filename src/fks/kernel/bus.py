"""The bus: two verbs cross a boundary, `publish` a fact and `ask` a question.

The protocols are what contexts see. `LocalBus` is the bus inside one process; with a network
transport it becomes a `fks.kernel.transport.NetworkedBus`.

Order: first in, first out. All listeners of an event run, in the order of registration, before
any event they cause. What happens when a listener fails or is slow is told in `lanes`.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, Protocol, TypeVar

import msgspec

from fks.kernel import tracing
from fks.kernel.asking import Responders
from fks.kernel.clock import Clock, SystemClock
from fks.kernel.ids import IdSource
from fks.kernel.lanes import DeadLetter
from fks.kernel.messages import Event, Meta, Query, topic_of
from fks.kernel.pump import Pump
from fks.kernel.resilience import Backoff
from fks.kernel.tickets import current_meta

__all__ = [
    "Bus",
    "DeadLetter",
    "LocalBus",
    "TopicCounts",
    "Wiring",
    "current_meta",
    "plain",
]

_DEAD_KEPT = 1000

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

    def on(self, kind: type[E], handler: Callable[[E, Meta], Awaitable[None] | None]) -> None:
        """Call `handler` for every event of `kind`.

        A plain function is called at once and must not wait for anything.
        """
        ...

    def answer(self, kind: type[Query[R]], handler: Callable[[Any, Meta], Awaitable[R]]) -> None:
        """Let `handler` answer questions of `kind`; a second responder is a start error."""
        ...


class TopicCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to the events of one topic.

    `delivered` counts listeners that handled an event, `failed` tries that raised, `dead`
    events given up by a listener.
    """

    published: int
    delivered: int
    failed: int
    dead: int


def plain(meta: Any) -> Meta:
    """Return a meta as the Struct that can be encoded."""
    if isinstance(meta, Meta):
        return meta
    return Meta(
        id=meta.id,
        at_ns=meta.at_ns,
        source=meta.source,
        correlation_id=meta.correlation_id,
        caused_by=meta.caused_by,
        traceparent=meta.traceparent,
    )


class LocalBus:
    """The bus inside one process; it is also the `Wiring`.

    `limit` bounds the queue: beyond it publishers outside handlers wait, and a handler that
    queues ten times as much fails. A listener gets `backoff.tries` tries; one that takes longer
    than `slow_s` no longer holds up the others (they wait for it twice that long at most).
    `verify_wire` encodes and decodes every message, as a network would. `traced` makes spans
    where a publisher's span is recorded; None finds out at the start whether traces are set up.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        ids: IdSource | None = None,
        source: str = "fks",
        limit: int = 10_000,
        backoff: Backoff | None = None,
        slow_s: float = 5.0,
        verify_wire: bool = False,
        traced: bool | None = None,
    ) -> None:
        clock = clock or SystemClock()
        self.source = source
        self._verify_wire = verify_wire
        self._traced = traced
        self._responders = Responders(verify_wire=verify_wire)
        self._dead: deque[DeadLetter] = deque(maxlen=_DEAD_KEPT)
        self._pump = Pump(
            clock=clock,
            ids=ids or IdSource(clock),
            source=source,
            limit=limit,
            backoff=backoff or Backoff(),
            slow_s=slow_s,
            bury=self._bury,
        )
        # Set by the delivery: where dead letters are kept beyond this process. It may raise
        # `Unavailable`, and is then asked again.
        self.keep_dead: Callable[[DeadLetter], Awaitable[None]] | None = None
        self._pump.begin(verify_wire=verify_wire, traced=traced)
        # The dispatcher's own methods: a Python call more would be half the cost of an event.
        self.publish = self._pump.core.publish  # type: ignore[method-assign]
        self.publish_many = self._pump.core.publish_many  # type: ignore[method-assign]

    def on(self, kind: type[E], handler: Callable[[E, Meta], Awaitable[None] | None]) -> None:
        """Call `handler` for every event of `kind`."""
        self._pump.add(kind, handler, waits=inspect.iscoroutinefunction(handler))

    def answer(self, kind: type[Query[R]], handler: Callable[[Any, Meta], Awaitable[R]]) -> None:
        """Let `handler` answer questions of `kind`. Raises `Conflict` for a second one."""
        self._responders.add(kind, handler)

    async def start(self) -> None:
        """Begin; everything is wired."""
        self._pump.begin(verify_wire=self._verify_wire, traced=self._traced)

    async def stop(self) -> None:
        """End: what runs is cancelled, what is queued is left (the outbox still has it)."""
        await self._responders.stop()
        await self._pump.stop()

    async def publish(self, event: Event, *, cause: Meta | None = None) -> None:
        """Hand over a fact; see `Bus.publish`. Plain listeners run before this returns."""
        await self._pump.core.publish(event, cause=cause)

    async def publish_many(self, events: Iterable[Event], *, cause: Meta | None = None) -> None:
        """Hand over facts in order; like `publish` for each, at less cost."""
        await self._pump.core.publish_many(events, cause=cause)

    async def ask(self, request: Query[R], *, timeout_s: float, cause: Meta | None = None) -> R:
        """Return the reply of the one responder; see `Bus.ask`."""
        name = f"ask {topic_of(type(request))}"
        recorded = tracing.recording()
        with tracing.span(name, tracing.SpanKind.CLIENT) if recorded else nullcontext():
            meta = self._pump.meta(cause or tracing.ORIGIN.get())
            reply: R = await self._ask(request, meta, timeout_s)
        return reply

    async def answer_here(self, request: Query[Any], meta: Meta, timeout_s: float) -> Any:
        """Return the reply of a responder of this process; for transports."""
        if not meta.traceparent:
            return await self._responders.ask(request, meta, timeout_s)
        name = f"answer {topic_of(type(request))}"
        with tracing.span(name, tracing.SpanKind.SERVER, meta.traceparent):
            return await self._responders.ask(request, meta, timeout_s)

    def post(
        self, event: Event, meta: Meta, done: Callable[[], None], *, outward: bool = True
    ) -> None:
        """Queue an event that already has its meta; never waits, so look at `full` before.

        `done` is called when every listener has handled it or given it up for good, and a
        network, if there is one, has stored it. One that came from a network is not `outward`.
        """
        self._pump.post(event, meta, done, outward=outward)

    @property
    def full(self) -> bool:
        """Return whether publishers have to wait."""
        return self._pump.full

    async def has_room(self) -> None:
        """Wait until publishers need not wait."""
        await self._pump.has_room()

    async def settled(self) -> None:
        """Wait until nothing is queued, running or waiting for another try."""
        await self._pump.settled()

    def dead_letters(self) -> Sequence[DeadLetter]:
        """Return the newest messages that a listener of this process gave up (1000 at most)."""
        return tuple(self._dead)

    def counts(self) -> Mapping[str, TopicCounts]:
        """Return what happened, by topic."""
        return {
            topic.name: TopicCounts(
                published=topic.published,
                delivered=topic.delivered,
                failed=topic.failed,
                dead=topic.dead,
            )
            for topic in self._pump.core.topics.values()
        }

    @property
    def depth(self) -> int:
        """Return how many events are queued or wait for another try."""
        return self._pump.depth

    def facts(self) -> Mapping[str, str]:
        """Return what kind of bus this is, for people."""
        return {"bus": "in this process"}

    async def _ask(self, request: Query[Any], meta: Meta, timeout_s: float) -> Any:
        """Ask in this process; the networked bus asks elsewhere when nobody here answers."""
        return await self.answer_here(request, meta, timeout_s)

    async def _bury(self, letter: DeadLetter) -> None:
        """Keep a dead letter."""
        if self.keep_dead is not None:
            await self.keep_dead(letter)
        self._dead.append(letter)
