"""LOBSTER's pairs of files: messages about orders, and the book after each of them.

A message is `seconds since midnight in New York, type, order, size, price x 10,000, direction`,
a line of the book `ask price, size, bid price, size` for each level
(https://lobsterdata.com/info/DataStructure.php). The day stands in the file's name. A message
file gives depth of orders, or trades (of visible, hidden and crossed orders); a book file gives
depth of levels, or quotes, with the times of the message file beside it.

An execution against a visible order is three rows of depth: the trade, the fill, and what leaves
the book. Orders that stood before the file begins are not in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from fks.contexts.data.adapters.archives import opened
from fks.contexts.data.adapters.formats.level_books import LevelBooks, ends
from fks.contexts.data.adapters.formats.reading import (
    FoundTicks,
    Progress,
    ReadOptions,
    silent,
)
from fks.contexts.data.adapters.formats.shown import Shown
from fks.contexts.data.adapters.formats.tick_times import seconds_ns
from fks.contexts.data.adapters.formats.ticking import (
    TickPart,
    found_ticks,
    quotes,
    read_ticks,
    trade_ids,
    trades,
    without,
)
from fks.contexts.data.adapters.stamps import local_to_utc
from fks.contexts.data.adapters.tabular import TextRows, numbers_of, read_text, sniff
from fks.contexts.data.domain.table import NO_TIME
from fks.contracts.columns import Float64, Int64
from fks.contracts.data.ticks import ADD, CANCEL, FILL, LAST, NO_ID, TRADE, DepthRows
from fks.kernel.errors import Invalid

__all__ = ["looks_like_lobster", "read_lobster"]

_NAME = re.compile(r"([A-Za-z0-9.\-]{1,12})_(\d{4}-\d{2}-\d{2})_\d+_\d+_(message|orderbook)_\d+")
_ZONE = ZoneInfo("America/New_York")
_SCALE = 10_000.0
_FAR = 9_999_999_999  # what stands for the price of a level that is not there
_CELLS = 6
_NEW, _PARTLY, _DELETED, _VISIBLE, _HIDDEN, _CROSSED, _HALT = range(1, 8)
_KINDS = {"message": ("depth", "trades"), "orderbook": ("depth", "quotes")}


class _Named(NamedTuple):
    """What a file's name says."""

    symbol: str
    midnight_ns: int
    form: str


def looks_like_lobster(shown: Shown) -> bool:
    """Tell by the name."""
    return _NAME.search(shown.name) is not None


def read_lobster(path: Path, options: ReadOptions, progress: Progress = silent) -> FoundTicks:
    """Read one file of a pair. Raises `Invalid` where its name does not say the day."""
    named = _named(options.member or path.name)
    kind = options.kind or "depth"
    if kind not in _KINDS[named.form]:
        raise Invalid(
            f"a {named.form} file has {' or '.join(_KINDS[named.form])}, no {kind[:20]}",
            code="data.choose_kind",
        )
    if named.form == "orderbook":
        part = _book(path, options, named, kind, progress)
    else:
        make = partial(_messages, named=named, kind=kind)
        with opened(path, options.member) as stream:
            shape = _shape(sniff(stream, path.name), path.name, _CELLS)
            part = read_ticks(stream, path.name, shape, range(_CELLS), make, progress)
    orders = named.form == "message" and kind == "depth"
    notes = ["orders that stood before it are not in the file"] if orders else []
    return found_ticks([(path.name, part)], named.symbol, notes=notes, calendar="XNYS")


def _named(name: str) -> _Named:
    """Read a file's name."""
    match = _NAME.search(name)
    if match is None:
        raise Invalid(
            f"{name} is not named as LOBSTER names files (AAPL_2012-06-21_34200000_57600000_"
            "message_10.csv), and the name would say the day",
            code="data.wrong_columns",
        )
    try:
        midnight = datetime.fromisoformat(match[2])
    except ValueError:
        raise Invalid(f"{match[2]} in the file's name is no day", code="data.bad_table") from None
    epoch = datetime.fromisoformat("1970-01-01")
    return _Named(match[1].upper(), (midnight - epoch) // timedelta(seconds=1) * 10**9, match[3])


def _shape(sniffed: tuple[list[str], str], name: str, cells: int) -> tuple[int, str]:
    """Return the shape of a table, checked."""
    if len(sniffed[0]) != cells:
        raise Invalid(
            f"{name} has {len(sniffed[0])} columns; LOBSTER's messages have {cells}",
            code="data.wrong_columns",
        )
    return cells, sniffed[1]


def _times(texts: pa.Array, named: _Named) -> Int64:
    """Return UTC nanoseconds of seconds since midnight."""
    into_day = seconds_ns(texts)
    good = (into_day >= 0) & (into_day < 86_400 * 10**9)
    local = named.midnight_ns + np.where(good, into_day, 0)
    return np.where(good, local_to_utc(local, _ZONE), NO_TIME)


def _messages(block: TextRows, *, named: _Named, kind: str) -> TickPart:
    """Turn messages into rows of depth or of trades."""
    type_, size, raw, way = (numbers_of(block.columns[k]) for k in (1, 3, 4, 5))
    known = (type_ >= _NEW) & (type_ <= _HALT) & (type_ == np.floor(type_))
    known &= (np.abs(way) == 1) | (type_ >= _CROSSED)
    ts_ns, order = _times(block.columns[0], named), trade_ids(block.columns[2])
    price = raw / _SCALE
    side = np.where(known, np.nan_to_num(way), 0).astype(np.int8)
    side[type_ == _CROSSED] = 0
    if kind == "trades":
        rows = trades(ts_ns, price, size, -side)
        part = TickPart(rows, block.row)
        keep = ~known | ((type_ >= _VISIBLE) & (type_ <= _CROSSED))
        part = TickPart(trades(*(column[keep] for column in rows[:4])), block.row[keep])
        return without(part, ~known[keep], "no message of LOBSTER's types")
    whole = _depth(np.nan_to_num(type_), ts_ns, order, price, size, side, block.row, known)
    bad = TickPart(trades(ts_ns, price, size), block.row)
    return whole._replace(refused=without(bad, ~known, "no message of LOBSTER's types").refused)


def _depth(
    type_: Float64,
    ts_ns: Int64,
    order: Int64,
    price: Float64,
    size: Float64,
    side: np.ndarray,
    row: Int64,
    known: np.ndarray,
) -> TickPart:
    """Return rows of depth, of which an execution has three; halts have none."""
    steps = (
        (known & (type_ == _NEW), ADD, 0, 1),
        (known & (type_ >= _VISIBLE) & (type_ <= _CROSSED), TRADE, 0, -1),
        (known & (type_ == _VISIBLE), FILL, 1, 1),
        (known & ((type_ == _PARTLY) | (type_ == _DELETED) | (type_ == _VISIBLE)), CANCEL, 2, 1),
    )
    at = np.concatenate([np.nonzero(mask)[0] for mask, _, _, _ in steps])
    counts = [int(mask.sum()) for mask, _, _, _ in steps]
    action, place, sign = (
        np.repeat([step[k] for step in steps], counts).astype(np.int8) for k in (1, 2, 3)
    )
    sorted_at = np.lexsort((place, at))
    at, action, sign = at[sorted_at], action[sorted_at], sign[sorted_at]
    last = ends(at)
    ids = np.where((order[at] <= 0) | (action == TRADE), NO_ID, order[at])
    rows = DepthRows(
        ts_ns[at],
        row[at],
        action,
        (side[at] * sign).astype(np.int8),
        price[at],
        size[at],
        ids,
        np.where(last, LAST, 0).astype(np.int8),
    )
    return TickPart(rows, row[at])


def _book(
    path: Path, options: ReadOptions, named: _Named, kind: str, progress: Progress
) -> TickPart:
    """Read a book file with the times of its message file."""
    times = _message_times(path, options, named)
    books = LevelBooks()
    with opened(path, options.member) as stream:
        cells, delimiter = sniff(stream, path.name)
        if len(cells) % 4 or len(cells) > 4 * 200:
            raise Invalid(
                f"{path.name} has {len(cells)} columns; LOBSTER's books have four a level",
                code="data.wrong_columns",
            )

        def make(block: TextRows) -> TickPart:
            if block.row[-1] > len(times):
                raise Invalid(
                    f"{path.name} has more rows than its message file", code="data.bad_table"
                )
            ts_ns = times[block.row - 1]
            sides = [_levels(block, len(cells), first) for first in (0, 2)]
            if kind == "quotes":
                best = [column[:, 0] for side in reversed(sides) for column in side]
                best = [np.nan_to_num(one) for one in best]
                return TickPart(quotes(ts_ns, *best), block.row)
            return books.take(ts_ns, block.row, sides[1], sides[0], block.row)

        shape = (len(cells), delimiter)
        return read_ticks(stream, path.name, shape, range(len(cells)), make, progress)


def _levels(block: TextRows, cells: int, first: int) -> tuple[Float64, Float64]:
    """Return prices and sizes of one side, of shape (n, levels)."""
    prices = np.stack([numbers_of(block.columns[k]) for k in range(first, cells, 4)], axis=1)
    sizes = np.stack([numbers_of(block.columns[k]) for k in range(first + 1, cells, 4)], axis=1)
    return np.where(np.abs(prices) >= _FAR, np.nan, prices / _SCALE), sizes


def _message_times(path: Path, options: ReadOptions, named: _Named) -> Int64:
    """Return the time of each line of the message file that goes with a book file."""
    member = options.member
    beside = path
    if member is not None:
        member = member.replace("_orderbook_", "_message_")
    else:
        beside = path.with_name(path.name.replace("_orderbook_", "_message_"))
        if not beside.exists():
            raise Invalid(
                f"a book has no times of its own: put {beside.name} beside it",
                code="data.no_file",
            )
    return np.concatenate(list(_blocks_of_times(beside, member, named)))


def _blocks_of_times(path: Path, member: str | None, named: _Named) -> Iterator[Int64]:
    """Yield the times of a message file; none for a line of another shape."""
    with opened(path, member) as stream:
        shape = _shape(sniff(stream, path.name), path.name, _CELLS)
        expected = 1
        for block in read_text(stream, path.name, *shape, wanted=[0], header=False):
            if isinstance(block, tuple) or not len(block.row):
                continue
            found = np.full(int(block.row[-1]) - expected + 1, NO_TIME, dtype=np.int64)
            found[block.row - expected] = _times(block.columns[0], named)
            expected = int(block.row[-1]) + 1
            yield found
