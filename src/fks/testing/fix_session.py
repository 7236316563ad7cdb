"""The accepting side of a FIX 4.4 session, with frames of its own and faults to order.

Its frames and its session layer are its own, so that a mistake of the venue's is not answered by
the same mistake here. It keeps what it sent and sends it again when asked, as a venue does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["Fields", "FixSide", "instant_ns", "stamp"]

_SOH = b"\x01"
Fields = list[tuple[int, str]]


class Over(Exception):
    """The connection is over."""


class FixSide:
    """One session on a local port; subclasses serve the requests.

    Faults, each counted down: `hide` reports that are numbered and not written, `garble` reports
    with a wrong checksum, `lose` orders that never arrive and cut the link, `crash` orders that
    are served before the link is cut and their reports written, `deaf` requests that are taken in
    and forgotten. And while they hold: `repeat` writes each report twice, `silent` writes nothing
    at all, `late_s` delays reports.
    """

    def __init__(self, sender: str, target: str, wall_ns: Callable[[], int]) -> None:
        self.port = 0
        self.received: list[dict[int, str]] = []
        self.sent: list[tuple[str, Fields, str] | None] = []  # by number - 1; None: of the session
        self.expected = 1
        self.refusal = ""  # what a log-on is answered with
        self._ids = (sender, target)
        self.skew_ns = 0  # how far our clock is ahead
        self._clock_ns = wall_ns
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.heal()

    def heal(self) -> None:
        """End all faults."""
        self.hide = self.garble = self.lose = self.crash = self.deaf = 0
        self.repeat = self.silent = False
        self.late_s = 0.0

    def _wall_ns(self) -> int:
        return self._clock_ns() + self.skew_ns

    async def start(self) -> None:
        """Listen, on the same port as before after a stop."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop to listen and cut the connection."""
        self.cut()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def cut(self) -> None:
        """Cut the connection without a word."""
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        buffer = b""
        try:
            with contextlib.suppress(ConnectionError, Over):
                while data := await reader.read(65_536):
                    buffer += data
                    while (end := buffer.find(_SOH + b"10=")) >= 0 and len(buffer) >= end + 8:
                        frame, buffer = buffer[: end + 8], buffer[end + 8 :]
                        self._take(_parsed(frame))
        finally:
            writer.close()
            if self._writer is writer:
                self._writer = None

    # --- in ---

    def serve(self, kind: str, fields: dict[int, str]) -> None:
        """Serve a request."""
        raise NotImplementedError

    def _take(self, fields: dict[int, str]) -> None:
        self.received.append(fields)
        number, kind = int(fields[34]), fields[35]
        if kind == "A":
            self._logon(fields, number)
            return
        if kind == "D" and self.lose:
            self.lose -= 1
            self.cut()
            raise Over
        if number > self.expected and kind != "4":
            self.send("2", [(7, str(self.expected)), (16, "0")])
            return
        if kind == "4":
            self.expected = int(fields[36])
            return
        if number < self.expected:
            if fields.get(43) != "Y":
                self._too_low(number)
            return
        self.expected = number + 1
        if kind == "1":
            self.send("0", [(112, fields[112])])
        elif kind == "2":
            self._resend(int(fields[7]), int(fields[16]))
        elif kind == "5":
            self.send("5", [])
            raise Over
        elif kind in ("D", "F", "G") and self.deaf:
            self.deaf -= 1
        elif kind not in ("0", "3"):
            self._served(kind, fields)

    def _served(self, kind: str, fields: dict[int, str]) -> None:
        writer = self._writer
        if kind == "D" and self.crash:
            self._writer = None
        self.serve(kind, fields)
        if kind == "D" and self.crash:
            self.crash -= 1
            self._writer = writer
            self.cut()
            raise Over

    def _logon(self, fields: dict[int, str], number: int) -> None:
        if self.refusal:
            self.send("5", [(58, self.refusal)])
            raise Over
        reset = fields.get(141) == "Y"
        if reset:
            self.sent, self.expected = [], 1
        gap = number > self.expected
        if number < self.expected:
            self._too_low(number)
        self.send("A", [(98, "0"), (108, fields[108])] + ([(141, "Y")] if reset else []))
        if gap:
            self.send("2", [(7, str(self.expected)), (16, "0")])
        else:
            self.expected = number + 1

    def _too_low(self, number: int) -> None:
        text = f"MsgSeqNum too low, expecting {self.expected} but received {number}"
        self.send("5", [(58, text)])
        raise Over

    def _resend(self, first: int, last: int) -> None:
        """Send reports again, marked as such, and fill what was of the session."""
        last = last or len(self.sent)
        number = first
        while number <= last:
            kept = self.sent[number - 1]
            if kept is not None:
                kind, fields, stamped = kept
                self._write(kind, number, [(43, "Y"), (122, stamped), *fields])
                number += 1
                continue
            after = number
            while after <= last and self.sent[after - 1] is None:
                after += 1
            self._write("4", number, [(43, "Y"), (123, "Y"), (36, str(after))])
            number = after

    # --- out ---

    def send(self, kind: str, fields: Fields) -> None:
        """Send a message under the next number; reports are kept to be sent again."""
        number = len(self.sent) + 1
        report = kind in ("8", "9", "j")
        now = stamp(self._wall_ns())
        self.sent.append((kind, fields, now) if report else None)
        if report and self.hide:
            self.hide -= 1
            return
        self._write(kind, number, fields, report=report)
        if self.repeat and report:
            self._write(kind, number, [(43, "Y"), (122, now), *fields])

    def _write(self, kind: str, number: int, fields: Fields, *, report: bool = False) -> None:
        pairs = [(35, kind), (49, self._ids[0]), (56, self._ids[1]), (34, str(number))]
        pairs += [(52, stamp(self._wall_ns())), *fields]
        body = b"".join(f"{tag}={value}".encode("latin-1") + _SOH for tag, value in pairs)
        frame = b"8=FIX.4.4" + _SOH + f"9={len(body)}".encode() + _SOH + body
        check = sum(frame)
        if report and self.garble:
            self.garble -= 1
            check += 1
        frame += f"10={check % 256:03d}".encode() + _SOH
        if self.late_s and report:
            asyncio.get_running_loop().call_later(self.late_s, self._put, frame)
        else:
            self._put(frame)

    def _put(self, frame: bytes) -> None:
        if self._writer is not None and not self._writer.is_closing() and not self.silent:
            self._writer.write(frame)


def stamp(wall_ns: int) -> str:
    """Return an instant as UTCTimestamp, in milliseconds."""
    at = datetime.fromtimestamp(wall_ns // 10**9, UTC)
    return f"{at:%Y%m%d-%H:%M:%S}.{wall_ns // 10**6 % 1000:03d}"


def instant_ns(text: str) -> int:
    """Return a UTCTimestamp in nanoseconds."""
    at = datetime.strptime(text[:17], "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
    return int(at.timestamp()) * 10**9 + int(text[18:].ljust(9, "0") or 0)


def _parsed(frame: bytes) -> dict[int, str]:
    pairs = (part.partition(b"=") for part in frame.split(_SOH) if part)
    fields = {int(tag): value.decode("latin-1") for tag, _, value in pairs}
    body = frame[frame.index(_SOH + b"35=") + 1 : frame.rindex(_SOH + b"10=") + 1]
    assert int(fields[9]) == len(body), "BodyLength"
    assert int(fields[10]) == sum(frame[: frame.rindex(b"10=")]) % 256, "CheckSum"
    return fields
