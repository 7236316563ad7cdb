"""One WebSocket connection to an exchange: to a checked address, bounded, never silent for long."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from fks.contexts.data.adapters.fetching.destinations import destination
from fks.contexts.data.adapters.streaming import Lost
from fks.contexts.data.settings import FetchSettings
from fks.contracts.data.streams import Liveness, StreamWire
from fks.kernel.errors import Invalid, Unavailable

__all__ = ["MOST_BYTES", "SocketLink", "SocketSource"]

MOST_BYTES = 15 << 20
_PING_S = 20.0
_CLOSE_S = 1.0
_LOOKS = 4
_SCHEMES = {"wss": "https", "ws": "http"}
# Its own: the library tells frames on DEBUG, which here is every message of the market.
_frames = logging.getLogger("fks.data.streaming.frames")
_frames.setLevel(logging.WARNING)


class SocketLink:
    """A connection. Exchanges that want pings of their own get them; others get the protocol's."""

    def __init__(
        self, connection: ClientConnection, liveness: Liveness, wall_ns: Callable[[], int]
    ) -> None:
        self._connection, self._liveness, self._wall_ns = connection, liveness, wall_ns
        self._count, self._silent = 0, False

    async def send(self, payload: bytes) -> None:
        """Send a message as text. Raises `Lost`."""
        try:
            async with asyncio.timeout(self._liveness.silence_s):
                await self._connection.send(payload, text=True)
        except (WebSocketException, OSError) as error:
            raise Lost(type(error).__name__) from None

    async def receive(self) -> tuple[bytes, int]:
        """Return the next message and when it came. Raises `Lost`, also after a long silence."""
        try:
            payload = await self._connection.recv(decode=False)
        except (WebSocketException, OSError) as error:
            if self._silent:
                raise Lost(f"silent for {self._liveness.silence_s:g} s") from None
            raise Lost(_why(error)) from None
        self._count += 1
        return payload, self._wall_ns()

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()

    async def watch(self) -> None:
        """Cut the connection after a silence: one timer for all, since one a message costs more.

        It is seen up to a quarter of the silence late. A loop that was busy is no silence.
        """
        quiet, seen = 0, -1
        while quiet < _LOOKS:
            await asyncio.sleep(self._liveness.silence_s / _LOOKS)
            quiet = quiet + 1 if self._count == seen else 0
            seen = self._count
        self._silent = True
        self._connection.transport.abort()

    async def beat(self) -> None:
        """Send the exchange's own ping, again and again, until the connection is gone."""
        while True:
            await asyncio.sleep(self._liveness.every_s)
            try:
                await self.send(self._liveness.ping)
            except Lost:
                return  # whoever receives is told as well


class SocketSource:
    """Connections of one exchange. `url` in place of the wire's own, for a mirror.

    Only `wss` on the ports of a provider is connected to, and never the own network; loopback
    where `[fetching] allow_loopback` says so. Neither proxies nor redirects elsewhere are followed.
    """

    recorded = False

    def __init__(
        self,
        settings: FetchSettings,
        *,
        url: str = "",
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._url = settings, url
        self._wall_ns, self._now_s = wall_ns, monotonic_s

    @asynccontextmanager
    async def open(self, wire: StreamWire) -> AsyncIterator[SocketLink]:
        """Connect within the time-out."""
        connection = await self._connected(self._url or wire.url, wire.liveness)
        link = SocketLink(connection, wire.liveness, self._wall_ns)
        beside = [asyncio.create_task(link.watch())]
        if wire.liveness.ping:
            beside.append(asyncio.create_task(link.beat()))
        try:
            yield link
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await connection.close()

    async def _connected(self, url: str, liveness: Liveness) -> ClientConnection:
        """Return a connection to an address that was checked."""
        scheme, colon, rest = url.partition("://")
        if not colon or scheme not in _SCHEMES:
            raise Invalid("a stream's address begins with wss://", code="data.bad_destination")
        pings = None if liveness.ping else _PING_S
        try:
            async with asyncio.timeout(self._settings.connect_timeout_s):
                where = await destination(
                    f"{_SCHEMES[scheme]}://{rest}",
                    allow_loopback=self._settings.allow_loopback,
                    now_s=self._now_s(),
                )
                return await connect(
                    f"{scheme}://{where.host_header}{where.prefix or '/'}",
                    host=where.addresses[0],
                    port=where.port,
                    open_timeout=None,
                    ping_interval=pings,
                    ping_timeout=pings,
                    close_timeout=_CLOSE_S,
                    max_size=MOST_BYTES,
                    compression=None,
                    proxy=None,
                    user_agent_header="fks",
                    logger=_frames,
                )
        except TimeoutError:
            raise Lost("no connection in time") from None
        except Unavailable as error:
            raise Lost(error.message) from None
        except (WebSocketException, OSError) as error:
            raise Lost(_why(error)) from None


def _why(error: BaseException) -> str:
    """Say why in words that hold no address."""
    received = getattr(error, "rcvd", None)
    code = getattr(received, "code", None) or getattr(
        getattr(error, "response", None), "status_code", None
    )
    return type(error).__name__ + (f" {code}" if code else "")
