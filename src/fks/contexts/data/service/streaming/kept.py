"""The streams of a server: those of its list, each supervised, told over the bus."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial

import msgspec
import numpy as np
import structlog

from fks.contexts.data.service.streaming import LiveStream
from fks.contexts.data.service.streaming.telling import Teller, tell
from fks.contexts.data.store.streams import StreamStore
from fks.contracts.data.live import (
    GetLiveBook,
    KeepStream,
    KeptStream,
    LiveBook,
    RemoveStream,
    StreamedSymbol,
    StreamFailed,
    StreamList,
    StreamSpec,
)
from fks.contracts.data.streams import LEVEL
from fks.kernel.bus import Bus
from fks.kernel.errors import FksError, Invalid, NotFound, Unavailable
from fks.kernel.health import CheckResult, Status
from fks.kernel.services import RestartPolicy, Service, Supervisor

__all__ = ["LiveStreams", "Open"]

Open = Callable[[StreamSpec], AbstractAsyncContextManager[LiveStream]]
"""Opens a stream. Raises `Invalid` for an exchange, symbol or channel that is none."""

_log = structlog.get_logger("fks.data.streams")
_TICK_S = 1.0
_POLICY = RestartPolicy(first_pause_s=1.0, longest_pause_s=300.0)
_MOST_LEVELS = 1000
_HEALTH = {"healthy": "running", "degraded": "waiting", "unhealthy": "failed", "unknown": "waiting"}


@dataclass(eq=False)
class _Kept:
    """One stream that runs, or waits to be begun again."""

    spec: StreamSpec
    teller: Teller
    supervisor: Supervisor = field(default_factory=lambda: Supervisor(_POLICY))
    stream: LiveStream | None = None
    code: str = ""


class LiveStreams:
    """Keeps the streams of a list, and answers for them.

    The consumer of a stream waits for the bus, that is for its listeners: while they are slow,
    trades wait and of prices only the newest (`Outbox`). `check` raises `Invalid` for a stream
    that could never be opened.
    """

    def __init__(
        self,
        bus: Bus,
        store: StreamStore,
        open_stream: Open,
        check: Callable[[StreamSpec], None],
        *,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._bus, self._store, self._open, self._check = bus, store, open_stream, check
        self._now_ns = now_ns
        self._kept: dict[str, _Kept] = {}
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Keep what the list says until cancelled; a list that cannot be read is read again."""
        try:
            while True:
                self._changed.clear()
                try:
                    await self._keep(await asyncio.to_thread(self._store.all))
                except FksError as error:
                    _log.warning("streams.list", code=error.code, error=error.message)
                try:
                    async with asyncio.timeout(_TICK_S):
                        await self._changed.wait()
                except TimeoutError:
                    continue
        finally:
            for name in list(self._kept):
                await self._end(name, "the server ends")

    async def keep(self, command: KeepStream) -> KeptStream:
        """Stream something from now on. Raises `Invalid`; then nothing changed."""
        self._check(command.spec)
        await asyncio.to_thread(self._store.put, command.spec)
        self._changed.set()
        return self._state(command.spec)

    async def remove(self, command: RemoveStream) -> StreamList:
        """End a stream. Raises `NotFound`."""
        if not await asyncio.to_thread(self._store.remove, command.name):
            raise NotFound(
                f"there is no stream {command.name[:64]!r}", code="data.stream_not_found"
            )
        self._changed.set()
        return await self.states()

    async def states(self) -> StreamList:
        """Return all streams as they are. Raises `Invalid` for a list that cannot be read."""
        specs = await asyncio.to_thread(self._store.all)
        return StreamList(streams=tuple(self._state(spec) for spec in specs))

    def book(self, query: GetLiveBook) -> LiveBook:
        """Return the best levels of a book. Raises `NotFound`, `Invalid`, `Unavailable`."""
        kept = self._kept.get(query.stream)
        stream = None if kept is None else kept.stream
        if kept is None or (stream is not None and query.symbol not in stream.states):
            raise NotFound(
                f"no stream {query.stream[:64]!r} with symbol {query.symbol[:64]!r} runs",
                code="data.stream_not_found",
            )
        if not 1 <= query.levels <= _MOST_LEVELS:
            raise Invalid(f"a book has 1 to {_MOST_LEVELS} levels", code="data.bad_window")
        book = None if stream is None else stream.book(query.symbol)
        if book is None:
            raise Unavailable(
                f"the book of {query.symbol[:64]} is not live now", code="data.book_not_live"
            )
        bids, asks = (np.frombuffer(side, LEVEL) for side in book.packed(query.levels))
        price, quantity = book.scale
        return LiveBook(
            stream=query.stream,
            symbol=query.symbol,
            price_decimals=price,
            quantity_decimals=quantity,
            bids=tuple((int(row["price"]), int(row["quantity"])) for row in bids),
            asks=tuple((int(row["price"]), int(row["quantity"])) for row in asks),
        )

    async def probe(self) -> CheckResult:
        """Return whether all symbols of all streams are live, and how old what they said is."""
        try:
            streams = (await self.states()).streams
        except FksError as error:
            return CheckResult(Status.DEGRADED, error.message)
        late = []
        for one in streams:
            if one.state in ("waiting", "failed"):
                late.append(f"{one.spec.name} {one.state}: {one.error}")
            late += [
                f"{one.spec.name} {symbol.symbol} {symbol.state}{self._age(symbol)}"
                for symbol in one.symbols
                if symbol.state not in ("live", "ended")
            ]
        if late:
            return CheckResult(Status.DEGRADED, "; ".join(late[:5])[:500])
        return CheckResult(Status.HEALTHY, f"{len(streams)} streams, all that run are live")

    def _age(self, symbol: StreamedSymbol) -> str:
        """Say when something last came."""
        if not symbol.heard_at_ns:
            return ""
        return f", heard {(self._now_ns() - symbol.heard_at_ns) / 1e9:.1f} s ago"

    def _state(self, spec: StreamSpec) -> KeptStream:
        """Return how a stream is."""
        kept = self._kept.get(spec.name)
        if spec.paused or kept is None or kept.spec != spec:
            return KeptStream(spec=spec, state="paused" if spec.paused else "waiting")
        report = kept.supervisor.reports("data")[0]
        stream = kept.stream
        states = {} if stream is None else stream.states
        heard = {} if stream is None else stream.heard_ns
        return KeptStream(
            spec=spec,
            state=_HEALTH[report.status.value],
            symbols=tuple(
                StreamedSymbol(symbol=one, state=state, heard_at_ns=heard[one])
                for one, state in states.items()
            ),
            counters={} if stream is None else msgspec.to_builtins(stream.counters),
            restarts=sum(kept.supervisor.restarts.values()),
            error_code=kept.code if report.message else "",
            error=report.message,
        )

    async def _keep(self, specs: tuple[StreamSpec, ...]) -> None:
        """Begin and end streams until those that run are those of the list."""
        wanted = {spec.name: spec for spec in specs if not spec.paused}
        for name, kept in list(self._kept.items()):
            if wanted.get(name) != kept.spec:
                await self._end(name, "removed" if name not in wanted else "changed")
        for name, spec in wanted.items():
            if name not in self._kept:
                kept = self._kept[name] = _Kept(spec, Teller(spec))
                service = Service(f"stream:{name}", partial(self._follow, kept))
                kept.supervisor.start("data", [service])

    async def _end(self, name: str, reason: str) -> None:
        """End a stream, and say that its prices hold no more."""
        kept = self._kept.pop(name)
        states = {} if kept.stream is None else dict(kept.stream.states)
        await kept.supervisor.stop()
        for symbol in states:
            await self._bus.publish(kept.teller.state(symbol, "ended", reason, self._now_ns()))

    async def _follow(self, kept: _Kept) -> None:
        """Tell all that a stream says, until it fails."""
        try:
            async with self._open(kept.spec) as stream:
                kept.stream = stream
                await tell(stream, kept.teller, self._bus.publish)
        except FksError as error:
            kept.code = error.code
            spec = kept.spec
            await self._bus.publish(
                StreamFailed(
                    stream=spec.name,
                    exchange=spec.exchange,
                    code=error.code,
                    message=error.message,
                )
            )
            raise
        finally:
            kept.stream = None
