"""Serve an application on a socket: bound before anything starts, closed in order at the end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Iterator

import uvicorn

from fks.kernel.errors import Conflict, Denied, Invalid
from fks.kernel.http.guard import Application, is_loopback

__all__ = ["HttpServer", "bind"]

_BACKLOG = 256


def bind(host: str, port: int) -> socket.socket:
    """Take the address, so that a taken port is known before anything starts.

    Raises `Denied` for an address beyond this machine, `Conflict` when the port is taken,
    `Invalid` when the name means no address. Port 0 takes any free one.
    """
    if not is_loopback(host):
        raise Denied(
            f"refusing to serve on {host}: identity is not built yet, so only this machine may "
            "connect; use --host 127.0.0.1, ::1 or localhost",
            code="http.not_loopback",
        )
    bare = host.strip("[]")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            bare, port, type=socket.SOCK_STREAM
        )[0]
    except OSError as error:
        raise Invalid(f"cannot serve on {host}: {error}", code="http.bad_address") from None
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise Conflict(
                f"port {port} is in use on {host}: stop what runs there, or choose another "
                f"with --port {port + 1 if port < 65535 else 8000}",
                code="http.port_in_use",
            ) from None
        raise Denied(
            f"cannot serve on {host}:{port}: {error.strerror}", code="http.cannot_bind"
        ) from None
    return bound


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the process has one place for signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


class HttpServer:
    """An application being served."""

    def __init__(self, application: Application, bound: socket.socket) -> None:
        self._bound = bound
        self._server = _Server(
            uvicorn.Config(
                application,
                http="httptools",
                ws="websockets-sansio",
                lifespan="on",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=5,
                timeout_keep_alive=10,
                ws_max_size=1 << 20,
                ws_max_queue=32,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve from now on; returns once requests are answered."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self._bound]), name="http")
        while not self._server.started:
            if self._task.done():
                self._task.result()
                raise Invalid("the HTTP server did not start", code="http.not_started")
            await asyncio.sleep(0.005)

    async def wait(self) -> None:
        """Return when the server ended by itself."""
        assert self._task is not None
        await asyncio.shield(self._task)

    async def stop(self) -> None:
        """Take no more requests, let those in flight end, close the sockets."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task
        self._bound.close()
