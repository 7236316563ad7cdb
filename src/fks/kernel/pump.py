"""The asynchronous half of the bus: the queue's pump, tickets, and back-pressure.

A dispatcher runs events in the publisher's own call while it can; everything else comes here. One
pump at a time takes events from the queue and runs their listeners one after the other. A pump
whose listener takes too long is relieved by a new one and becomes that listener's lane.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from contextvars import Context
from typing import Any, Protocol

import msgspec

from fks.kernel import tracing
from fks.kernel.clock import Clock
from fks.kernel.errors import FksError, Unavailable
from fks.kernel.ids import IdSource
from fks.kernel.lanes import DeadLetter, Lanes, Listener
from fks.kernel.messages import Event, Meta, key_of, topic_of
from fks.kernel.resilience import Backoff
from fks.kernel.tickets import CURRENT, Invocation, Ticket, Track, Watch

try:
    from fks.kernel import _dispatch as _twin
except ImportError:  # not compiled: the readable twin does the same, more slowly
    from fks.kernel import dispatch as _twin  # type: ignore[no-redef]

__all__ = ["Outbound", "Pump"]


class Outbound(Protocol):
    """The way out of this process, for a bus that is joined to a network."""

    @property
    def full(self) -> bool:
        """Return whether publishers have to wait."""
        ...

    async def has_room(self) -> None:
        """Wait until an event can be offered."""
        ...

    def offer(self, event: Event, meta: Meta, done: Callable[[], None] | None) -> None:
        """Queue an event for the network; `done` is called when it is stored there."""
        ...


class Pump:
    """The queue of a bus and who works it off; see `LocalBus` for the parameters."""

    twin: Any = _twin

    def __init__(
        self,
        *,
        clock: Clock,
        ids: IdSource,
        source: str,
        limit: int,
        backoff: Backoff,
        slow_s: float,
        bury: Callable[[DeadLetter], Awaitable[None]],
    ) -> None:
        self.core = self.twin.Dispatcher(self, clock, ids, source)
        self.outbound: Outbound | None = None
        self.lanes = Lanes(
            backoff=backoff,
            limit=max(1, limit // 10),
            now_ns=clock.now_ns,
            invoke=self._retry,
            bury=bury,
            changed=self._lanes_changed,
        )
        self._limit = limit
        self._slow_s = slow_s
        self._tracing = False
        self._room: deque[asyncio.Future[None]] = deque()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn: object = None
        self._running: tuple[Invocation, Listener, Any] | None = None

    def begin(self, *, verify_wire: bool = False, traced: bool | None = None) -> None:
        """Choose the way events go, from what is set up now: tracing, network, wire check."""
        self._tracing = tracing.configured() if traced is None else traced
        self.core.recording = tracing.recording if self._tracing else None
        self.core.verify = _through_the_wire if verify_wire else None
        self._lanes_changed()

    def add(self, kind: type[Any], handler: Callable[[Any, Any], Any], *, waits: bool) -> None:
        """Add a listener."""
        topic = self.core.topics.get(kind) or self.topic_for(kind)
        name = f"{handler.__module__}.{getattr(handler, '__qualname__', type(handler).__name__)}"
        topic.add(Listener(name, topic, handler, waits))
        topic.slow = topic.slow or waits

    def meta(self, cause: Meta | None) -> Any:
        """Return the meta of a message made now."""
        return self.twin.LazyMeta(self.core, cause, tracing.traceparent() if self._tracing else "")

    def post(self, event: Event, meta: Meta, done: Callable[[], None], *, outward: bool) -> None:
        """Queue an event that has its meta; see `LocalBus.post`."""
        topic = self._topic(event)
        topic.published += 1
        track = Track(done)
        if self.outbound is not None and outward:
            track.hold()
            self.outbound.offer(event, meta, track.release)
        self._append(self.twin.Item(topic, event, meta, None, track))

    @property
    def full(self) -> bool:
        """Return whether publishers have to wait."""
        outbound = self.outbound
        return len(self.core.queue) >= self._limit or (outbound is not None and outbound.full)

    @property
    def depth(self) -> int:
        """Return how many events are queued or wait in lanes."""
        return len(self.core.queue) + self.lanes.waiting

    async def has_room(self) -> None:
        """Wait until publishers need not wait."""
        while self.full:
            if self.outbound is not None and self.outbound.full:
                await self.outbound.has_room()
            await self.has_local_room()

    async def has_local_room(self) -> None:
        """Wait until the queue of this process takes an event."""
        while len(self.core.queue) >= self._limit:
            room = asyncio.get_running_loop().create_future()
            self._room.append(room)
            await room

    async def settled(self) -> None:
        """Wait until nothing is queued, running or waiting for another try."""
        await self._quiet.wait()

    async def stop(self) -> None:
        """Cancel what runs."""
        self._turn = None
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.lanes.stop()
        self.core.busy = False

    # --- called by the dispatcher ---------------------------------------------------------------

    def topic_for(self, kind: type[Any]) -> Any:
        """Return the topic of a class, made at its first use."""
        topic = self.core.topics[kind] = self.twin.Topic(topic_of(kind), kind)
        return topic

    def enqueue(self, event: Any, cause: Any, ticket: Ticket | None) -> None:
        """Queue an event. Raises `Unavailable` when handlers cause events without end."""
        core = self.core
        if len(core.queue) >= 10 * self._limit:
            raise Unavailable(
                f"{len(core.queue)} events are queued: handlers cause more than they handle",
                code="bus.overflow",
            )
        if core.verify is not None:
            event = core.verify(event)
        topic = self._topic(event)
        meta = self.meta(cause)
        topic.published += 1
        if self.outbound is not None:
            self.outbound.offer(event, meta, None)
        if ticket is not None:
            ticket.pending += 1
        self._append(self.twin.Item(topic, event, meta, ticket))

    async def publish_queued(
        self, events: Iterable[Any], cause: Any, ticket: Ticket | None = None
    ) -> None:
        """Publish through the queue: without waiting inside a handler, else to the end."""
        token = CURRENT.get()
        if token is not None and not token.done and token.bus is self:
            for event in events:
                self.enqueue(event, cause, token.ticket)
            return
        ticket = ticket or Ticket()
        ticket.pending += 1
        try:
            with self._producing():
                for event in events:
                    if self.full:
                        await self.has_room()
                    self.enqueue(event, cause, ticket)
        finally:
            ticket.release()
        await ticket.done

    async def wait(self, ticket: Ticket) -> None:
        """Wait for a ticket."""
        await ticket.done

    def take_over(self) -> Ticket:
        """Start on what is queued; return the ticket that waits for it."""
        ticket = Ticket()
        for item in self.core.queue:
            item.ticket = ticket
            ticket.pending += 1
        self._start()
        return ticket

    def failed(self, item: Any, index: int, error: Exception) -> None:
        """Let a listener that failed try again, in a lane."""
        self._quiet.clear()
        self.lanes.park(item.topic.listeners[index], item, error)

    # --- the pump -------------------------------------------------------------------------------

    def _topic(self, event: Any) -> Any:
        """Return the topic of an event."""
        return self.core.topics.get(type(event)) or self.topic_for(type(event))

    def _producing(self) -> AbstractContextManager[None]:
        """Return the span of a publisher, if it is recorded."""
        if not self._tracing or not tracing.recording():
            return nullcontext()
        return tracing.span("publish", tracing.SpanKind.PRODUCER)

    def _append(self, item: Any) -> None:
        """Queue an item and see to it that somebody comes for it."""
        self.core.queue.append(item)
        self._wake()

    def _wake(self) -> None:
        """Start a pump if there is something to do and nobody who does it."""
        core = self.core
        if core.queue and not core.busy and not core.inside:
            core.busy = True
            self._start()

    def _start(self) -> None:
        """Run the pump in a task of its own, with nothing of the publisher's context."""
        self._quiet.clear()
        self._turn = turn = object()
        task = asyncio.get_running_loop().create_task(self._run(turn), context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, turn: object) -> None:
        """Hand out what is queued until nothing is left, or another pump has taken over."""
        core = self.core
        watch = Watch(self._slow_s, lambda last: self._relieve(turn, last))
        handled = 0
        try:
            while core.queue:
                item = core.queue.popleft()
                self._let_one_in()
                if not await self._deliver(item):
                    return
                if item.ticket is not None:
                    item.ticket.release()
                if item.track is not None:
                    item.track.release()
                handled += 1
                if handled % 256 == 0:
                    await asyncio.sleep(0)  # plain listeners never wait: let the loop breathe
        finally:
            watch.stop()
            if self._turn is turn:
                core.busy = False
                self._see_if_quiet()

    async def _deliver(self, item: Any) -> bool:
        """Run the listeners of an item; return False when another pump has gone on with it."""
        topic = item.topic
        while item.index < len(topic.listeners):
            listener = topic.listeners[item.index]
            lane = listener.lanes.get(key_of(item.event)) if listener.lanes else None
            if lane is not None:
                await self.lanes.join(lane, item)
                item.index += 1
                continue
            token = Invocation(self, item.meta, item.ticket)
            error = await self._try(listener, item, token)
            if token.lane is not None:
                await self.lanes.finish(token.lane, error)
                return False
            if error is None:
                topic.delivered += 1
            else:
                self.lanes.park(listener, item, error)
            item.index += 1
        return True

    async def _try(self, listener: Listener, item: Any, token: Invocation) -> Exception | None:
        """Run a listener; return what it raised."""
        self._running = (token, listener, item)
        try:
            await self._invoke(listener, item, token)
        except Exception as error:  # noqa: BLE001  # the dispatcher isolates its listeners
            return error
        finally:
            if token.lane is None:
                self._running = None
        return None

    async def _invoke(self, listener: Listener, item: Any, token: Invocation) -> None:
        """Call a listener, and wait for it if it has to be waited for."""
        core = self.core
        awaitable, item.awaitable = item.awaitable, None
        if awaitable is None:
            core.inside, core.ticket = True, token.ticket
            try:
                awaitable = listener.call(item.event, item.meta)
            finally:
                core.inside = False
                self._wake()  # in a lane nobody else comes for what was published
            if awaitable is None:
                return
        CURRENT.set(token)
        try:
            with self._consuming(listener, item):
                await awaitable
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise FksError("the handler was cancelled", code="bus.cancelled") from None
        finally:
            token.done = True

    async def _retry(self, listener: Listener, item: Any) -> None:
        """Run a listener again, in its lane."""
        await self._invoke(listener, item, Invocation(self, item.meta, None))

    def _consuming(self, listener: Listener, item: Any) -> AbstractContextManager[None]:
        """Return the span of a handler, if its message is traced."""
        if not self._tracing or not item.meta.traceparent:
            return nullcontext()
        name = f"handle {item.topic.name}"
        return tracing.span(name, tracing.SpanKind.CONSUMER, item.meta.traceparent)

    def _relieve(self, turn: object, last: object) -> object:
        """Let a new pump go on if one handler ran all the time since the last look."""
        if self._turn is not turn or self._running is None:
            return None
        token, listener, item = self._running
        if token is not last:
            return token
        token.lane = self.lanes.detach(listener, item)
        self._running = None
        rest = self.twin.Item(item.topic, item.event, item.meta, item.ticket, item.track)
        rest.index = item.index + 1
        self.core.queue.appendleft(rest)
        self._start()
        return None

    def _let_one_in(self) -> None:
        """Wake a publisher that waits for room."""
        while self._room:
            room = self._room.popleft()
            if not room.done():
                room.set_result(None)
                return

    def _lanes_changed(self) -> None:
        """Send everything through the queue while there are lanes, or always if it must be."""
        self.core.careful = self.outbound is not None or len(self.lanes) > 0
        self._see_if_quiet()

    def _see_if_quiet(self) -> None:
        """Tell those who wait for it that nothing is left to do."""
        if self.core.busy or self.core.inside or len(self.lanes):
            self._quiet.clear()
        else:
            self._quiet.set()


def _through_the_wire(event: Any) -> Any:
    """Return an event as it would arrive over a network."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(event), type=type(event))
