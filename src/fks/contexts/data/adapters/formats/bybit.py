"""Bybit's recorded books: a zip of lines of JSON, a snapshot and what changed after it.

`{"topic": "orderbook.500.XRPUSDT", "type": "snapshot"|"delta", "ts": ms, "data": {"s", "b", "a",
"u", "seq"}}`. Times are the exchange's (`--map ts=cts`: its matching engine's); the sequence is
the update id `u`. A quantity of 0 removes a level.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from fks.contexts.data.adapters.archives import opened
from fks.contexts.data.adapters.formats.capture import lines_of
from fks.contexts.data.adapters.formats.depth_rows import Books
from fks.contexts.data.adapters.formats.reading import (
    FoundTicks,
    Progress,
    ReadOptions,
    silent,
    symbol_of,
)
from fks.contexts.data.adapters.formats.shown import Shown
from fks.contexts.data.adapters.formats.ticking import SymbolChoice, found_ticks
from fks.kernel.errors import Invalid

__all__ = ["looks_like_bybit", "read_bybit"]

_TOLD_EACH = 10_000
_MOST_MS = 2**63 // 10**6 - 1


class _Data(msgspec.Struct):
    s: str
    u: int = -1
    b: list[tuple[str, str]] = []
    a: list[tuple[str, str]] = []


class _Line(msgspec.Struct):
    topic: str
    type: str
    ts: int
    data: _Data
    cts: int = -1


def looks_like_bybit(shown: Shown) -> bool:
    """Tell by the first message."""
    head = shown.head[:200].replace(b" ", b"")
    return head.startswith(b'{"topic":"orderbook.')


def read_bybit(path: Path, options: ReadOptions, progress: Progress = silent) -> FoundTicks:
    """Read a recording. Raises `Invalid` where it holds no books."""
    clock = options.columns.get("ts", "ts")
    if clock not in ("ts", "cts"):
        raise Invalid(
            f"times are --map ts=ts or ts=cts, not {clock[:20]!r}", code="data.bad_column_map"
        )
    if options.kind not in (None, "depth"):
        raise Invalid(f"{path.name} has depth, no {options.kind}", code="data.choose_kind")
    books, choice = Books(path.name), SymbolChoice(options.symbol, path.name)
    decoder = msgspec.json.Decoder(_Line)
    with opened(path, options.member) as stream:
        for row, line in enumerate(lines_of(stream, path.name), start=1):
            if row % _TOLD_EACH == 0:
                progress(_TOLD_EACH)
            if not line.strip():
                continue
            try:
                message = decoder.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                text = line[:200].decode(errors="replace")
                books.refuse(row, f"no message: {str(error)[:80]}", text)
                continue
            if not message.topic.startswith("orderbook."):
                continue
            if not choice.takes(message.data.s):
                continue
            millis = message.ts if clock == "ts" else message.cts
            if not 0 <= millis <= _MOST_MS or not -1 <= message.data.u < 2**63:
                books.refuse(row, f"a message without {clock}", line[:200].decode(errors="replace"))
                continue
            data = message.data
            first = message.type == "snapshot"
            books.levels(row, millis * 10**6, data.u, data.b, data.a, snapshot=first)
    part = books.part()
    if part is None:
        raise Invalid(f"{path.name} has no books", code="data.empty_file")
    return found_ticks([(path.name, part)], choice.chosen or symbol_of(path), calendar="24/7")
