"""Hand events to listeners: the readable twin of the compiled `_dispatch`.

This is the synchronous half of the bus. As long as every listener is a plain function, an event
and everything it causes run in the publisher's own call: the event's listeners in order, then
the queue in which their events were put (first in, first out). The first listener that needs to
wait ends this: the rest is handed over to the bus, whose pump is a task.

Used where the compiled module is missing, and by the tests that hold both to one behaviour.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Generator, Iterable
from typing import Any, Protocol

from fks.kernel.clock import Clock
from fks.kernel.ids import IdSource

__all__ = ["DONE", "Dispatcher", "Item", "LazyMeta", "Topic"]


class Pump(Protocol):
    """What the dispatcher needs of the asynchronous half."""

    def topic_for(self, kind: type[Any]) -> Any:
        """Return the topic of a class that was not seen before."""

    def enqueue(self, event: Any, cause: Any, ticket: Any) -> None:
        """Queue an event published inside a listener."""

    def publish_queued(self, events: Iterable[Any], cause: Any, ticket: Any = None) -> Any:
        """Return a coroutine that publishes through the queue and waits."""

    def take_over(self) -> Any:
        """Start the pump on what is queued; return the ticket that waits for it."""

    def wait(self, ticket: Any) -> Any:
        """Return a coroutine that waits for a ticket."""

    def failed(self, item: Any, index: int, error: Exception) -> None:
        """Note that a listener failed and has to be tried again."""


class Done:
    """An awaitable that is done; also a coroutine, so that a task can be made of it."""

    def __await__(self) -> Generator[Any, Any, None]:
        """Wait for nothing."""
        yield from ()

    def send(self, _value: Any) -> Any:
        """End at once."""
        raise StopIteration

    def throw(self, kind: Any, _value: Any = None, _trace: Any = None) -> Any:
        """Raise what is thrown in."""
        raise kind

    def close(self) -> None:
        """There is nothing to close."""


DONE = Done()


class LazyMeta:
    """Where a message came from, made when it is read.

    Most listeners never look at the id or the time of a message, and an id costs more than a
    call. A cause is read at once, since to keep it would keep its causes too, for ever.
    """

    __slots__ = ("_at_ns", "_correlation_id", "_id", "_origin", "caused_by", "traceparent")

    def __init__(self, origin: Dispatcher, cause: Any = None, traceparent: str = "") -> None:
        self._origin = origin
        self._id: str | None = None
        self._at_ns: int | None = None
        self._correlation_id: str | None = None
        self.caused_by = ""
        self.traceparent = traceparent
        if cause is not None:
            self.caused_by = cause.id
            self._correlation_id = cause.correlation_id
            self.traceparent = traceparent or cause.traceparent

    @property
    def id(self) -> str:
        """Return the id of the message."""
        if self._id is None:
            self._id = self._origin.new_id()
        return self._id

    @property
    def at_ns(self) -> int:
        """Return when it was published, UTC nanoseconds."""
        if self._at_ns is None:
            self._at_ns = self._origin.now_ns()
        return self._at_ns

    @property
    def source(self) -> str:
        """Return the process it comes from."""
        return self._origin.source

    @property
    def correlation_id(self) -> str:
        """Return the id shared by everything one cause set off."""
        if self._correlation_id is None:
            self._correlation_id = self.id
        return self._correlation_id


class Topic:
    """The listeners of one kind of event, and what happened to its events.

    `slow` topics go through the pump: a listener waits, or one is being retried.
    """

    def __init__(self, name: str, kind: type[Any]) -> None:
        self.name = name
        self.kind = kind
        self.calls: tuple[Callable[[Any, Any], Any], ...] = ()
        self.listeners: tuple[Any, ...] = ()
        self.slow = False
        self.published = self.delivered = self.failed = self.dead = 0

    def add(self, listener: Any) -> None:
        """Append a listener: an object with `call`."""
        self.listeners += (listener,)
        self.calls += (listener.call,)


class Item:
    """An event in the queue; `index` is the listener that comes next.

    `awaitable` is what that listener returned when it was already called. `ticket` counts for a
    publisher that waits, `track` for whoever wants to know when all listeners are done.
    """

    __slots__ = ("awaitable", "event", "index", "meta", "ticket", "topic", "track")

    def __init__(
        self, topic: Any, event: Any, meta: Any, ticket: Any = None, track: Any = None
    ) -> None:
        self.topic = topic
        self.event = event
        self.meta = meta
        self.ticket = ticket
        self.track = track
        self.awaitable: Awaitable[None] | None = None
        self.index = 0


class Dispatcher:
    """The synchronous half of the bus.

    `busy` while the pump owns the queue, `careful` while every event has to go through it,
    `inside` while a synchronous listener runs, `ticket` what an event published there belongs
    to. `recording` (or None) tells whether the publisher
    is being traced, `verify` (or None) sends an event through its encoding.
    """

    def __init__(self, bus: Pump, clock: Clock, ids: IdSource, source: str) -> None:
        self.topics: dict[type[Any], Any] = {}
        self.queue: deque[Any] = deque()
        self.source = source
        self.busy = self.inside = self.careful = False
        self.ticket: Any = None
        self.recording: Callable[[], bool] | None = None
        self.verify: Callable[[Any], Any] | None = None
        self._bus = bus
        self._clock = clock
        self._ids = ids

    def new_id(self) -> str:
        """Return a new sortable id."""
        return self._ids.new()

    def now_ns(self) -> int:
        """Return the wall clock in UTC nanoseconds."""
        return self._clock.now_ns()

    def publish(self, event: Any, *, cause: Any = None) -> Any:
        """Publish one event; return an awaitable that ends with its consequences."""
        return self.publish_many((event,), cause=cause)

    def publish_many(self, events: Iterable[Any], *, cause: Any = None) -> Any:
        """Publish events in order; return an awaitable that ends with their consequences."""
        if self.inside:
            for event in events:
                self._bus.enqueue(event, cause, self.ticket)
            return DONE
        if self.busy or self.careful or (self.recording is not None and self.recording()):
            return self._bus.publish_queued(events, cause)
        rest = iter(events)
        for event in rest:
            checked = event if self.verify is None else self.verify(event)
            topic = self.topics.get(type(checked)) or self._bus.topic_for(type(checked))
            topic.published += 1
            if not self._run(Item(topic, checked, LazyMeta(self, cause))):
                return self._bus.publish_queued(rest, cause, self.ticket)
        return DONE

    def _run(self, item: Item) -> bool:
        """Run an event and all it causes; return whether that was possible here.

        If not, the rest is in the queue and the pump has been woken; `ticket` waits for it.
        """
        self.ticket = None
        if not self._listeners(item):
            return False
        while self.queue:
            if not self._listeners(self.queue.popleft()):
                return False
        return True

    def _listeners(self, item: Any) -> bool:
        """Call the listeners of one event; return whether all have run."""
        topic = item.topic
        if topic.slow:
            self._hand_over(item)
            return False
        for number, call in enumerate(topic.calls):
            self.inside = True
            try:
                result = call(item.event, item.meta)
            except Exception as error:  # noqa: BLE001  # the dispatcher isolates its listeners
                self._bus.failed(item, number, error)
                continue
            finally:
                self.inside = False
            if result is not None:
                item.index = number
                item.awaitable = result
                self._hand_over(item)
                return False
            topic.delivered += 1
        return True

    def _hand_over(self, item: Any) -> None:
        """Leave an item and all that is queued to the pump."""
        self.queue.appendleft(item)
        self.busy = True
        self.ticket = self._bus.take_over()
