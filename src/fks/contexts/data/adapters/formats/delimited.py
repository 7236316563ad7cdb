"""CSV of any common kind: header aliases, one or two time columns, any delimiter, or no header.

Yahoo's daily files are of this kind too; their adjusted close is left out and said so.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fks.contexts.data.adapters.archives import opened
from fks.contexts.data.adapters.formats.headers import CLOCK, SYMBOL, columns_of_header
from fks.contexts.data.adapters.formats.number_styles import (
    NumberStyle,
    plain_numbers,
    style_of,
)
from fks.contexts.data.adapters.formats.reading import (
    Found,
    Progress,
    ReadOptions,
    one_table,
    silent,
    symbol_of,
)
from fks.contexts.data.adapters.formats.tick_headers import plain_name
from fks.contexts.data.adapters.formats.ticking import SymbolChoice
from fks.contexts.data.adapters.plain_rows import plain_table
from fks.contexts.data.adapters.stamps import read_times, zone_of
from fks.contexts.data.adapters.tabular import TextRows, headed, numbers_of, read_text, sniff
from fks.contexts.data.domain.table import NO_TIME, RawTable, Refused, joined
from fks.kernel.errors import Invalid

__all__ = ["columns_by_position", "read_delimited", "read_rows"]

_ADJUSTED = ("adj close", "adj_close", "adjclose", "adjusted close")
_LOOKED_AT = 1 << 16
_DATABENTO = {"rtype", "action"}
_COUNTED = "tickvol"
_PRICES = ("open", "high", "low", "close")
_POSITIONS = ("ts", *_PRICES, "volume")
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?(e[+-]?\d+)?\Z", re.IGNORECASE)
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d{2}(:\d{2})?\Z")


def read_delimited(path: Path, options: ReadOptions, progress: Progress = silent) -> Found:
    """Read a CSV file, plain, gzipped, or the chosen member of an archive."""
    name = path.name if options.member is None else f"{path.name}:{options.member}"
    zone_of(options.zone_name())
    with opened(path, options.member) as packed:
        stream = headed(packed)
        cells, delimiter = sniff(stream, name)
        names = [plain_name(cell) for cell in cells]
        columns = columns_by_position(cells) if not options.columns else None
        header = columns is None
        if set(names) >= _DATABENTO:
            raise Invalid(
                f"{name} is Databento's CSV of ticks, of which the binary file (.dbn or .dbn.zst) "
                "is read",
                code="data.wrong_columns",
            )
        columns = columns or columns_of_header(cells, options.columns, name)
        choice = SymbolChoice(options.symbol, name)
        read = partial(
            read_rows, stream, name, len(cells), delimiter, columns, header=header, choice=choice
        )
        table = read(options, progress)
        if not options.day_first and (table.ts_ns == NO_TIME).any():
            # Days beyond the 12th stood where US dates have the month: try the other order.
            stream.seek(0)
            other = msgspec.structs.replace(options, day_first=True)
            again = read(other, silent)
            if (again.ts_ns == NO_TIME).sum() < (table.ts_ns == NO_TIME).sum():
                table, options = again, other
        first = _first_row(stream, delimiter) if header else []
        volume = columns.get("volume", len(first))
        counted = header and _COUNTED in names and not table.volume.any()
        if counted:
            # MetaTrader knows no volumes of currencies, but how often their price changed.
            columns["volume"] = names.index(_COUNTED)
        elif volume < len(first) and not first[volume] and np.isnan(table.volume).all():
            del columns["volume"]  # the header promises what no row has
        if counted or (header and columns.get("volume", len(first)) != volume):
            stream.seek(0)
            table = read(options, silent)
        if (
            "rtype" in names
            and columns["close"] < len(first)
            and "." not in first[columns["close"]]
        ):
            table = _scaled(table)
    notes = ["volumes are numbers of ticks"] if counted else []
    if not header:
        notes.append("the file has no header: taken as " + ", ".join(columns))
    if header and any(cell.lower() in _ADJUSTED for cell in cells):
        notes.append("the adjusted close was left out: prices are as traded")
    if "volume" not in columns:
        notes.append("the file has no volume; it is 0")
    table, pieces = one_table([(name, table)])
    return Found(table, choice.name_or(symbol_of(path)), notes=tuple(notes), pieces=pieces)


def _first_row(stream: IO[bytes], delimiter: str) -> list[str]:
    """Return the cells of the row under the header."""
    stream.seek(0)
    lines = stream.read(_LOOKED_AT).decode("utf-8-sig", "replace").splitlines()
    rows = csv.reader((line for line in lines if line.strip()), delimiter=delimiter)
    next(rows, None)
    return [cell.strip() for cell in next(rows, [])]


def _scaled(table: RawTable) -> RawTable:
    """Return bars whose prices were billionths, as Databento's are where nobody asked otherwise."""
    prices = {one: getattr(table, one) / 1e9 for one in _PRICES}
    return table._replace(**prices)


def read_rows(
    stream: IO[bytes],
    name: str,
    cells: int,
    delimiter: str,
    columns: Mapping[str, int],
    options: ReadOptions,
    progress: Progress,
    *,
    header: bool,
    choice: SymbolChoice | None = None,
) -> RawTable:
    """Read all rows, given at which place each canonical column stands; of several symbols those
    of the one chosen.

    Raises `Invalid` where there are none, or where they are no table.
    """
    zone = zone_of(options.zone_name())
    begun = stream.tell()
    plain = plain_table(stream, cells, delimiter, columns, header=header, progress=progress)
    if plain is not None:
        return plain
    stream.seek(begun)
    parts: list[RawTable] = []
    refused: list[Refused] = []
    wanted = tuple(dict.fromkeys(columns.values()))
    style: NumberStyle | None = None
    for block in read_text(stream, name, cells, delimiter, wanted=wanted, header=header):
        if isinstance(block, tuple):
            refused.extend(block)
            continue
        progress(len(block.row))
        if not parts:
            style = _style(block, columns, name)
        if SYMBOL in columns and choice is not None:
            block = _of_symbol(block, choice.mask(block.columns[columns[SYMBOL]]))
        parts.append(_table(block, columns, zone, style, day_first=options.day_first))
    table = joined(parts)
    if not table.rows_read and not refused:
        raise Invalid(f"{name} has no rows", code="data.empty_file")
    return table._replace(refused=tuple(refused))


def _of_symbol(block: TextRows, keep: npt.NDArray[np.bool_]) -> TextRows:
    """Return the rows of a block that are kept."""
    if keep.all():
        return block
    mask = pa.array(keep)
    columns = {place: texts.filter(mask) for place, texts in block.columns.items()}
    return TextRows(columns, block.row[keep])


def _style(block: TextRows, columns: Mapping[str, int], name: str) -> NumberStyle | None:
    """Return how the numbers of a table are written, by its first block."""
    place = columns.get("volume")
    volume = None if place is None else block.columns[place]
    return style_of([block.columns[columns[one]] for one in _PRICES], volume, name)


def _table(
    block: TextRows,
    columns: Mapping[str, int],
    zone: ZoneInfo,
    style: NumberStyle | None,
    *,
    day_first: bool,
) -> RawTable:
    """Turn a block of text into numbers."""
    texts: pa.Array = block.columns[columns["ts"]]
    if CLOCK in columns:
        texts = pc.binary_join_element_wise(texts, block.columns[columns[CLOCK]], " ")
    ts_ns = read_times(texts, zone, day_first=day_first)
    place = columns.get("volume")
    cells = [block.columns[columns[one]] for one in _PRICES]
    cells += [] if place is None else [block.columns[place]]
    if style is not None:
        cells = [plain_numbers(texts, style) for texts in cells]
    first, high, low, last, *sizes = (numbers_of(texts) for texts in cells)
    volume = sizes[0] if sizes else np.zeros(len(first))
    return RawTable(block.row, ts_ns, first, high, low, last, volume)


def columns_by_position(cells: Sequence[str]) -> dict[str, int] | None:
    """Return the columns of a file without header: time (and time of day), prices, volume."""
    names: tuple[str, ...] = _POSITIONS
    if len(cells) > 1 and _TIME_OF_DAY.match(cells[1]):
        names = ("ts", CLOCK, *_POSITIONS[1:])
    numbers = cells[names.index("open") :]
    if not cells[0][:1].isdigit() or len(numbers) < 4:
        return None
    if not all(_NUMBER.match(cell) for cell in numbers[:4]):
        return None
    return {name: k for k, name in enumerate(names) if k < len(cells)}
