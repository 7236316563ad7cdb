"""An exchange for `fks bench stream`, in a process of its own: sends each message when it is due.

`python -m fks.contexts.data.adapters.streaming.sender WORKLOAD COUNT RATE` prints the port it
listens on, and after the last message when the first was due, in nanoseconds of the machine's
monotonic clock: message k was due k / RATE seconds later, whether the client was ready or not.
RATE 0 is as fast as the client reads. WORKLOAD is `book`, `quotes`, or a recording's path.
"""

from __future__ import annotations

import json
import struct
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from fks.contexts.data.adapters.streaming.workloads import (
    Message,
    made_quotes,
    made_stream,
    recorded,
)

__all__ = ["Workload", "workload"]

_CALM_S = 0.3
_CHUNK = 64
_NAP_S = 20e-6


class Workload:
    """Messages to be sent: those before the book can be live, then those that are measured."""

    def __init__(self, messages: Sequence[Message]) -> None:
        pages = [k for k, message in enumerate(messages) if message.page]
        self.page = messages[pages[0]].payload if pages else b""
        self.first = [message.payload for message in messages[: pages[0]]] if pages else []
        rest = messages[pages[0] + 1 :] if pages else messages
        measured = [message.payload for message in rest if not message.page]
        if pages:  # the first change makes the client ask for the snapshot
            change = next(k for k, one in enumerate(measured) if b'"depthUpdate"' in one)
            self.first += measured[: change + 1]
            measured = measured[change + 1 :]
        self.measured = measured


def workload(name: str, count: int) -> Workload:
    """Return a workload by name. Raises what `recorded` raises."""
    if name == "book":
        return Workload(made_stream(count))
    if name == "quotes":
        return Workload(made_quotes(count))
    return Workload(recorded(Path(name), count))


def _frame(payload: bytes) -> bytes:
    """Return a message as a server's frame."""
    if len(payload) < 126:
        return bytes((0x81, len(payload))) + payload
    if len(payload) < 1 << 16:
        return struct.pack(">BBH", 0x81, 126, len(payload)) + payload
    return struct.pack(">BBQ", 0x81, 127, len(payload)) + payload


class _Sender:
    """One client is served, then all is over."""

    def __init__(self, work: Workload, rate: int) -> None:
        self._first = [_frame(one) for one in work.first]
        self._frames = [_frame(one) for one in work.measured]
        self._page, self._rate = work.page, rate
        self._asked, self.done = threading.Event(), threading.Event()
        self.began_ns = 0

    def page(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer the request for a snapshot; anything else is the client."""
        if "/depth" not in request.path:
            return None
        self._asked.set()
        headers = Headers({"Content-Type": "application/json"})
        headers["Content-Length"] = str(len(self._page))
        headers["Connection"] = "close"
        return Response(200, "OK", headers, self._page)

    def client(self, connection: ServerConnection) -> None:
        """Send everything."""
        number = json.loads(connection.recv())["id"]
        connection.send(json.dumps({"result": None, "id": number}))
        connection.socket.sendall(b"".join(self._first))
        if self._first:
            self._asked.wait(_CALM_S)
        time.sleep(_CALM_S)
        if self._rate:
            self._paced(connection)
        else:
            self.began_ns = time.monotonic_ns()
            for at in range(0, len(self._frames), _CHUNK):
                connection.socket.sendall(b"".join(self._frames[at : at + _CHUNK]))
        _say(self.began_ns)
        self.done.set()
        for _ in connection:
            pass

    def _paced(self, connection: ServerConnection) -> None:
        """Send each frame when it is due; what is overdue goes out together."""
        frames, rate, clock = self._frames, self._rate, time.monotonic_ns
        sendall = connection.socket.sendall
        began_ns = self.began_ns = clock() + 1_000_000
        at = 0
        while at < len(frames):
            due = min((clock() - began_ns) * rate // 1_000_000_000 + 1, len(frames))
            if due > at:
                sendall(frames[at] if due == at + 1 else b"".join(frames[at:due]))
                at = due
            else:
                time.sleep(_NAP_S)  # a sender that spins takes a core from who is measured


def _say(number: int) -> None:
    """Tell whoever started this a number."""
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> None:
    """Serve one client."""
    name, count, rate = arguments
    sender = _Sender(workload(name, int(count)), int(rate))
    with serve(
        sender.client,
        "127.0.0.1",
        0,
        process_request=sender.page,
        compression=None,
        ping_interval=None,
    ) as server:
        _say(server.socket.getsockname()[1])
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sender.done.wait()
        sys.stdin.read()  # until whoever started this is done


if __name__ == "__main__":
    main(sys.argv[1:])
