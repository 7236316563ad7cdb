"""A server that misbehaves as it is told to, over plain sockets: nothing in it is polite."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

Fault = Callable[[socket.socket, bytes], None]


class FaultServer:
    """Answers each request with the next fault of `script`, and else with `good`."""

    def __init__(self, good: Fault) -> None:
        self.good, self.script = good, list[Fault]()
        self.requests: list[bytes] = []
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._closed = False
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def run(self) -> None:
        """Serve until closed."""
        while not self._closed:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def close(self) -> None:
        """Stop, and let go of whoever waits."""
        self._closed = True
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection in list(self._open):
            connection.close()

    def _serve(self, connection: socket.socket) -> None:
        self._open.add(connection)
        with suppress(OSError), connection:
            while request := _request(connection):
                self.requests.append(request)
                fault = self.script.pop(0) if self.script else self.good
                fault(connection, request)
        self._open.discard(connection)


@contextmanager
def fault_server(good: Fault) -> Iterator[FaultServer]:
    """Serve while the test runs."""
    server = FaultServer(good)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(5)


def _request(connection: socket.socket) -> bytes:
    """Return the head of a request, or nothing when the client is gone."""
    head = b""
    while b"\r\n\r\n" not in head:
        part = connection.recv(65536)
        if not part:
            return b""
        head += part
    return head


def head(status: int, length: int | None, **headers: str) -> bytes:
    """Return the head of an answer."""
    lines = [f"HTTP/1.1 {status} X"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join((*lines, "", "")).encode("latin-1")


def answer(status: int, body: bytes, **headers: str) -> Fault:
    """Answer whole."""
    named = {"Content_Type": "application/json", **headers}
    return lambda connection, _: connection.sendall(head(status, len(body), **named) + body)


def refusal(status: int, value: Any = None, **headers: str) -> Fault:
    """Refuse in JSON."""
    return answer(status, json.dumps(value or {"code": -1, "msg": "no"}).encode(), **headers)


def reset(connection: socket.socket, _: bytes) -> None:
    """Reset the connection before any byte."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def closed(connection: socket.socket, _: bytes) -> None:
    """Close the connection before any byte."""
    connection.close()


def silent(seconds: float) -> Fault:
    """Say nothing for a while, then close."""

    def fault(connection: socket.socket, _: bytes) -> None:
        time.sleep(seconds)
        connection.close()

    return fault


def late(seconds: float, then: Fault) -> Fault:
    """Say nothing for a while, and then do something."""

    def fault(connection: socket.socket, request: bytes) -> None:
        time.sleep(seconds)
        then(connection, request)

    return fault


def cut(body: bytes, keep: int, *, then_reset: bool = False, wait_s: float = 0.0) -> Fault:
    """Promise the whole body and send a part."""

    def fault(connection: socket.socket, request: bytes) -> None:
        connection.sendall(head(200, len(body), Content_Type="application/json") + body[:keep])
        time.sleep(wait_s)
        (reset if then_reset else closed)(connection, request)

    return fault


def dripped(body: bytes, pause_s: float) -> Fault:
    """Send the body a byte at a time."""

    def fault(connection: socket.socket, _: bytes) -> None:
        connection.sendall(head(200, len(body), Content_Type="application/json"))
        for k in range(len(body)):
            connection.sendall(body[k : k + 1])
            time.sleep(pause_s)

    return fault


def half_closed(body: bytes) -> Fault:
    """Send a part, close the sending side only, and keep the connection."""

    def fault(connection: socket.socket, _: bytes) -> None:
        connection.sendall(head(200, len(body), Content_Type="application/json") + body[:5])
        connection.shutdown(socket.SHUT_WR)
        time.sleep(0.3)
        connection.close()

    return fault


def chunked(parts: list[bytes], *, whole: bool = True, **headers: str) -> Fault:
    """Send chunks, with or without the last one."""

    def fault(connection: socket.socket, _: bytes) -> None:
        connection.sendall(head(200, None, Transfer_Encoding="chunked", **headers))
        for part in parts:
            connection.sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        if whole:
            connection.sendall(b"0\r\n\r\n")
        else:
            connection.close()

    return fault


def raw(content: bytes) -> Fault:
    """Send bytes that may be no HTTP at all."""

    def fault(connection: socket.socket, _: bytes) -> None:
        connection.sendall(content)
        connection.close()

    return fault


def packed(body: bytes) -> bytes:
    """Return a body packed."""
    return gzip.compress(body)
