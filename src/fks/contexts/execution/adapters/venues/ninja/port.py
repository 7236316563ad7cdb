"""The port that a terminal connects to: who is let in, heartbeats, and who is there."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import Callable

import msgspec

from fks.contexts.execution.adapters.venues.ninja.wire import (
    LONGEST,
    VERSION,
    FromTerminal,
    Heartbeat,
    Hello,
    Line,
    Refused,
    Welcome,
    decode,
    encode,
)
from fks.kernel.errors import Unavailable

__all__ = ["Port", "PortTerms"]


class PortTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Where to listen, for whom, and how long silence may last (two heartbeats)."""

    host: str
    port: int
    account: str
    token: str
    heartbeat_s: float
    oldest_s: float
    connect_timeout_s: float


class Port:
    """Listens for one terminal at a time; a new one that shows the token takes over."""

    def __init__(
        self,
        terms: PortTerms,
        wall_ns: Callable[[], int],
        on_line: Callable[[FromTerminal], None],
        on_up: Callable[[], None],
        on_down: Callable[[str], None],
    ) -> None:
        self._terms = terms
        self._wall_ns = wall_ns
        self._on_line = on_line
        self._on_up = on_up
        self._on_down = on_down
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._arrived = asyncio.Event()
        self.number = terms.port

    @property
    def up(self) -> bool:
        """Tell whether a terminal is there."""
        return self._writer is not None and not self._writer.is_closing()

    async def start(self) -> None:
        """Listen and wait for the terminal; raises `Unavailable` when none comes in time."""
        terms = self._terms
        try:
            self._server = await asyncio.start_server(
                self._serve, terms.host, terms.port, limit=LONGEST
            )
        except OSError as error:
            raise Unavailable(
                f"port {terms.port} of {terms.host} cannot be listened on: {error}",
                code="execution.venue_unavailable",
            ) from error
        self.number = self._server.sockets[0].getsockname()[1]
        try:
            async with asyncio.timeout(terms.connect_timeout_s):
                await self._arrived.wait()
        except TimeoutError as error:
            await self.stop()
            raise Unavailable(
                f"no NinjaTrader came to port {self.number} for account {terms.account} within "
                f"{terms.connect_timeout_s} s",
                code="execution.venue_unavailable",
            ) from error

    async def stop(self) -> None:
        """Send the terminal away and stop to listen."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        for task in list(self._tasks):
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._server is not None:
            await self._server.wait_closed()
        self._server = None

    def send(self, line: Line) -> None:
        """Send a line; raises `Unavailable` when no terminal is there."""
        if self._writer is None or self._writer.is_closing():
            raise Unavailable("no NinjaTrader is connected", code="execution.venue_unavailable")
        self._writer.write(encode(line))

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection in a task of ours, so that `stop` can end it."""
        task = asyncio.get_running_loop().create_task(self._attend(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        beat: asyncio.Task[None] | None = None
        why = "the terminal closed the connection"
        try:
            refused = await self._refusal(reader)
            if refused:
                writer.write(encode(Refused(reason=refused)))
                return
            if self._writer is not None:
                self._gone(self._writer, "another terminal took over")
            self._writer = writer
            terms = self._terms
            welcome = Welcome(heartbeat_s=terms.heartbeat_s, oldest_s=terms.oldest_s)
            writer.write(encode(welcome))
            beat = asyncio.get_running_loop().create_task(self._beat(writer))
            self._on_up()
            self._arrived.set()
            await self._listen(reader, writer)
        except TimeoutError:
            why = "no heartbeat came"
        except (OSError, ValueError) as error:  # ValueError: a line longer than allowed
            why = str(error) or why
        finally:
            if beat is not None:
                beat.cancel()
            writer.close()
            self._gone(writer, why)

    async def _refusal(self, reader: asyncio.StreamReader) -> str:
        """Return why a terminal is not let in; empty when it is."""
        async with asyncio.timeout(self._terms.connect_timeout_s):
            line = await reader.readline()
        try:
            hello = decode(line)
        except msgspec.DecodeError:
            return "the first line is no hello"
        terms = self._terms
        if not isinstance(hello, Hello) or hello.version != VERSION:
            return f"the first line is no hello of version {VERSION}"
        if not hmac.compare_digest(hello.token.encode(), terms.token.encode()):
            return "the token is wrong"
        if hello.account != terms.account:
            return f"this is the port of account {terms.account}"
        return ""

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while writer is self._writer:
            async with asyncio.timeout(2 * self._terms.heartbeat_s):
                line = await reader.readline()
            if not line:
                return
            with contextlib.suppress(msgspec.DecodeError):  # a line that is none says nothing:
                self._on_line(decode(line))  # what it should have said is found by asking

    async def _beat(self, writer: asyncio.StreamWriter) -> None:
        while True:
            await asyncio.sleep(self._terms.heartbeat_s)
            if not writer.is_closing():
                writer.write(encode(Heartbeat(timestamp=self._wall_ns())))

    def _gone(self, writer: asyncio.StreamWriter, why: str) -> None:
        if self._writer is writer:
            self._writer = None
            writer.close()
            self._on_down(why)
