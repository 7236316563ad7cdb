"""What the readers of ticks share: blocks of text into rows, and rows of several files into one.

A cell that is no number makes its row unusable and no other. The price of an empty side of a
quote is NaN with quantity 0, while a side that could not be read has quantity NaN: only the
former is a quote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import IO, Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fks.contexts.data.adapters.formats.reading import FoundTicks, Progress, TickRows
from fks.contexts.data.adapters.tabular import TextRows, numbers_of, read_text
from fks.contexts.data.domain.table import Piece, Refused
from fks.contracts.columns import Float64, Int64
from fks.contracts.data.ticks import NO_ID, Int8, QuoteRows, TradeRows
from fks.kernel.errors import Invalid

__all__ = [
    "MAX_ROWS",
    "SymbolChoice",
    "TickPart",
    "check_count",
    "found_ticks",
    "joined_parts",
    "numbers_or_zero",
    "one_tape",
    "plain_symbol",
    "quotes",
    "read_ticks",
    "side_of",
    "trade_ids",
    "trades",
    "without",
]

MAX_ROWS = 100_000_000
_MOST_REFUSED = 1_000_000
_MARKET = re.compile(r"[XCOI]:(?=[A-Z])")
_SYMBOL = re.compile(r"\^?[A-Za-z0-9][A-Za-z0-9._=/^-]{0,31}\Z")


class TickPart(NamedTuple):
    """Some rows, the number in its file of the line each comes from, and refused lines."""

    rows: TickRows
    row: Int64
    refused: tuple[Refused, ...] = ()


class SymbolChoice:
    """Which symbol of a file is read: the one asked for, or the only one there is."""

    def __init__(self, wanted: str | None, name: str) -> None:
        self._wanted = None if wanted is None else _letters(wanted)
        self._name = name
        self._seen: list[str] = []
        self.chosen: str | None = None

    def look(self, symbols: Sequence[str]) -> None:
        """Take the one asked for, if it is among symbols seen beforehand."""
        self._seen = sorted(symbols)
        self.chosen = next((one for one in symbols if _letters(one) == self._wanted), self.chosen)

    def mask(self, texts: pa.Array) -> npt.NDArray[np.bool_]:
        """Tell which rows are of the symbol; raises `Invalid` where that has to be said."""
        found = [str(one) for one in pc.unique(texts).to_pylist()]
        self.look(found)
        keep = [one for one in found if self.takes(one)]
        mask = pc.is_in(texts, value_set=pa.array(keep, pa.string()))
        return np.asarray(mask.to_numpy(zero_copy_only=False))

    def takes(self, symbol: str) -> bool:
        """Tell whether a symbol is read."""
        if self.chosen is None:
            self.chosen = symbol
        if symbol == self.chosen:
            return True
        if _letters(self.chosen) != self._wanted:
            self._refuse(symbol)
        return False

    def name_or(self, other: str) -> str:
        """Return the symbol that was read, or another name where it could name no instrument."""
        return plain_symbol(self.chosen or "", other)

    def _refuse(self, symbol: str) -> None:
        there = sorted({*self._seen[:20], str(self.chosen), symbol[:40]})
        raise Invalid(
            f"{self._name} holds several symbols: {', '.join(there)}; choose one with --instrument",
            code="data.several_instruments",
        )


def plain_symbol(symbol: str, other: str) -> str:
    """Return a symbol without Polygon's `X:` for its market; the other where it can be no name."""
    plain = _MARKET.sub("", symbol)
    return plain if _SYMBOL.match(plain) else other


def _letters(symbol: str) -> str:
    """Return a symbol as it is compared: EUR/USD is EURUSD."""
    plain = _MARKET.sub("", symbol.upper())
    return "".join(letter for letter in plain if letter.isalnum())


def read_ticks(
    stream: IO[bytes],
    name: str,
    shape: tuple[int, str],
    wanted: Sequence[int],
    make: Callable[[TextRows], TickPart],
    progress: Progress,
    *,
    header: bool = False,
) -> TickPart:
    """Read a delimited text block by block; `shape` is its number of cells and its delimiter.

    Raises `Invalid` where there are no rows, or more than `MAX_ROWS`.
    """
    cells, delimiter = shape
    parts: list[TickPart] = []
    refused: list[Refused] = []
    count = 0
    for block in read_text(
        stream, name, cells, delimiter, wanted=tuple(dict.fromkeys(wanted)), header=header
    ):
        if isinstance(block, tuple):
            refused.extend(block)
            continue
        if len(block.row):
            parts.append(make(block))
            count += len(parts[-1].row)
        check_count(count, name)
        progress(len(block.row))
    if not parts and not refused:
        raise Invalid(f"{name} has no rows", code="data.empty_file")
    if not parts:
        raise Invalid(f"{name} has no usable rows: {refused[0].reason}", code="data.bad_table")
    whole = joined_parts(parts)
    return whole._replace(
        refused=tuple(sorted((*whole.refused, *refused), key=lambda one: one.row))
    )


def check_count(count: int, name: str) -> None:
    """Raise `Invalid` beyond `MAX_ROWS`: all rows of a dataset are held at once."""
    if count > MAX_ROWS:
        raise Invalid(
            f"{name} has more than {MAX_ROWS:,} rows; import it in pieces", code="data.too_large"
        )


def joined_parts(parts: Sequence[TickPart]) -> TickPart:
    """Return parts of one kind one after the other; line numbers are kept."""
    if len(parts) == 1:
        return parts[0]
    kind = cast("Any", type(parts[0].rows))
    assert all(type(part.rows) is kind for part in parts), "parts of several kinds"
    columns = zip(*(part.rows for part in parts), strict=True)
    refused = tuple(one for part in parts for one in part.refused)
    if len(refused) > _MOST_REFUSED:
        raise Invalid(
            f"more than {_MOST_REFUSED:,} rows are of another shape", code="data.bad_table"
        )
    rows = kind(*(np.concatenate(column) for column in columns))
    return TickPart(rows, np.concatenate([part.row for part in parts]), refused)


def found_ticks(
    parts: Sequence[tuple[str, TickPart]],
    symbol: str,
    *,
    notes: Sequence[str] = (),
    calendar: str | None = None,
) -> FoundTicks:
    """Join the parts of several files; lines count on, and pieces say where each file begins."""
    moved: list[TickPart] = []
    pieces: list[Piece] = []
    before = 0
    for name, part in parts:
        pieces.append(Piece(name.encode("utf-8", "replace").decode(), before))
        moved.append(
            TickPart(
                part.rows,
                part.row + before,
                tuple(one._replace(row=one.row + before) for one in part.refused),
            )
        )
        ends = [int(part.row[-1])] if len(part.row) else [0]
        before += max(*ends, part.refused[-1].row if part.refused else 0)
    whole = joined_parts(moved)
    check_count(len(whole.row), pieces[0].name)
    return FoundTicks(
        whole.rows,
        whole.row,
        symbol,
        refused=whole.refused,
        notes=tuple(dict.fromkeys(notes)),
        pieces=tuple(pieces),
        calendar=calendar,
    )


def without(part: TickPart, bad: npt.NDArray[np.bool_], reason: str) -> TickPart:
    """Return a part without its bad rows, which are refused for the reason given."""
    if not bad.any():
        return part
    kind = cast("Any", type(part.rows))
    # The file holds the rest of the line; what stands here is enough to find it.
    refused = tuple(Refused(int(row), reason, "") for row in part.row[bad][:_MOST_REFUSED])
    rows = kind(*(column[~bad] for column in part.rows))
    return TickPart(rows, part.row[~bad], part.refused + refused)


def numbers_or_zero(texts: pa.Array) -> Float64:
    """Return float64, 0 where a cell is empty, NaN where it is no number."""
    if pc.any(pc.equal(texts, ""), min_count=0).as_py():
        texts = pc.if_else(pc.equal(texts, ""), "0", texts)
    return numbers_of(texts)


def one_tape(found: Sequence[FoundTicks]) -> FoundTicks:
    """Return what several files hold as one; lines count on, and pieces know their files."""
    if len(found) == 1:
        return found[0]
    before, parts, pieces = 0, list[TickPart](), list[Piece]()
    for one in found:
        refused = tuple(line._replace(row=line.row + before) for line in one.refused)
        parts.append(TickPart(one.rows, one.row + before, refused))
        pieces += [Piece(piece.name, piece.rows_before + before) for piece in one.pieces]
        before += one.rows_read
    whole = joined_parts(parts)
    check_count(len(whole.row), pieces[0].name)
    return found[0]._replace(
        rows=whole.rows, row=whole.row, refused=whole.refused, pieces=tuple(pieces)
    )


def trades(
    ts_ns: Int64,
    price: Float64,
    quantity: Float64,
    side: Int8 | None = None,
    ids: Int64 | None = None,
) -> TradeRows:
    """Return trades; without sides and ids these are unknown."""
    if side is None:
        side = np.zeros(len(ts_ns), dtype=np.int8)
    if ids is None:
        ids = np.full(len(ts_ns), NO_ID, dtype=np.int64)
    return TradeRows(ts_ns, price, quantity, side, ids)


def quotes(
    ts_ns: Int64,
    bid: Float64,
    bid_quantity: Float64 | None,
    ask: Float64,
    ask_quantity: Float64 | None,
) -> QuoteRows:
    """Return quotes as the module says: a price of 0 is an empty side, NaN an unreadable one.

    Without quantities they are 0, which says nothing about the size.
    """
    sides = []
    for price, quantity in ((bid, bid_quantity), (ask, ask_quantity)):
        empty, bad = price == 0, np.isnan(price)
        size = np.zeros(len(price)) if quantity is None else quantity
        size = np.where(empty, 0.0, np.where(bad, np.nan, size))
        sides += [np.where(empty, np.nan, price), size]
    return QuoteRows(ts_ns, *sides)


def side_of(texts: pa.Array) -> Int8:
    """Return 1 for texts such as buy, bid, b, `True`; -1 for sell, ask, s, a; else 0."""
    low = pc.utf8_lower(pc.utf8_trim_whitespace(texts))
    found = np.zeros(len(texts), dtype=np.int8)
    for value, words in ((1, ("buy", "b", "bid")), (-1, ("sell", "s", "ask", "a"))):
        mask = pc.is_in(low, value_set=pa.array(words, pa.string()))
        found[mask.to_numpy(zero_copy_only=False)] = value
    return found


def trade_ids(texts: pa.Array) -> Int64:
    """Return ids, `NO_ID` where a text is no whole number of 63 bits."""
    try:
        found = pc.cast(texts, pa.int64())
    except pa.ArrowInvalid:
        plain = pc.match_substring_regex(texts, r"^\d{1,18}$")
        found = pc.cast(pc.if_else(plain, texts, None), pa.int64())
    return np.array(pc.fill_null(found, NO_ID).to_numpy(zero_copy_only=False), dtype=np.int64)
