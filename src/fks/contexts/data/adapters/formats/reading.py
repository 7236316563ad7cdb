"""What all formats take and give."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from fks.contexts.data.domain.table import Piece, RawTable, joined

__all__ = ["FORMAT_NAMES", "Found", "Progress", "ReadOptions", "one_table", "silent", "symbol_of"]

FORMAT_NAMES = ("csv", "yahoo", "binance", "lean", "parquet")
"""The names of all formats, in the order in which help texts give them."""

Progress = Callable[[int], None]
"""Told how many rows were read since it was last told."""

_WORDS = re.compile(r"[ _-]+")


def silent(rows: int) -> None:
    """Tell nobody."""


class ReadOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to read a file, where the file itself does not say.

    `columns` maps a canonical column (`ts`, `open`, ...) to the file's own name for it.
    `timezone` applies to naive times. `member` chooses a file of an archive. `day_first` reads
    03/04/2020 as the third of April.
    """

    timezone: str = "UTC"
    columns: Mapping[str, str] = {}
    member: str | None = None
    day_first: bool = False


class Found(NamedTuple):
    """A table, and what the format knows beyond it (None where it knows nothing).

    `pieces` says which file which rows come from, `quotes` that prices are middles of bid and
    ask, `calendar` which sessions the market of this format usually has.
    """

    table: RawTable
    symbol: str
    timeframe: str | None = None
    notes: tuple[str, ...] = ()
    pieces: tuple[Piece, ...] = ()
    quotes: bool = False
    calendar: str | None = None


def one_table(parts: Sequence[tuple[str, RawTable]]) -> tuple[RawTable, tuple[Piece, ...]]:
    """Join the tables of several files; rows count on, and pieces say where each file begins."""
    tables: list[RawTable] = []
    pieces: list[Piece] = []
    rows = 0
    for name, table in parts:
        # A name that is not UTF-8 must not break the manifest it stands in.
        pieces.append(Piece(name.encode("utf-8", "replace").decode(), rows))
        if rows:
            refused = tuple(one._replace(row=one.row + rows) for one in table.refused)
            table = table._replace(row=table.row + rows, refused=refused)
        tables.append(table)
        rows += table.rows_read
    return joined(tables), tuple(pieces)


def symbol_of(path: Path) -> str:
    """Return a symbol made of a file's name: its first word, or two such as `BTC-USD`."""
    stem = path.name.partition(".")[0]
    words = [word for word in _WORDS.split(stem) if word]
    first = "".join(c for c in words[0] if c.isascii() and c.isalnum()) if words else ""
    if len(words) > 1 and first == words[0] and _is_code(first) and _is_code(words[1]):
        first = f"{first}-{words[1]}"
    return first.upper()[:32] or "UNKNOWN"


def _is_code(word: str) -> bool:
    """Tell whether a word can be one side of a pair: BTC, USDT."""
    return word.isascii() and word.isalpha() and word.isupper() and 3 <= len(word) <= 5
