"""A small HTTP/1.1 server on loopback that can also cut, hang and garble, as tests need it to."""

from __future__ import annotations

import asyncio
import contextlib
import http
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httptools
import msgspec

__all__ = ["Answer", "HttpServer", "Request"]


@dataclass
class Request:
    """A request as it came; `params` are those of the query and of the form in the body."""

    method: str = ""
    path: str = ""
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def params(self) -> dict[str, str]:
        """Return the parameters; the body's win."""
        return dict(parse_qsl(self.query) + parse_qsl(self.body.decode("latin-1")))

    @property
    def signed(self) -> str:
        """Return what a signature stands over: the query and then the body."""
        return self.query + self.body.decode("latin-1")


@dataclass
class Answer:
    """What is answered: JSON, or `raw` bytes in its place."""

    content: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None

    def encoded(self) -> bytes:
        """Return the bytes of the response."""
        body = msgspec.json.encode(self.content) if self.raw is None else self.raw
        told = {
            "Content-Type": "application/json;charset=UTF-8",
            "Content-Length": str(len(body)),
            **self.headers,
        }
        words = {418: "I'm a teapot", 429: "Too Many Requests"}
        phrase = words.get(self.status) or http.HTTPStatus(self.status).phrase
        lines = [f"HTTP/1.1 {self.status} {phrase}", *(f"{k}: {v}" for k, v in told.items())]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


Handle = Callable[[Request], Awaitable[Answer | None]]


class _Reading:
    """The callbacks of the parser, which make whole requests."""

    def __init__(self) -> None:
        self.whole: list[Request] = []
        self._now = Request()

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._now = Request()

    def on_url(self, url: bytes) -> None:
        """Take the target."""
        self._now.path, _, self._now.query = url.decode("latin-1").partition("?")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._now.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._now.body += body

    def on_message_complete(self) -> None:
        """End a request."""
        self.whole.append(self._now)


class HttpServer:
    """Serve requests, one after another on each connection. No answer (None) cuts it."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self) -> None:
        """Listen on loopback; on the same port again after a stop."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more and cut all connections."""
        if self._server is not None:
            self._server.close()
            self._server = None
        tasks = list(self._serving)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def connections(self) -> int:
        """Return how many connections are open."""
        return len(self._serving)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reading = _Reading()
        parser = httptools.HttpRequestParser(reading)
        with contextlib.suppress(ConnectionError, httptools.HttpParserError):
            try:
                while data := await reader.read(65536):
                    parser.feed_data(data)
                    while reading.whole:
                        request = reading.whole.pop(0)
                        request.method = parser.get_method().decode()
                        answer = await self._handle(request)
                        if answer is None:
                            return
                        writer.write(answer.encoded())
                        await writer.drain()
            finally:
                writer.transport.abort()
