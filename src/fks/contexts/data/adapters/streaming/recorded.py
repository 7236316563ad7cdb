"""Recorded sessions: lines of `<receiver's ns> <message>`, written and played again.

The format of Binance's captures, which `fks data import` reads too. A snapshot that was asked for
is a line as well, with its symbol put first where the exchange does not tell it. Recordings that
cryptofeed wrote are played as well: `foreign.py` reads them.
"""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import msgspec

from fks.contexts.data.adapters.archives import opened
from fks.contexts.data.adapters.formats.capture import lines_of
from fks.contexts.data.adapters.formats.recorded_lines import address_of, begins_recording
from fks.contexts.data.adapters.formats.recorded_wires import MakeWire, wire_of
from fks.contexts.data.adapters.streaming import Ended, Reconnected
from fks.contexts.data.adapters.streaming.foreign import Played, foreign_messages
from fks.contracts.data.streams import StreamWire
from fks.kernel.errors import Conflict, Invalid, Unavailable

__all__ = ["RecordedSource", "Recorder", "page_symbol"]

_PAGES = (b'{"lastUpdateId":', b'{"symbol":"')


class _Page(msgspec.Struct):
    symbol: str = ""


def page_symbol(payload: bytes, symbols: list[str]) -> str:
    """Return whose snapshot a recorded line is; empty where it is none, or nobody's."""
    if not payload.startswith(_PAGES):
        return ""
    try:
        named = msgspec.json.decode(payload, type=_Page).symbol
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    if not named and len(symbols) == 1:
        return symbols[0]
    return named if named in symbols else ""


class Recorder:
    """Writes a session to a new file, packed where its name ends in `.gz`.

    What is `hidden`, a key that an exchange might repeat, is written as three stars.
    Raises `Conflict` where the file is there, `Unavailable` where it cannot be written.
    """

    def __init__(self, path: Path, *, hidden: str = "") -> None:
        self._path, self._hidden = path, hidden.encode()
        try:
            raw = path.open("xb")
        except FileExistsError:
            raise Conflict(
                f"{path.name} is there already; record to a new file", code="data.file_exists"
            ) from None
        except OSError as error:
            raise self._failed(error) from None
        self._raw, self._written = raw, False
        self._packed = gzip.GzipFile(fileobj=raw, mode="wb") if path.suffix == ".gz" else None

    def message(self, payload: bytes, received_ns: int) -> None:
        """Write a message; line breaks within JSON mean nothing, and become spaces."""
        text = payload.replace(b"\r", b" ").replace(b"\n", b" ")
        if self._hidden:
            text = text.replace(self._hidden, b"***")
        try:
            (self._packed or self._raw).write(b"%d %s\n" % (received_ns, text))
            self._written = True
        except OSError as error:
            raise self._failed(error) from None

    def page(self, symbol: str, body: bytes, received_ns: int) -> None:
        """Write a snapshot that was asked for."""
        text = body.strip()
        if text.startswith(b"{") and b'"symbol":' not in text[:300]:
            text = b'{"symbol":' + msgspec.json.encode(symbol) + b"," + text[1:].lstrip()
        self.message(text, received_ns)

    def close(self) -> None:
        """Finish the file; one to which nothing was written is removed."""
        try:
            if self._packed is not None:
                self._packed.close()
            self._raw.close()
            if not self._written:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            raise self._failed(error) from None

    def _failed(self, error: OSError) -> Unavailable:
        return Unavailable(
            f"{self._path.name} cannot be written: {error.strerror}", code="data.recording_failed"
        )


def _own_lines(stream: IO[bytes], name: str) -> Iterator[Played]:
    """Yield messages and their times. Raises `Invalid` for a line without a time."""
    for number, line in enumerate(lines_of(stream, name), start=1):
        stamp, _, payload = line.strip().partition(b" ")
        if not stamp.isdigit() or not 16 <= len(stamp) <= 19:
            raise Invalid(
                f"line {number} of {name} does not begin with a time in nanoseconds",
                code="data.bad_recording",
            )
        yield payload, int(stamp)


class _RecordedLink:
    """One pass over a recording, at its own pace times `speed`; 0 for as fast as it is taken."""

    def __init__(self, messages: Iterator[Played], speed: float) -> None:
        self._messages, self._speed = messages, speed
        self._first_ns, self._began_s, self._count = 0, 0.0, 0

    async def send(self, payload: bytes) -> None:
        """Send nothing: nobody is there."""

    async def close(self) -> None:
        """Do nothing: it ends with its last line."""

    async def receive(self) -> tuple[bytes, int]:
        """Return the next message and its time. Raises `Invalid` for a line without a time."""
        played = next(self._messages, None)
        if played is None:
            raise Ended
        payload, received_ns = played
        if payload is None:
            raise Reconnected(received_ns)
        self._count += 1
        if self._speed > 0:
            await self._pause(received_ns)
        elif self._count % 64 == 0:
            await asyncio.sleep(0)
        return payload, received_ns

    async def _pause(self, received_ns: int) -> None:
        """Wait until the line's turn."""
        if not self._first_ns:
            self._first_ns, self._began_s = received_ns, time.monotonic()
        due_s = self._began_s + (received_ns - self._first_ns) / 1e9 / self._speed
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))


class RecordedSource:
    """A recording in place of an exchange; `symbols` are those whose snapshots are played."""

    recorded = True

    def __init__(self, path: Path, *, speed: float = 0.0, symbols: Sequence[str] = ()) -> None:
        if not path.is_file():
            raise Invalid(f"there is no recording {path.name}", code="data.no_file")
        self._path, self._speed, self._symbols = path, speed, tuple(symbols)
        with opened(path) as stream:
            self._foreign = begins_recording(stream.readline(1 << 16))

    @property
    def wire(self) -> MakeWire | None:
        """Return what makes the wire of a foreign recording's address; None for one of FKS's own.

        Raises `Invalid` for an exchange that is not known.
        """
        return wire_of(address_of(self._path), self._path.name) if self._foreign else None

    @asynccontextmanager
    async def open(self, wire: StreamWire) -> AsyncIterator[_RecordedLink]:
        """Play it from its first line."""
        if self._foreign:
            paged = wire.book_rule.snapshot == "page"
            with foreign_messages(self._path, self._symbols if paged else ()) as messages:
                yield _RecordedLink(messages, self._speed)
            return
        with opened(self._path) as stream:
            yield _RecordedLink(_own_lines(stream, self._path.name), self._speed)
