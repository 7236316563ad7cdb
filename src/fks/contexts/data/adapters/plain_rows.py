"""The usual file of bars, read fast: an epoch and plain decimals in every line.

It is tried first, and gives up at the first line that is anything else: then the file is read in
the general way, which knows every shape of number and time and refuses rows one by one. What is
read here is what is read there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import IO

import numpy as np

from fks.contexts.data.adapters._plain_rows import parse
from fks.contexts.data.adapters.stamps import plain_epochs_ns
from fks.contexts.data.adapters.tabular import BLOCK_BYTES
from fks.contexts.data.domain.table import RawTable, joined
from fks.contracts.columns import Int64

__all__ = ["plain_table"]

_PRICES = ("open", "high", "low", "close")


def plain_table(
    stream: IO[bytes],
    cells: int,
    delimiter: str,
    columns: Mapping[str, int],
    *,
    header: bool,
    progress: Callable[[int], None] = lambda rows: None,
) -> RawTable | None:
    """Return all rows, given where each canonical column stands; None for any other file.

    The stream is left wherever it was given up. `progress` is told of rows as they come, and of as
    many fewer when it is given up.
    """
    if not set(columns) <= {"ts", *_PRICES, "volume"} or len(set(columns.values())) < len(columns):
        return None  # a time of day in a column of its own, or one column used twice
    places = np.full(cells, -1, dtype=np.int64)
    places[columns["ts"]] = 0
    for k, name in enumerate((*_PRICES, "volume"), 1):
        if name in columns:
            places[columns[name]] = k
    if header:
        first = stream.readline(BLOCK_BYTES)
        odd = b"\r" in first.rstrip(b"\r\n") or first.count(b'"') % 2
        if odd or not first.endswith(b"\n") or first.count(delimiter.encode()) != cells - 1:
            return None
    parts: list[RawTable] = []
    reader = _Reader(places, ord(delimiter))
    rest, row = b"", 1
    while True:
        read = stream.read(BLOCK_BYTES)
        block = rest + read
        end = block.rfind(b"\n") + 1 if read else len(block)
        if read and end == 0:  # a line that fills a block
            progress(1 - row)
            return None
        if end:
            part = reader.read(block, end, row)
            if part is None:
                progress(1 - row)
                return None
            parts.append(part)
            row += len(part.row)
            progress(len(part.row))
        if not read:
            break
        rest = block[end:]
    return joined(parts) if row > 1 else None


class _Reader:
    """Reads blocks into room that is made once: a row has a byte a cell at least."""

    def __init__(self, places: Int64, delimiter: int) -> None:
        self._places, self._delimiter = places, delimiter
        self._times = np.empty(0, dtype=np.uint64)
        self._numbers = np.zeros((5, 0))

    def read(self, block: bytes, end: int, first_row: int) -> RawTable | None:
        """Return the rows of whole lines, or None where one of them is not plain."""
        most = end // len(self._places) + 1
        if most > len(self._times):
            # What is in no cell, such as the volume of some files, stays 0.
            self._times, self._numbers = np.empty(most, dtype=np.uint64), np.zeros((5, most))
        count = parse(block, end, self._delimiter, self._places, self._times, self._numbers)
        if count < 0:
            return None
        ts_ns = plain_epochs_ns(self._times[:count])
        if ts_ns is None:
            return None
        row = np.arange(first_row, first_row + count, dtype=np.int64)
        first, high, low, last, volume = (one[:count].copy() for one in self._numbers)
        return RawTable(row, ts_ns, first, high, low, last, volume)
