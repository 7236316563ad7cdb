"""The TCP connection under a FIX session: made, watched, made again with backoff."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable

from fks.contexts.execution.adapters.venues.fix.session import Dropped, Fields, Session
from fks.kernel.errors import Denied, Unavailable
from fks.kernel.resilience import Backoff

__all__ = ["Link"]

_TICK_S = 0.2
_CHUNK = 65_536


class Link:
    """Keeps a session connected until it is closed."""

    def __init__(
        self,
        session: Session,
        address: tuple[str, int],
        *,
        tls: bool,
        timeout_s: float,
        monotonic_ns: Callable[[], int],
        on_up: Callable[[], None],
        on_down: Callable[[str], None],
    ) -> None:
        self._session = session
        self._address = address
        self._tls = ssl.create_default_context() if tls else None
        self._timeout_s = timeout_s
        self._monotonic_ns = monotonic_ns
        self._on_up = on_up
        self._on_down = on_down
        self._writer: asyncio.StreamWriter | None = None
        self._reader: asyncio.StreamReader | None = None
        self._task: asyncio.Task[None] | None = None
        self._backoff = Backoff(first_s=0.2, longest_s=30.0)

    @property
    def up(self) -> bool:
        """Tell whether messages can leave now."""
        writer = self._writer
        return self._session.up and writer is not None and not writer.is_closing()

    async def start(self) -> None:
        """Log on for the first time; raises `Unavailable`, or `Denied` when we are refused."""
        await self._open()
        self._task = asyncio.create_task(self._stay())

    async def stop(self) -> None:
        """Log out and close."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self.up:
            with contextlib.suppress(OSError):
                self._session.log_out("", self._monotonic_ns())
                await self._drain()
        await self._close()

    def send(self, kind: str, fields: Fields) -> int:
        """Send a message and return its number; raises `Unavailable` when there is no session."""
        if not self.up:
            raise Unavailable("the FIX session is down", code="execution.venue_unavailable")
        return self._session.send(kind, fields, self._monotonic_ns())

    async def _open(self) -> None:
        host, port = self._address
        try:
            async with asyncio.timeout(self._timeout_s):
                self._reader, self._writer = await asyncio.open_connection(
                    host, port, ssl=self._tls
                )
                self._session.begin(self._writer.write, self._monotonic_ns())
                while not self._session.up:
                    await self._read()
        except Dropped as dropped:
            await self._close()
            kind = Denied if dropped.refused else Unavailable
            raise kind(
                f"FIX at {host}:{port}: {dropped}", code="execution.venue_refused"
            ) from dropped
        except (OSError, TimeoutError) as error:
            await self._close()
            raise Unavailable(
                f"no FIX session with {host}:{port}: {error or 'no answer'}",
                code="execution.venue_unavailable",
            ) from error
        self._on_up()

    async def _stay(self) -> None:
        """Serve the session; after each break, connect again."""
        while True:
            reason = await self._serve()
            self._session.up = False
            await self._close()
            self._on_down(reason)
            failures = 0
            while True:
                failures += 1
                await asyncio.sleep(self._backoff.pause_s(failures))
                with contextlib.suppress(Unavailable, Denied):
                    await self._open()
                    break

    async def _serve(self) -> str:
        """Read and keep time until the session breaks; return why."""
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_TICK_S):
                        await self._read()
                self._session.tick(self._monotonic_ns())
        except Dropped as dropped:
            with contextlib.suppress(OSError):
                await self._drain()
            return str(dropped)
        except OSError as error:
            return str(error) or "the connection broke"

    async def _read(self) -> None:
        assert self._reader is not None, "reading follows opening"
        data = await self._reader.read(_CHUNK)
        if not data:
            raise ConnectionResetError("the counterparty closed the connection")
        self._session.feed(data, self._monotonic_ns())

    async def _drain(self) -> None:
        if self._writer is not None:
            async with asyncio.timeout(self._timeout_s):
                await self._writer.drain()

    async def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(self._timeout_s):
                    await self._writer.wait_closed()
        self._writer = self._reader = None
