"""FIX frames: tags and values to bytes and back, with length and checksum looked at.

The frames are cut by `simplefix` (extra `fix`); field numbers are FIX 4.4's.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from fks.kernel.errors import Unavailable

__all__ = ["Codec", "Received", "stamp", "stamped_ns"]

_BEGIN = b"FIX.4.4"
_SECOND = 1_000_000_000


class Received(msgspec.Struct, frozen=True):
    """A message: type, number, and its fields (the first of each tag; no groups are needed)."""

    kind: str
    seq: int
    fields: dict[int, str]

    def flag(self, tag: int) -> bool:
        """Tell whether a Y/N field is Y."""
        return self.fields.get(tag) == "Y"


class Codec:
    """Frames of one connection between two named parties."""

    def __init__(self, sender: str, target: str) -> None:
        try:
            self._simplefix: Any = importlib.import_module("simplefix")
        except ModuleNotFoundError as error:
            raise Unavailable(
                "FIX needs simplefix: install fks[fix]", code="execution.extra_missing"
            ) from error
        self._sender = sender
        self._target = target
        self._parser = self._simplefix.FixParser()

    def encode(self, kind: str, seq: int, fields: Iterable[tuple[int, str]], wall_ns: int) -> bytes:
        """Return a message as bytes; length and checksum are added."""
        message = self._simplefix.FixMessage()
        message.append_pair(8, _BEGIN)
        message.append_pair(35, kind)
        message.append_pair(49, self._sender)
        message.append_pair(56, self._target)
        message.append_pair(34, seq)
        message.append_pair(52, stamp(wall_ns))
        for tag, value in fields:
            message.append_pair(tag, value)
        encoded: bytes = message.encode()
        return encoded

    def feed(self, data: bytes) -> list[Received | str]:
        """Return the messages that are whole now; for one that is garbled, what is wrong with it.

        A garbled message is skipped, as the standard asks: the number it bore will be missed, and
        asked for again.
        """
        self._parser.append_buffer(data)
        found: list[Received | str] = []
        while True:
            message = self._parser.get_message()
            if message is None:
                return found
            found.append(self._read(message))

    def _read(self, message: Any) -> Received | str:
        pairs = [(bytes(tag), bytes(value)) for tag, value in message.pairs]
        try:
            fields: dict[int, str] = {}
            for tag, value in pairs:
                fields.setdefault(int(tag), value.decode("latin-1"))
            seq = int(fields[34])
        except (KeyError, ValueError):
            return "a message without a readable MsgSeqNum"
        if [tag for tag, _ in pairs[:3]] != [b"8", b"9", b"35"] or pairs[-1][0] != b"10":
            return f"message {seq} has its header or trailer out of order"
        body = b"".join(tag + b"=" + value + b"\x01" for tag, value in pairs[2:-1])
        head = b"".join(tag + b"=" + value + b"\x01" for tag, value in pairs[:2])
        if fields[9] != str(len(body)) or fields[10] != f"{sum(head + body) % 256:03d}":
            return f"message {seq} has a wrong length or checksum"
        return Received(fields[35], seq, fields)

    def mistaken(self, received: Received) -> str:
        """Return what is wrong with the parties or the version of a message; empty for nothing."""
        fields = received.fields
        if fields.get(8, "").encode() != _BEGIN:
            return f"BeginString {fields.get(8)} is not FIX.4.4"
        if fields.get(49) != self._target or fields.get(56) != self._sender:
            return f"CompID {fields.get(49)} to {fields.get(56)} is not of this session"
        return ""


def stamp(wall_ns: int) -> str:
    """Return an instant as UTCTimestamp, in milliseconds."""
    at = datetime.fromtimestamp(wall_ns // _SECOND, UTC)
    return f"{at:%Y%m%d-%H:%M:%S}.{wall_ns // 1_000_000 % 1000:03d}"


def stamped_ns(text: str) -> int:
    """Return a UTCTimestamp, with or without fractions of a second, in nanoseconds; 0 if none."""
    whole, _, part = text.partition(".")
    try:
        at = datetime.strptime(whole, "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
        return int(at.timestamp()) * _SECOND + int(part[:9].ljust(9, "0") or 0)
    except ValueError:
        return 0
