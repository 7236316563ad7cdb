"""What all formats take and give."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import PurePath
from typing import NamedTuple

import msgspec
import numpy as np

from fks.contexts.data.domain.table import Piece, RawTable, Refused, joined
from fks.contexts.data.domain.ticks.content import KIND_OF, TickRows
from fks.contracts.columns import Float64, Int64

__all__ = [
    "FORMAT_NAMES",
    "SIDES",
    "Found",
    "FoundTicks",
    "Progress",
    "ReadOptions",
    "TickRows",
    "kind_of",
    "of_side",
    "one_table",
    "side_note",
    "silent",
    "symbol_of",
]

FORMAT_NAMES = (
    *("csv", "yahoo", "binance", "lean", "parquet", "ticks", "capture", "truefx", "histdata"),
    *("fxcm", "databento", "lobster", "tardis", "bybit", "json", "ninja", "recording", "actions"),
)
"""The names of all formats, in the order in which help texts give them."""

SIDES = ("bid", "ask", "mid")
"""What of bars with bid and ask can be taken."""

Progress = Callable[[int], None]
"""Told how many rows were read since it was last told."""

_VENDORS = (
    *("truefx", "histdata", "fxcm", "dukascopy", "dat", "ascii", "binance", "polygon"),
    *("daily", "weekly", "monthly", "intraday", "adjusted", "1min", "5min", "15min", "30min"),
)
"""First words of file names that say from whom or what the file is, where another follows."""
_WORDS = re.compile(r"[ _-]+")
_SHARE = re.compile(r"([A-Z]{1,5})-([ABC])(?=$|[ _])", re.IGNORECASE)
_LISTED = re.compile(r"([A-Z0-9]{1,6})\.([A-Z]{1,2})(?=$|\.|[ _-])", re.IGNORECASE)
_FRONT = re.compile(r"([A-Z0-9]{1,6})=([FX])\b")
_NO_EXCHANGES = ("us", "gz", "xz", "pq")  # Stooq's word for American shares, and endings of files
_CHART = re.compile(r"(?:[A-Z]+_)*?([A-Z0-9.]{1,16})(?:[12]!)?, \w{1,4}(?: \(\d+\))?\Z")


def silent(rows: int) -> None:
    """Tell nobody."""


class ReadOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to read a file, where the file itself does not say.

    `columns` maps a canonical column (`ts`, `open`, ...) to the file's own name for it.
    `timezone` applies to naive times; without one they are what the format says, else UTC.
    `member` chooses a file of an archive, `kind` one of the kinds of data that a file holds side
    by side, `symbol` one of its symbols. `day_first` reads 03/04/2020 as the third of April.
    Of bars with bid and ask, `side` takes bid, ask or (None too) mid, their middle.
    """

    timezone: str | None = None
    columns: Mapping[str, str] = {}
    member: str | None = None
    kind: str | None = None
    symbol: str | None = None
    day_first: bool = False
    side: str | None = None

    def zone_name(self, usual: str = "UTC") -> str:
        """Return the zone of naive times, where the format's own is the `usual` one."""
        return usual if self.timezone is None else self.timezone


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


class FoundTicks(NamedTuple):
    """Ticks in the order of their file, and what the format knows beyond them.

    `row` of shape (n,) is the number in the file, from 1, of the line that each row comes from; a
    line of depth may become many rows. A cell that could not be read is NaN (a quote's quantity
    then is NaN too: an empty side has quantity 0), a time that could not is `NO_TIME`. `refused`
    are lines that are no rows at all. `tick_size` and `lot_size` stand where the file states them.
    """

    rows: TickRows
    row: Int64
    symbol: str
    refused: tuple[Refused, ...] = ()
    notes: tuple[str, ...] = ()
    pieces: tuple[Piece, ...] = ()
    calendar: str | None = None
    tick_size: Decimal | None = None
    lot_size: Decimal | None = None

    @property
    def rows_read(self) -> int:
        """Return how many lines were read, refused ones included."""
        last = int(self.row[-1]) if len(self.row) else 0
        return max(last, self.refused[-1].row if self.refused else 0)


def kind_of(rows: TickRows) -> str:
    """Return the kind of dataset that rows make: trades, quotes, depth, funding or actions."""
    return KIND_OF[type(rows)]


def of_side(bid: Float64, ask: Float64, side: str | None) -> Float64:
    """Return the bid, the ask, or the middle, which one without both sides has not."""
    if side in ("bid", "ask"):
        return bid if side == "bid" else ask
    return np.asarray((bid + ask) / 2)


def side_note(side: str | None) -> str:
    """Return what the prices of bars with bid and ask are."""
    return (
        f"prices are {side}s" if side in ("bid", "ask") else "prices are the middle of bid and ask"
    )


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


def symbol_of(path: PurePath) -> str:
    """Return a symbol made of a file's name: its first word, or two such as `BTC-USD`.

    Classes of shares and exchanges stay with it (`BRK-B`, `BF.B`, `0700.HK`), `ES=F` is Yahoo's
    future in front, `EURUSD=X` its currencies, and `CME_MINI_ES1!, 5` a chart of TradingView.
    """
    stem = path.name.partition(".")[0]
    listed, front = _LISTED.match(path.name), _FRONT.match(path.name)
    if listed is not None and listed[2].lower() not in _NO_EXCHANGES:
        return listed[0].upper()
    if front is not None:
        return front[0] if front[2] == "F" else front[1]
    share, chart = _SHARE.match(stem), _CHART.match(stem)
    if share is not None:
        return share[0].upper()
    if chart is not None:
        return chart[1]
    words = [word for word in _WORDS.split(stem) if word]
    while len(words) > 1 and words[0].lower() in _VENDORS:
        words = words[1:]
    first = "".join(c for c in words[0] if c.isascii() and c.isalnum()) if words else ""
    if len(words) > 1 and first == words[0] and _is_code(first) and _is_code(words[1]):
        first = f"{first}-{words[1]}"
    return first.upper()[:32] or "UNKNOWN"


def _is_code(word: str) -> bool:
    """Tell whether a word can be one side of a pair: BTC, USDT."""
    return word.isascii() and word.isalpha() and word.isupper() and 3 <= len(word) <= 5
