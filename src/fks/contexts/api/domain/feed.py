"""The recent events, numbered, for sockets that subscribe, lag and resume.

One ring for all sockets: each reader keeps only its place in it. A slow reader therefore costs no
memory and delays nobody; when the ring has overtaken it, it learns how many events it missed.
"""

from __future__ import annotations

import msgspec

__all__ = ["Entry", "Feed", "Page", "Subscription"]


class Entry(msgspec.Struct, frozen=True):
    """One event of the feed; `data` is its JSON, `session` the session it belongs to or ""."""

    seq: int
    topic: str
    session: str
    at_ns: int
    data: msgspec.Raw


class Page(msgspec.Struct, frozen=True):
    """What a reader gets: entries, its next place, and how many it can no longer get."""

    entries: tuple[Entry, ...]
    next_seq: int
    dropped: int


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """What a socket wants: topics, each whole or a prefix ending in ".", of one session or all."""

    topics: tuple[str, ...]
    session: str | None = None

    def wants(self, entry: Entry) -> bool:
        """Tell whether the entry belongs to this subscription."""
        if self.session is not None and entry.session and entry.session != self.session:
            return False
        return self.wants_topic(entry.topic)

    def wants_topic(self, name: str) -> bool:
        """Tell whether events of a topic belong to this subscription."""
        return any(
            name.startswith(topic) if topic.endswith(".") else name == topic
            for topic in self.topics
        )


class Feed:
    """A ring of the last `size` entries; sequence numbers start at 1 and never repeat."""

    def __init__(self, size: int) -> None:
        assert size > 0
        self._size = size
        self._ring: list[Entry] = []
        self._next_seq = 1

    @property
    def next_seq(self) -> int:
        """Return the number the next entry will have."""
        return self._next_seq

    @property
    def oldest(self) -> int:
        """Return the number of the oldest entry still held (`next_seq` when there is none)."""
        return self._next_seq - len(self._ring)

    def append(self, topic: str, session: str, at_ns: int, data: bytes) -> Entry:
        """Add an event and return its entry."""
        entry = Entry(self._next_seq, topic, session, at_ns, msgspec.Raw(data))
        if len(self._ring) < self._size:
            self._ring.append(entry)
        else:
            self._ring[(entry.seq - 1) % self._size] = entry
        self._next_seq += 1
        return entry

    def read(self, from_seq: int, wanted: Subscription, limit: int) -> Page:
        """Return up to `limit` wanted entries from `from_seq` on, scanning each entry once."""
        place = start = max(from_seq, self.oldest)
        found: list[Entry] = []
        while place < self._next_seq and len(found) < limit:
            entry = self._ring[(place - 1) % self._size]
            assert entry.seq == place
            if wanted.wants(entry):
                found.append(entry)
            place += 1
        return Page(tuple(found), place, start - from_seq)
