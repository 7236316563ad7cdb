"""Tell what was stored and how it was split, whichever process did it.

Commands store without a server and have no bus; the process that runs data has one. It looks at
the histories of all names, which every writer appends to after its version is published, and
tells each new latest version once; so it does with the newest split of each name. What was stored
while no such process ran is told by the catalogue, not by an event.
"""

from __future__ import annotations

import asyncio
from collections import deque

import structlog

from fks.contexts.data.domain.alerts import alert_of, stored_event
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.splits import SplitStore
from fks.contracts.data.datasets import SplitStored
from fks.kernel.bus import Bus
from fks.kernel.errors import FksError, NotFound, Unavailable
from fks.kernel.messages import Event

__all__ = ["Announcer"]

_log = structlog.get_logger("fks.data.announcing")

_PAUSE_S = 1.0
_MOST_WAITING = 1000


class Announcer:
    """What was seen of each name, and what waits to be told."""

    def __init__(self, bus: Bus, store: DatasetStore, *, pause_s: float = _PAUSE_S) -> None:
        self._bus = bus
        self._store = store
        self._pause_s = pause_s
        self._marks: dict[str, tuple[int, int]] | None = None
        self._seen: dict[str, int] = {}
        self._splits = SplitStore(store.home)
        self._split: dict[str, str] = {}
        self._waiting: deque[Event] = deque(maxlen=_MOST_WAITING)

    async def run(self) -> None:
        """Look and tell until cancelled. A bus or disk that is away is tried again later."""
        if self._marks is None:
            await asyncio.to_thread(self.begin)
        while True:
            await asyncio.sleep(self._pause_s)
            await self.step()

    async def step(self) -> None:
        """Look once, and tell what is new.

        Raises `Unavailable` when the bus or the store is away; nothing that was seen is lost then.
        """
        self._waiting.extend(await asyncio.to_thread(self._news))
        while self._waiting:
            await self._bus.publish(self._waiting[0])
            self._waiting.popleft()

    def begin(self) -> None:
        """Take what is there as told."""
        marks = self._store.histories.marks()
        self._seen = {name: len(self._store.histories.of(name)) for name in marks}
        self._split = self._splits.newest()
        self._marks = marks

    def _news(self) -> list[Event]:
        """Return what is to be told of names to which something happened."""
        known, marks = self._marks or {}, self._store.histories.marks()
        newest = self._splits.newest()
        events: list[Event] = []
        for name, mark in marks.items():
            if known.get(name) != mark:
                events += self._of(name)
        self._marks = marks
        return events + self._split_news(newest)

    def _split_news(self, newest: dict[str, str]) -> list[Event]:
        """Return the splits that their names mean since the last look."""
        known, self._split = self._split, newest
        found: list[Event] = []
        for name, of in newest.items():
            if known.get(name) == of:
                continue
            try:
                head = self._splits.head(name)
            except Unavailable as error:
                _log.warning("split_not_told", split=name, reason=error.message)
                continue
            found += [] if head is None else [SplitStored(split=head)]
        return found

    def _of(self, name: str) -> list[Event]:
        """Return what is to be told of one name, oldest first."""
        events: list[Event] = []
        before: str | None = None
        entries = self._store.histories.of(name)
        for place, entry in enumerate(entries):
            if entry.kind != "stored":
                continue
            if place >= self._seen.get(name, 0) and entry.hash != before:
                events += self._told(name, entry.hash, before)
            before = entry.hash
        self._seen[name] = len(entries)
        return events

    def _told(self, name: str, of: str, before: str | None) -> list[Event]:
        """Return the events of one version."""
        try:
            opened = self._store.open(f"{name}@{of}")
            report = opened.quality()
        except FksError as error:
            # Collected or damaged meanwhile: there is nothing to tell, and nothing to wait for.
            _log.warning("stored_not_told", dataset=name, reason=error.message)
            return []
        alert = alert_of(opened.info, report, self._score(name, before))
        return [stored_event(opened.info, report), *([] if alert is None else [alert])]

    def _score(self, name: str, of: str | None) -> float | None:
        """Return the score of a version, None where it is not there any more."""
        if of is None:
            return None
        try:
            return self._store.open(f"{name}@{of}").info.score
        except (NotFound, Unavailable):
            return None
