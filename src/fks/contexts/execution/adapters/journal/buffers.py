"""Two groups between the engine and the disk: one fills while the other is written."""

from __future__ import annotations

import threading

from fks.contexts.execution.domain.journal._frames import Group
from fks.contexts.execution.domain.journal.failures import JournalFailed
from fks.contexts.execution.domain.journal.segment import Position

__all__ = ["Buffers"]


class Buffers:
    """What the threads of a journal share. All but the conditions and the reads need `lock`."""

    def __init__(self, room: int, prefix: int, position: Position) -> None:
        self.filling = Group(room, prefix)
        self._spare: Group | None = Group(room, prefix)
        self.held: Group | None = None  # taken, not yet durable
        self.seq = self.durable = position.seq
        self.ts_ns = position.ts_ns
        self.urgent_seq = 0  # the last urgent record
        self.commits = 0
        self.failure: JournalFailed | None = None
        self.closing = False
        self.idle = False  # the log thread waits for work
        self.lock = threading.Lock()
        self.work = threading.Condition(self.lock)  # for the log thread
        self.room = threading.Condition(self.lock)  # for the engine, when both groups are full
        self.synced = threading.Condition(self.lock)  # for whoever waits for a seq

    @property
    def urgent(self) -> bool:
        """Tell whether an urgent record is not yet durable."""
        return self.urgent_seq > self.durable

    def appended(self, *, urgent: bool) -> None:
        """Note that something was put into the filling group."""
        if urgent:
            self.urgent_seq = self.seq
        if self.idle or urgent:
            self.work.notify()

    def wait_for_group(self) -> Group | None:
        """Return the filled group once there is one; None when closing and nothing is left."""
        while not self.filling.records:
            if self.closing or self.failure is not None:
                return None
            self.idle = True
            self.work.wait()
            self.idle = False
        return self.take()

    def take(self) -> Group:
        """Return the group to write: the held one, else the filled one, and fill the other."""
        if self.held is None:
            assert self._spare is not None and self.filling.records
            self.held, self.filling, self._spare = self.filling, self._spare, None
            self.room.notify_all()
        return self.held

    def done(self) -> int:
        """Note that the held group is durable, and return its last seq."""
        assert self.held is not None
        self.durable = self.held.last_seq
        self.held.clear()
        self._spare, self.held = self.held, None
        self.commits += 1
        self.synced.notify_all()
        return self.durable

    def fail(self, failure: JournalFailed) -> bool:
        """Note that nothing will become durable any more; True the first time. Takes the lock."""
        with self.lock:
            first = self.failure is None
            if first:
                self.failure = failure
            for condition in (self.work, self.room, self.synced):
                condition.notify_all()
            return first

    def refuse_failed(self) -> None:
        """Raise `JournalFailed` after a failure."""
        if self.failure is not None:
            raise JournalFailed(self.failure.message)
