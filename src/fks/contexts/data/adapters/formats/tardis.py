"""Tardis's tables of books: `book_snapshot_N`, and the increments of `incremental_book_L2`.

Its trades and quotes are read as any table of ticks. Times are the exchange's, in microseconds
(`--map ts=local_timestamp`: the receiver's). Snapshots of the best levels become the changes from
one to the next, or quotes; increments that begin with a snapshot empty the book before it, and
rows with one local time are one message (https://docs.tardis.dev/downloadable-csv-files).
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fks.contexts.data.adapters.archives import opened
from fks.contexts.data.adapters.formats.level_books import LevelBooks, ends
from fks.contexts.data.adapters.formats.reading import (
    FoundTicks,
    Progress,
    ReadOptions,
    silent,
    symbol_of,
)
from fks.contexts.data.adapters.formats.shown import Shown
from fks.contexts.data.adapters.formats.tick_times import read_tick_times
from fks.contexts.data.adapters.formats.ticking import (
    SymbolChoice,
    TickPart,
    found_ticks,
    numbers_or_zero,
    quotes,
    read_ticks,
    side_of,
)
from fks.contexts.data.adapters.stamps import zone_of
from fks.contexts.data.adapters.tabular import TextRows, numbers_of, sniff
from fks.contracts.columns import Float64, Int64
from fks.contracts.data.ticks import CLEAR, LAST, NO_ID, SET, SNAPSHOT, DepthRows
from fks.kernel.errors import Invalid

__all__ = ["looks_like_tardis", "read_tardis"]

_LEVEL = re.compile(r"(asks|bids)\[(\d{1,3})\]\.(price|amount)\Z")
_INCREMENTS = ("symbol", "timestamp", "local_timestamp", "is_snapshot", "side", "price", "amount")
_UTC = zone_of("UTC")


def looks_like_tardis(shown: Shown) -> bool:
    """Tell by the header."""
    return "asks[0].price" in shown.cells or set(_INCREMENTS) <= set(shown.cells)


def read_tardis(path: Path, options: ReadOptions, progress: Progress = silent) -> FoundTicks:
    """Read a table of books. Raises `Invalid` where it is none."""
    clock = options.columns.get("ts", "timestamp")
    choice = SymbolChoice(options.symbol, path.name)
    with opened(path, options.member) as stream:
        cells, delimiter = sniff(stream, path.name)
        levels = "asks[0].price" in cells
        missing = {clock, "symbol", *(() if levels else _INCREMENTS)} - set(cells)
        if missing:
            raise Invalid(
                f"{path.name} has no column {', '.join(sorted(missing))}; it has "
                f"{', '.join(cells)[:200]}",
                code="data.wrong_columns",
            )
        allowed = ("depth", "quotes") if levels else ("depth",)
        kind = options.kind or "depth"
        if kind not in allowed:
            raise Invalid(
                f"{path.name} has {' or '.join(allowed)}, no {kind[:20]}", code="data.choose_kind"
            )
        if levels:
            places = _level_places(cells, path.name)
            make = _Levels(places, cells.index("symbol"), cells.index(clock), kind, choice).part
            wanted = list(range(len(cells)))
        else:
            named = {name: cells.index(name) for name in _INCREMENTS} | {"ts": cells.index(clock)}
            make = partial(_increments, places=named, choice=choice)
            wanted = sorted(set(named.values()))
        shape = (len(cells), delimiter)
        part = read_ticks(stream, path.name, shape, wanted, make, progress, header=True)
    if not levels:
        part = _finished(part)
    return found_ticks([(path.name, part)], choice.chosen or symbol_of(path), calendar="24/7")


def _level_places(cells: list[str], name: str) -> dict[str, list[tuple[int, int]]]:
    """Return where price and amount of each level of a side stand."""
    found: dict[tuple[str, int], dict[str, int]] = {}
    for place, cell in enumerate(cells):
        if match := _LEVEL.match(cell):
            found.setdefault((match[1], int(match[2])), {})[match[3]] = place
    places: dict[str, list[tuple[int, int]]] = {"bids": [], "asks": []}
    for (side, _), one in sorted(found.items()):
        if len(one) == 2:
            places[side].append((one["price"], one["amount"]))
    if not places["bids"] or len(places["bids"]) != len(places["asks"]):
        raise Invalid(
            f"{name} has {len(places['bids'])} levels of bids and {len(places['asks'])} of asks",
            code="data.wrong_columns",
        )
    return places


class _Levels:
    """Snapshots on their way."""

    def __init__(
        self,
        places: dict[str, list[tuple[int, int]]],
        symbol: int,
        clock: int,
        kind: str,
        choice: SymbolChoice,
    ) -> None:
        self._places, self._symbol, self._clock = places, symbol, clock
        self._kind, self._choice = kind, choice
        self._books = LevelBooks()

    def part(self, block: TextRows) -> TickPart:
        """Turn a block into changes, or into quotes."""
        keep = self._choice.mask(block.columns[self._symbol])
        row = block.row[keep]
        mask = pa.array(keep)
        texts = {place: column.filter(mask) for place, column in block.columns.items()}
        ts_ns = read_tick_times(texts[self._clock], _UTC)
        sides = [self._side(texts, self._places[side]) for side in ("bids", "asks")]
        if self._kind == "depth" and len(row):
            unknown = np.full(len(row), NO_ID, dtype=np.int64)
            return self._books.take(ts_ns, unknown, sides[0], sides[1], row)
        best = [column[:, 0] for side in sides for column in side]
        return TickPart(quotes(ts_ns, *best), row)

    @staticmethod
    def _side(texts: dict[int, pa.Array], places: list[tuple[int, int]]) -> tuple[Float64, Float64]:
        """Return prices and amounts of shape (n, levels); an empty cell is 0."""
        prices, amounts = (
            np.stack([numbers_or_zero(texts[place[k]]) for place in places], axis=1) for k in (0, 1)
        )
        return prices, amounts


def _increments(block: TextRows, *, places: dict[str, int], choice: SymbolChoice) -> TickPart:
    """Turn a block into rows whose sequence is, for now, their local time."""
    keep = choice.mask(block.columns[places["symbol"]])
    mask = pa.array(keep)
    texts = {name: block.columns[place].filter(mask) for name, place in places.items()}
    count = int(keep.sum())
    is_snapshot = pc.equal(pc.utf8_lower(texts["is_snapshot"]), "true").to_numpy(
        zero_copy_only=False
    )
    rows = DepthRows(
        read_tick_times(texts["ts"], _UTC),
        read_tick_times(texts["local_timestamp"], _UTC),
        np.full(count, SET, dtype=np.int8),
        side_of(texts["side"]),
        numbers_of(texts["price"]),
        numbers_of(texts["amount"]),
        np.full(count, NO_ID, dtype=np.int64),
        np.where(is_snapshot, SNAPSHOT, 0).astype(np.int8),
    )
    return TickPart(rows, block.row[keep])


def _finished(part: TickPart) -> TickPart:
    """Mark the ends of messages, and empty the book before each snapshot."""
    rows = part.rows
    assert isinstance(rows, DepthRows)
    flags = rows.flags | np.where(ends(rows.sequence), LAST, 0).astype(np.int8)
    snapshot = (flags & SNAPSHOT) != 0
    begins = np.flatnonzero(snapshot & ~np.concatenate(([False], snapshot[:-1])))
    zero, none = np.int8(0), np.int64(NO_ID)

    def put(column: Int64, values: Int64) -> Int64:
        return np.insert(column, begins, values)

    whole = DepthRows(
        put(rows.ts_ns, rows.ts_ns[begins]),
        np.full(len(flags) + len(begins), NO_ID, dtype=np.int64),
        np.insert(rows.action, begins, np.int8(CLEAR)),
        np.insert(rows.side, begins, zero),
        np.insert(rows.price, begins, 0.0),
        np.insert(rows.quantity, begins, 0.0),
        np.insert(rows.order_id, begins, none),
        np.insert(flags, begins, np.int8(SNAPSHOT)),
    )
    return TickPart(whole, put(part.row, part.row[begins]), part.refused)
