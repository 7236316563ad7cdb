"""The user stream: connected, watched by heartbeats, made anew with jittered pauses.

A stream that breaks, falls silent or says what cannot be read is given up at once: what was
missed is found by asking, so nothing is guessed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from fks.contexts.execution.adapters.venues.binance.calls import Doubt, Refused, Unsent
from fks.contracts.execution import VenueReport
from fks.kernel.resilience import Backoff

__all__ = ["Broken", "Source", "UserStream"]

_log = structlog.get_logger("fks.execution")
# The library tells all frames on DEBUG, and the first of ours carries the API key.
_frames = logging.getLogger("fks.execution.binance.frames")
_frames.setLevel(logging.WARNING)
_MOST_BYTES = 1 << 20
_UNREADABLE = (
    msgspec.MsgspecError,
    AttributeError,
    KeyError,
    TypeError,
    ValueError,
    ArithmeticError,
)
FAILURES = (OSError, TimeoutError, WebSocketException, Unsent, Doubt, Refused)


class Broken(Exception):
    """The stream says nothing more, or nothing that can be read."""


class Source(Protocol):
    """How a market's stream is found, begun and kept."""

    async def address(self) -> str:
        """Return where to connect now; raises Unsent, Doubt or Refused."""
        ...

    def hello(self) -> dict[str, Any] | None:
        """Return the request that begins it, None where connecting does."""
        ...

    async def keep(self) -> None:
        """Keep it alive, called every `keep_s` seconds; raises Unsent, Doubt or Refused."""
        ...

    @property
    def keep_s(self) -> float:
        """Return how often it must be kept alive, seconds; 0 for never."""
        ...


class UserStream:
    """Hears until closed: `read` makes a report of an event, `on_report` is told it.

    `on_state` is told True when subscribed, False when not.
    """

    def __init__(
        self,
        source: Source,
        read: Callable[[dict[str, Any]], VenueReport | None],
        on_report: Callable[[VenueReport], None],
        on_state: Callable[[bool], None],
        *,
        heartbeat_s: float,
        backoff: Backoff,
    ) -> None:
        self._source, self._read = source, read
        self._on_report, self._on_state = on_report, on_state
        self._heartbeat_s, self._backoff = heartbeat_s, backoff
        self._task: asyncio.Task[None] | None = None
        self._up = False
        self.failures = 0

    async def start(self) -> None:
        """Subscribe, and stay so; raises what failed when the first try did."""
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(first))
        await first

    async def close(self) -> None:
        """Hear nothing more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._state(False)

    async def _run(self, first: asyncio.Future[None]) -> None:
        try:
            await self._stay(first)
        finally:
            self._state(False)  # whatever ended it, nobody hears any more

    async def _stay(self, first: asyncio.Future[None]) -> None:
        while True:
            reason = "closed"
            try:
                await self._hear(first)
            except FAILURES as error:
                if not first.done():
                    first.set_exception(error)
                    return
                reason = type(error).__name__
            except Broken as broken:
                reason = str(broken)
            self._state(False)
            self.failures += 1
            pause_s = self._backoff.pause_s(self.failures)
            _log.warning("binance_stream_lost", reason=reason, pause_s=round(pause_s, 3))
            await asyncio.sleep(pause_s)

    async def _hear(self, first: asyncio.Future[None]) -> None:
        """Subscribe and hear one connection to its end."""
        beat_s = self._heartbeat_s
        address = await self._source.address()
        async with connect(
            address,
            ping_interval=beat_s,
            ping_timeout=beat_s,
            open_timeout=10,
            close_timeout=min(beat_s, 1.0),
            max_size=_MOST_BYTES,
            proxy=None,
            compression=None,
            logger=_frames,
        ) as connection:
            hello = self._source.hello()
            if hello is not None:
                await connection.send(msgspec.json.encode(hello).decode("utf-8"))
                _subscribed(await asyncio.wait_for(connection.recv(), 10))
            self._state(True)
            if not first.done():
                first.set_result(None)
            self.failures = 0
            async with _beside(self._keep(connection)):
                async for message in connection:
                    self._take(message)

    async def _keep(self, connection: ClientConnection) -> None:
        """Keep the subscription alive; where Binance has forgotten it, end the connection."""
        if not self._source.keep_s:
            return
        pause_s = self._source.keep_s
        while True:
            await asyncio.sleep(pause_s)
            try:
                await self._source.keep()
                pause_s = self._source.keep_s
            except (Unsent, Doubt):
                pause_s = self._source.keep_s / 30
            except Refused:
                await connection.close()
                return

    def _take(self, message: str | bytes) -> None:
        """Pass an event on; raises Broken."""
        report = None
        try:
            said = msgspec.json.decode(message, type=dict[str, Any])
            event = said.get("event", said)
            kind = event.get("e")
            if kind in ("listenKeyExpired", "eventStreamTerminated"):
                raise Broken("its subscription ended")
            if kind is not None:
                report = self._read(event)
        except _UNREADABLE:
            raise Broken("a message that cannot be read") from None
        if report is not None:
            self._on_report(report)

    def _state(self, up: bool) -> None:
        if up != self._up:
            self._up = up
            self._on_state(up)


def _subscribed(message: str | bytes) -> None:
    """Check the answer to a subscription; raises Refused or Doubt."""
    try:
        answer = msgspec.json.decode(message, type=dict[str, Any])
        if answer["status"] == 200:
            return
        error = answer["error"]
        refused = Refused(int(error["code"]), str(error["msg"])[:200], int(answer["status"]), None)
    except (msgspec.DecodeError, KeyError, TypeError, ValueError):
        raise Doubt("an answer that cannot be read") from None
    raise refused


@contextlib.asynccontextmanager
async def _beside(work: Awaitable[None]) -> Any:
    """Run something beside the body, and no longer."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
