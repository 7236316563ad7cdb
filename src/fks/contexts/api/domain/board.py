"""The newest of each kind that came at the market's pace, for readers who want what holds now.

Prices and trades would push everything else out of the ring that sockets read. Here each symbol
has one place a topic; a reader gets what changed since it last looked, and misses only what a
newer one replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from fks.kernel.messages import Event

__all__ = ["Board", "Latest"]

_MOST = 50_000


class _Topics(Protocol):
    def wants_topic(self, topic: str) -> bool: ...


class _Place(NamedTuple):
    """Whose newest it is."""

    topic: str
    stream: str
    symbol: str


class Latest(NamedTuple):
    """The newest event of its place, and the version of the board that it made."""

    version: int
    topic: str
    event: Event


class Board:
    """At most `most` places; the one that was silent longest goes first."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._places: dict[_Place, Latest] = {}
        self._topics: dict[tuple[str, str], set[str]] = {}
        self.version = 0

    def put(self, topic: str, stream: str, symbol: str, event: Event) -> None:
        """Put an event in the place of the one before it."""
        place = _Place(topic, stream, symbol)
        if self._places.pop(place, None) is None:
            self._topics.setdefault((stream, symbol), set()).add(topic)
            if len(self._places) >= self._most:
                self._drop(next(iter(self._places)))
        self.version += 1
        self._places[place] = Latest(self.version, topic, event)

    def clear(self, stream: str, symbol: str) -> None:
        """Forget a symbol: what was told of it does not hold any more."""
        for topic in self._topics.pop((stream, symbol), ()):
            self._places.pop(_Place(topic, stream, symbol), None)

    def since(self, version: int, wanted: _Topics) -> Sequence[Latest]:
        """Return what was put after a version and still holds, oldest first."""
        found = []
        for latest in reversed(self._places.values()):
            if latest.version <= version:
                break
            if wanted.wants_topic(latest.topic):
                found.append(latest)
        return found[::-1]

    def _drop(self, place: _Place) -> None:
        """Give up a place."""
        del self._places[place]
        topics = self._topics[place.stream, place.symbol]
        topics.discard(place.topic)
        if not topics:
            del self._topics[place.stream, place.symbol]
