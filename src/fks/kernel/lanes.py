"""Lanes: where a listener's messages wait while it fails or is slow, apart from everyone else's.

A lane belongs to one listener and one ordering key. While it exists, later messages of this key
to this listener queue behind the one in trouble, in order; other keys and other listeners go on.
A message that used up its tries is a dead letter, and the lane goes on with the next.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

import structlog

from fks.kernel.errors import FksError, Unavailable
from fks.kernel.messages import Event, Meta, key_of
from fks.kernel.resilience import Backoff

__all__ = ["DeadLetter", "Invoke", "Lanes", "Listener"]

_log = structlog.get_logger("fks.bus")


@dataclass(frozen=True)
class DeadLetter:
    """A message that a listener could not handle within its tries."""

    topic: str
    key: str
    handler: str
    event: Event
    meta: Meta
    attempts: int
    code: str
    error: str
    at_ns: int


@dataclass(eq=False)
class Listener:
    """A handler of one topic; `name` identifies it in logs and dead letters.

    `waits` when it is a coroutine function.
    """

    name: str
    topic: Any
    call: Callable[[Any, Any], Awaitable[None] | None]
    waits: bool
    lanes: dict[str, Lane] = field(default_factory=dict)


@dataclass(eq=False)
class _Entry:
    """A message in a lane, with its tries so far and the last error."""

    item: Any
    attempts: int = 0
    error: Exception | None = None


@dataclass(eq=False)
class Lane:
    """The messages of one key that wait for one listener; the first is the one in trouble."""

    listener: Listener
    key: str
    backlog: deque[_Entry] = field(default_factory=deque)
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None


Invoke = Callable[[Listener, Any], Awaitable[None]]


class Lanes:
    """All lanes of a bus.

    `invoke` runs a listener on an item, `bury` keeps a dead letter (and may raise `Unavailable`
    to be asked again), `changed` is told when the number of lanes changes.
    """

    def __init__(
        self,
        *,
        backoff: Backoff,
        limit: int,
        now_ns: Callable[[], int],
        invoke: Invoke,
        bury: Callable[[DeadLetter], Awaitable[None]],
        changed: Callable[[], None],
    ) -> None:
        self._backoff = backoff
        self._limit = limit
        self._now_ns = now_ns
        self._invoke = invoke
        self._bury = bury
        self._changed = changed
        self._lanes: set[Lane] = set()

    def __len__(self) -> int:
        """Return the number of lanes."""
        return len(self._lanes)

    @property
    def waiting(self) -> int:
        """Return the number of messages in lanes."""
        return sum(len(lane.backlog) for lane in self._lanes)

    def park(self, listener: Listener, item: Any, error: Exception) -> None:
        """Put a message that failed once into a lane, to be tried again."""
        entry = self._failed(listener, _Entry(item), error)
        lane = self._open(listener, entry)
        lane.task = _task(self._work(lane))

    def detach(self, listener: Listener, item: Any) -> Lane:
        """Open a lane for a listener that is still busy with a message; see `finish`."""
        return self._open(listener, _Entry(item))

    async def finish(self, lane: Lane, error: Exception | None) -> None:
        """Go on with a detached lane, whose first message has now been handled or has failed."""
        lane.task = asyncio.current_task()
        entry = lane.backlog[0]
        if error is None:
            self._close_entry(lane)
        else:
            self._failed(lane.listener, entry, error)
        await self._work(lane)

    async def join(self, lane: Lane, item: Any) -> None:
        """Queue a message behind those of its key; wait while the lane is full."""
        while len(lane.backlog) >= self._limit and lane in self._lanes:
            room = asyncio.get_running_loop().create_future()
            lane.waiting.append(room)
            await room
        current = lane.listener.lanes.get(lane.key)
        entry = _Entry(item)
        if item.track is not None:
            item.track.hold()
        if current is not None:
            current.backlog.append(entry)
            return
        reopened = self._open(lane.listener, entry, held=True)
        reopened.task = _task(self._work(reopened))

    async def stop(self) -> None:
        """Give up all lanes; what waited there is lost to this process."""
        tasks = [lane.task for lane in self._lanes if lane.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _open(self, listener: Listener, entry: _Entry, *, held: bool = False) -> Lane:
        """Make a lane with its first message."""
        lane = Lane(listener, key_of(entry.item.event))
        assert lane.key not in listener.lanes, "a parked key is not handed to its listener"
        lane.backlog.append(entry)
        if entry.item.track is not None and not held:
            entry.item.track.hold()
        listener.lanes[lane.key] = lane
        listener.topic.slow = True
        self._lanes.add(lane)
        self._changed()
        return lane

    async def _work(self, lane: Lane) -> None:
        """Handle what is in the lane, in order, then close it."""
        try:
            while lane.backlog:
                entry = lane.backlog[0]
                if entry.attempts >= self._backoff.tries:
                    await self._give_up(lane, entry)
                    continue
                if entry.attempts:
                    await asyncio.sleep(self._backoff.pause_s(entry.attempts))
                try:
                    await self._invoke(lane.listener, entry.item)
                except Exception as error:  # noqa: BLE001  # the dispatcher isolates listeners
                    self._failed(lane.listener, entry, error)
                else:
                    self._close_entry(lane)
        finally:
            self._close(lane)

    def _failed(self, listener: Listener, entry: _Entry, error: Exception) -> _Entry:
        """Note a try that failed."""
        entry.attempts += 1
        entry.error = error
        listener.topic.failed += 1
        _log.warning(
            "listener_failed",
            topic=listener.topic.name,
            handler=listener.name,
            message_id=entry.item.meta.id,
            attempt=entry.attempts,
            error=f"{type(error).__name__}: {error}",
        )
        return entry

    async def _give_up(self, lane: Lane, entry: _Entry) -> None:
        """Bury a message; if there is no place for it now, wait until there is."""
        error = entry.error
        code = error.code if isinstance(error, FksError) else "bus.listener_failed"
        letter = DeadLetter(
            topic=lane.listener.topic.name,
            key=lane.key,
            handler=lane.listener.name,
            event=entry.item.event,
            meta=entry.item.meta,
            attempts=entry.attempts,
            code=code,
            error=f"{type(error).__name__}: {error}",
            at_ns=self._now_ns(),
        )
        failures = 0
        while True:
            try:
                await self._bury(letter)
                break
            except Unavailable as away:
                failures += 1
                _log.warning("dead_letter_waits", topic=letter.topic, error=away.message)
                await asyncio.sleep(self._backoff.pause_s(failures))
        lane.listener.topic.dead += 1
        _log.error(
            "dead_letter",
            topic=letter.topic,
            handler=letter.handler,
            message_id=letter.meta.id,
            attempts=letter.attempts,
            exc_info=error,
        )
        self._take_first(lane)

    def _close_entry(self, lane: Lane) -> None:
        """Take a handled message out of its lane."""
        lane.listener.topic.delivered += 1
        self._take_first(lane)

    def _take_first(self, lane: Lane) -> None:
        """Take the first message out and let somebody in."""
        entry = lane.backlog.popleft()
        if entry.item.track is not None:
            entry.item.track.release()
        while lane.waiting:
            room = lane.waiting.popleft()
            if not room.done():
                room.set_result(None)
                break

    def _close(self, lane: Lane) -> None:
        """Remove a lane; its key goes the direct way again."""
        self._lanes.discard(lane)
        lane.listener.lanes.pop(lane.key, None)
        topic = lane.listener.topic
        topic.slow = any(one.waits or one.lanes for one in topic.listeners)
        for room in lane.waiting:
            if not room.done():
                room.set_result(None)
        self._changed()


def _task(work: Any) -> asyncio.Task[None]:
    """Run a lane by itself, with nothing of the publisher's context."""
    return asyncio.get_running_loop().create_task(work, context=Context())
