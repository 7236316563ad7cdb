"""A live stream: connected, synchronised, told to one consumer; a recording by the same code."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

import msgspec

from fks.contexts.data.adapters.fetching import Answer
from fks.contexts.data.adapters.streaming import Ended, Link, Lost, Reconnected, Source
from fks.contexts.data.adapters.streaming.recorded import Recorder, page_symbol
from fks.contexts.data.domain.books._book import Book
from fks.contexts.data.domain.streaming.feed import Feed, MakeWire, Output
from fks.contexts.data.domain.streaming.told import (
    Counters,
    GiveUp,
    Refused,
    Send,
    SnapshotNeeded,
    StateChange,
    StreamState,
    Told,
)
from fks.contexts.data.service.streaming.outbox import Outbox
from fks.contexts.data.service.streaming.snapshots import Snapshots
from fks.contracts.data.providers import PageRequest
from fks.kernel.errors import FksError, Invalid, Unavailable
from fks.kernel.resilience import Backoff

__all__ = ["LiveStream", "Pages", "StreamSettings"]


class Pages(Protocol):
    """Who fetches snapshots, within the exchange's limits; a `Fetcher`."""

    async def get(self, request: PageRequest) -> Answer:
        """Return a whole answer of status 200; raises `FksError`."""
        ...


class StreamSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a stream is kept.

    `longest_s` ends a connection before the exchange does, which most do after a day. A stream
    that was never connected ends after `first_tries`; later it tries without end. A book that has
    no snapshot `snapshot_s` after it should is asked for again, or costs the connection.
    """

    most_waiting: int = 10_000
    stale_after_s: float = 10.0
    watch_s: float = 1.0
    longest_s: float = 23 * 3600.0
    first_pause_s: float = 0.5
    longest_pause_s: float = 30.0
    first_tries: int = 5
    snapshot_s: float = 30.0


class LiveStream:
    """Channels of some symbols of one exchange.

    `async with LiveStream(...) as stream: async for update in stream: ...` yields trades, quotes,
    bars, tops of books and changes of state until the consumer leaves, a recording ends or the
    stream fails: `Unavailable` (`data.consumer_too_slow`, `data.stream_unreachable`,
    `data.recording_failed`), `Invalid` (`data.subscription_refused`, `data.bad_destination`), or
    what the exchange answers to the request for a snapshot of no symbol of its.
    """

    def __init__(
        self,
        make: MakeWire,
        symbols: Sequence[str],
        channels: Iterable[str],
        source: Source,
        *,
        pages: Pages | None = None,
        settings: StreamSettings | None = None,
        recorder: Recorder | None = None,
        wall_ns: Callable[[], int] = time.time_ns,
        backoff: Backoff | None = None,
    ) -> None:
        self._settings = settings or StreamSettings()
        stale_s = self._settings.stale_after_s
        self._feed = Feed(make, symbols, channels, stale_after_s=stale_s)
        self._symbols = list(self._feed.states)
        self._source, self._recorder, self._wall_ns = source, recorder, wall_ns
        self._outbox = Outbox(self._settings.most_waiting, self._feed.counters)
        self._backoff = backoff or Backoff(
            self._settings.first_pause_s, self._settings.longest_pause_s
        )
        self._paged = self._feed.deep and self._feed.wire.book_rule.snapshot == "page"
        assert pages is not None or source.recorded or not self._paged, "nobody fetches snapshots"
        self._snapshots = Snapshots(
            self._feed, pages if self._paged else None, self._backoff, self._settings.snapshot_s
        )
        self._task: asyncio.Task[None] | None = None
        self._connected_once = self._useful = False

    @property
    def counters(self) -> Counters:
        """Return what happened so far."""
        return self._feed.counters

    @property
    def states(self) -> Mapping[str, StreamState]:
        """Return the state of each symbol."""
        return self._feed.states

    @property
    def heard_ns(self) -> Mapping[str, int]:
        """Return when each symbol last said something, 0 where it never did."""
        return self._feed.heard_ns

    def book(self, symbol: str) -> Book | None:
        """Return a symbol's book as it is now; None while it is not live."""
        return self._feed.book(symbol)

    async def __aenter__(self) -> LiveStream:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None, "it was entered"
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    def __aiter__(self) -> Outbox:
        return self._outbox

    async def _run(self) -> None:
        """Stay connected; whatever ends it, the consumer hears of it."""
        failed: FksError | None = None
        try:
            await self._stay()
        except FksError as error:
            failed = error
        finally:
            self._snapshots.cancel()
            if not self._source.recorded:
                self._put(self._feed.lost("the stream ended", self._wall_ns()))
            self._outbox.close(failed)

    async def _stay(self) -> None:
        """Connect again and again, with a pause that grows while nothing comes."""
        failures = 0
        while True:
            self._useful, planned, reason = False, False, "closed"
            try:
                async with self._source.open(self._feed.wire) as link:
                    self._connected_once = True
                    done = await self._hear(link)
                planned, reason = done.planned, done.reason
            except Ended:
                return
            except Lost as lost:
                reason = str(lost)
            finally:
                self._snapshots.cancel()
            self._put(self._feed.lost(reason, self._wall_ns()))
            if self._snapshots.failed is not None:
                raise self._snapshots.failed
            failures = 1 if self._useful else failures + 1
            if not self._connected_once and failures >= self._settings.first_tries:
                raise Unavailable(
                    f"{self._feed.wire.name} could not be connected to, {failures} times: {reason}",
                    code="data.stream_unreachable",
                )
            self.counters.reconnects += 1
            if not (planned and self._useful):
                await asyncio.sleep(self._backoff.pause_s(failures))

    async def _hear(self, link: Link) -> GiveUp:
        """Hear one connection until it is of no more use."""
        subscriptions = self._feed.begin()
        if self._source.recorded:
            return await self._played(link)
        for message in subscriptions:
            await link.send(message)
        self._put(self._feed.connected(self._wall_ns()))
        watch = asyncio.create_task(self._watch(link))
        try:
            async with asyncio.timeout(self._settings.longest_s) as limit:
                return await self._heard(link)
        except TimeoutError:
            if not limit.expired():
                raise
            return GiveUp("connected for long enough", planned=True)
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    async def _heard(self, link: Link) -> GiveUp:
        """Take messages until one of them ends the connection."""
        while True:
            payload, received_ns = await link.receive()
            if self._recorder is not None:
                self._recorder.message(payload, received_ns)
            ended = await self._act(link, self._feed.take(payload, received_ns))
            if ended is not None:
                return ended

    async def _played(self, link: Link) -> GiveUp:
        """Take what was recorded, as fast as the consumer wants it. A refusal means nothing."""
        first = True
        while True:
            await self._outbox.room()
            try:
                payload, received_ns = await link.receive()
            except Reconnected as anew:
                self._put(self._feed.lost("connected anew", anew.at_ns))
                self._feed.begin()
                first = True
                continue
            if first:
                self._put(self._feed.connected(received_ns))
                first = False
            self._put(self._feed.watch(received_ns))
            symbol = page_symbol(payload, self._symbols) if self._paged else ""
            try:
                if symbol:
                    self._put(self._feed.page(symbol, payload, received_ns))
                else:
                    outputs = self._feed.take(payload, received_ns)
                    self._put(outputs)
                    if any(isinstance(output, GiveUp) for output in outputs):
                        self._put(self._feed.lost("recorded so", received_ns))
                        first = True
            except Unavailable as error:
                if error.code != "data.malformed_payload":
                    raise
                self.counters.malformed += 1

    async def _act(self, link: Link, outputs: list[Output]) -> GiveUp | None:
        """Tell the consumer, and do what the exchange wants."""
        for output in outputs:
            if isinstance(output, Send):
                await link.send(output.payload)
            elif isinstance(output, SnapshotNeeded):
                self._snapshots.need(link, output.symbol, self._joined)
            elif isinstance(output, GiveUp):
                return output
            elif isinstance(output, Refused):
                return self._refused(output.reason)
            else:
                self._tell(output)
        return None

    def _put(self, outputs: list[Output]) -> None:
        """Tell the consumer, where the exchange cannot be told anything."""
        for output in outputs:
            if not isinstance(output, Send | SnapshotNeeded | GiveUp | Refused):
                self._tell(output)

    def _tell(self, item: Told) -> None:
        """Tell the consumer. A connection that brings data is one that works."""
        self._useful = self._useful or not isinstance(item, StateChange)
        self._outbox.put(item)

    def _refused(self, reason: str) -> GiveUp:
        """Judge a refusal. Raises `Invalid` where nothing ever came: it will be refused again."""
        if not self._useful and not self.counters.trades and not self.counters.snapshots:
            raise Invalid(
                f"{self._feed.wire.name} refuses: {reason[:200]}; are the symbols its own?",
                code="data.subscription_refused",
            )
        return GiveUp(f"refused: {reason[:100]}")

    def _joined(self, symbol: str, body: bytes) -> bool:
        """Take a snapshot that was asked for; return whether its book needs another."""
        received_ns = self._wall_ns()  # when it takes its place among the messages
        outputs = self._feed.page(symbol, body, received_ns)
        if self._recorder is not None:
            self._recorder.page(symbol, body, received_ns)
        self._put(outputs)
        return any(isinstance(output, SnapshotNeeded) for output in outputs)

    async def _watch(self, link: Link) -> None:
        """Find what fell silent, and books that still wait though nothing brings a snapshot."""
        while True:
            await asyncio.sleep(self._settings.watch_s)
            self._put(self._feed.watch(self._wall_ns()))
            if self._snapshots.overdue(link, self._feed.unsynced(), self._joined):
                await link.close()
                return
