"""Recordings that cryptofeed wrote, as a replay plays them.

Snapshots that were asked for lie in a file of their own, `NAME.http.0.0.gz` beside
`NAME.ws.1.0.gz`. They take their place among the messages by the receiver's time.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from glob import escape
from pathlib import Path
from typing import IO

import msgspec

from fks.contexts.data.adapters.archives import opened
from fks.contexts.data.adapters.formats.recorded_lines import messages_of
from fks.contexts.data.adapters.formats.recorded_pages import books_of

__all__ = ["Played", "foreign_messages"]

Played = tuple[bytes | None, int]
"""A message and the receiver's nanoseconds; None where the connection was made anew."""
_STREAM = re.compile(r"(.{1,200})\.ws\.\d{1,6}\.\d{1,6}(?:\.gz)?")
_MOST_FILES = 16


@contextmanager
def foreign_messages(path: Path, symbols: Sequence[str]) -> Iterator[Iterator[Played]]:
    """Yield the messages of a connection, and the snapshots of symbols in the files beside it."""
    with ExitStack() as stack:
        parts = [_messages(stack.enter_context(opened(path)), path.name)]
        parts += [
            _pages(stack.enter_context(opened(beside)), beside.name, symbols)
            for beside in (_pages_beside(path) if symbols else ())
        ]
        yield heapq.merge(*parts, key=lambda played: played[1])


def _pages_beside(path: Path) -> list[Path]:
    """Return the files of answers to requests of the same recording."""
    match = _STREAM.fullmatch(path.name)
    if match is None:
        return []
    return sorted(path.parent.glob(f"{escape(match[1])}.http.*"))[:_MOST_FILES]


def _messages(stream: IO[bytes], name: str) -> Iterator[Played]:
    """Yield messages; the connection that a recording begins with is no new one."""
    first = True
    for _, received_ns, payload in messages_of(stream, name):
        if payload is not None or not first:
            yield payload, received_ns
        first = False


def _pages(stream: IO[bytes], name: str, symbols: Sequence[str]) -> Iterator[Played]:
    """Yield snapshots as lines of a replay, which begin with their symbol."""
    for _, symbol, _, received_ns, body in books_of(stream, name):
        text = body.strip()
        if symbol in symbols and text.startswith(b"{"):
            named = b'{"symbol":' + msgspec.json.encode(symbol) + b","
            yield named + text[1:].lstrip(), received_ns
