"""The lines of a recorded connection, as cryptofeed writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from fks.contexts.data.adapters.archives import opened
from fks.contexts.data.adapters.formats.capture import lines_of
from fks.kernel.errors import Invalid

__all__ = ["address_of", "begins_recording", "messages_of", "nanoseconds"]

_FIRST = re.compile(rb"(?:wss|https?)://\S+ (?:<?->|<-) ")
_CONNECTED = re.compile(rb"wss?://\S{1,65000} <-> (\d{9,11})(?:\.(\d{1,9}))?")
_LINE = re.compile(rb"(\d{9,11})(?:\.(\d{1,9}))?: ")
_MIDDLE = re.compile(rb"\d{9,11}\.\d{1,9}: [\[{]")


def begins_recording(head: bytes) -> bool:
    """Tell by the first line: an address and a time, or a message in the middle of one."""
    return _FIRST.match(head) is not None or _MIDDLE.match(head) is not None


def address_of(path: Path, member: str | None = None) -> str:
    """Return the address that a recording begins with. Raises `Invalid` where there is none."""
    with opened(path, member) as stream:
        line = stream.readline(1 << 16)
    first = line.partition(b" ")[0].decode(errors="replace")
    address = "".join(one if one.isprintable() else "?" for one in first.strip())
    if _FIRST.match(line) is None:
        raise Invalid(
            f"{path.name} does not begin with the address of a connection, which says whose "
            "messages these are; where a recording has several files, only the first one has it",
            code="data.bad_table",
        )
    return address


def messages_of(stream: IO[bytes], name: str) -> Iterator[tuple[int, int, bytes | None]]:
    """Yield what came: the number of its line, the receiver's nanoseconds, and the message.

    The message is None where a connection was made. What was sent is left out.
    """
    for row, line in enumerate(lines_of(stream, name), start=1):
        match = _LINE.match(line)
        if match is not None:
            yield row, nanoseconds(match[1], match[2]), line[match.end() :].rstrip(b"\r\n")
        elif (made := _CONNECTED.match(line)) is not None:
            yield row, nanoseconds(made[1], made[2]), None


def nanoseconds(whole: bytes, fraction: bytes | None) -> int:
    """Return nanoseconds of seconds and their decimals."""
    return int(whole) * 10**9 + int((fraction or b"").ljust(9, b"0"))
