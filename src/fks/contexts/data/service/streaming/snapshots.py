"""Snapshots of books that wait for one: fetched, or asked for in the stream, never in a hurry."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from fks.contexts.data.adapters.fetching import Answer
from fks.contexts.data.adapters.streaming import Link, Lost
from fks.contexts.data.domain.streaming.feed import Feed
from fks.contracts.data.providers import PageRequest
from fks.kernel.errors import FksError, TimedOut, Unavailable
from fks.kernel.resilience import Backoff

__all__ = ["Snapshots"]

Joined = Callable[[str, bytes], bool]
_CALM_S = 60.0
_QUIET_S = 5.0


class _Pages(Protocol):
    async def get(self, request: PageRequest) -> Answer: ...


class Snapshots:
    """At most one request a symbol is under way; pauses between them grow while they do not help.

    `failed` is what ends the stream: the exchange has no such symbol, or refuses for good.
    """

    def __init__(
        self,
        feed: Feed,
        pages: _Pages | None,
        backoff: Backoff,
        longest_s: float,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._feed, self._pages, self._backoff = feed, pages, backoff
        self._longest_s, self._now_s = longest_s, now_s
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._asked: dict[str, tuple[int, float]] = {}
        self._waits_since: dict[str, float] = {}
        self.failed: FksError | None = None

    def need(self, link: Link, symbol: str, joined: Joined) -> None:
        """Ask for a symbol's snapshot, if that is not being done."""
        task = self._under_way.get(symbol)
        if task is None or task.done():
            self._under_way[symbol] = asyncio.create_task(self._ask(link, symbol, joined))

    def overdue(self, link: Link, unsynced: Iterable[str], joined: Joined) -> bool:
        """Return whether a book waited in vain for too long, so that only reconnecting helps.

        A symbol whose book never changes is never heard to need a page: it is asked for here.
        """
        waiting, now_s = set(unsynced), self._now_s()
        for symbol in [one for one in self._waits_since if one not in waiting]:
            del self._waits_since[symbol]
        for symbol in waiting:
            since_s = self._waits_since.setdefault(symbol, now_s)
            if self._pages is not None:
                if now_s - since_s > _QUIET_S:
                    self.need(link, symbol, joined)
            elif now_s - since_s > self._longest_s:
                return True
        return False

    def cancel(self) -> None:
        """Ask for nothing more over this connection."""
        for task in self._under_way.values():
            task.cancel()
        self._under_way.clear()
        self._waits_since.clear()

    async def _ask(self, link: Link, symbol: str, joined: Joined) -> None:
        """Get one snapshot that helps."""
        pause_s = self._pause_s(symbol)
        while True:
            await asyncio.sleep(pause_s)
            page = self._feed.wire.snapshot_page(symbol)
            if page is None:
                await self._in_the_stream(link, symbol)
                return
            assert self._pages is not None, "a wire with pages has somebody who fetches them"
            try:
                answer = await self._pages.get(page)
                if not joined(symbol, answer.body):
                    return
                told_s = 0.0
            except (Unavailable, TimedOut) as error:
                if error.code == "data.recording_failed":
                    await self._fail(link, error)
                    return
                self._feed.counters.snapshot_failures += 1
                told_s = getattr(error, "retry_after_s", None) or 0.0
            except FksError as error:
                await self._fail(link, error)
                return
            pause_s = max(told_s, self._pause_s(symbol))

    async def _in_the_stream(self, link: Link, symbol: str) -> None:
        """Ask the exchange to send one."""
        try:
            for message in self._feed.wire.resync(symbol):
                await link.send(message)
        except Lost:
            return  # whoever receives is told as well

    async def _fail(self, link: Link, error: FksError) -> None:
        """End the stream."""
        self.failed = error
        await link.close()

    def _pause_s(self, symbol: str) -> float:
        """Return how long to wait before asking: not at all, unless it was asked just now."""
        count, last_s = self._asked.get(symbol, (0, 0.0))
        if count and self._now_s() - last_s > _CALM_S:
            count = 0
        self._asked[symbol] = (count + 1, self._now_s())
        return self._backoff.pause_s(count) if count else 0.0
