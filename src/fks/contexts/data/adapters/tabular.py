"""Read delimited text in bounded memory into columns of text, then of numbers.

Everything is read as text first, so that one bad cell costs one row and not the file. A line
longer than a block is refused at once: a file of one endless line is no table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from fks.contexts.data.domain.table import Refused
from fks.contracts.columns import Float64
from fks.kernel.errors import Invalid

__all__ = ["BLOCK_BYTES", "TextRows", "numbers_of", "read_text", "sniff"]

BLOCK_BYTES = 8 << 20
_LONGEST_LINE = 1 << 16
_DELIMITERS = (",", ";", "\t", "|")
_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$"


class TextRows:
    """A block of rows: text columns by name, and the number of each row in the file from 1."""

    def __init__(self, columns: dict[str, pa.Array], row: Any) -> None:
        self.columns = columns
        self.row = row


def sniff(stream: IO[bytes], name: str) -> tuple[list[str], str]:
    """Return the cells of the first line and the delimiter; the stream is put back.

    Raises `Invalid` for an empty file, one whose first line is endless, or one that is no text.
    """
    head = stream.read(_LONGEST_LINE)
    stream.seek(0)
    if not head.strip():
        raise Invalid(f"{name} is empty", code="data.empty_file")
    line, ended, _ = head.partition(b"\n")
    if not ended and len(head) == _LONGEST_LINE:
        raise Invalid(f"{name}: its first line is longer than 64 KiB", code="data.bad_table")
    try:
        text = line.decode("utf-8-sig").strip("\r")
    except UnicodeDecodeError:
        raise Invalid(f"{name} is not UTF-8 text", code="data.bad_table") from None
    delimiter = max(_DELIMITERS, key=text.count)
    return [cell.strip().strip('"') for cell in text.split(delimiter)], delimiter


def read_text(
    stream: IO[bytes], name: str, columns: Sequence[str], delimiter: str, *, header: bool
) -> Iterator[TextRows | tuple[Refused, ...]]:
    """Yield blocks of rows, and the rows refused for their number of cells, as they come.

    `columns` names all cells of a row in order. Raises `Invalid` when a line does not fit into a
    block or the text is not UTF-8.
    """
    refused: list[Refused] = []

    def refuse(row: Any) -> str:
        number = row.number if row.number is not None else 0
        reason = f"{row.actual_columns} cells instead of {row.expected_columns}"
        refused.append(Refused(int(number) - int(header), reason, str(row.text)[:200]))
        return "skip"

    read = pcsv.ReadOptions(
        use_threads=False,
        block_size=BLOCK_BYTES,
        column_names=list(columns),
        skip_rows=int(header),
    )
    parse = pcsv.ParseOptions(delimiter=delimiter, invalid_row_handler=refuse)
    convert = pcsv.ConvertOptions(
        column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False
    )
    told, row = 0, 1
    try:
        with pcsv.open_csv(stream, read, parse, convert) as reader:
            for batch in reader:
                numbers = _row_numbers(row, batch.num_rows, refused[told:])
                if batch.num_rows:
                    row = int(numbers[-1]) + 1
                yield TextRows(dict(zip(columns, batch.columns, strict=True)), numbers)
                if len(refused) > told:
                    yield tuple(refused[told:])
                    told = len(refused)
    except pa.ArrowInvalid as error:
        if "empty" in str(error).lower():
            raise Invalid(f"{name} has no rows", code="data.empty_file") from None
        raise Invalid(f"{name}: {_plain(error)}", code="data.bad_table") from None


def _row_numbers(first: int, count: int, refused: Sequence[Refused]) -> Any:
    """Return the numbers of a block's rows, which skip those refused."""
    skip = {one.row for one in refused}
    if not skip:
        return np.arange(first, first + count, dtype=np.int64)
    numbers = np.arange(first, first + count + len(skip), dtype=np.int64)
    return numbers[~np.isin(numbers, list(skip))][:count]


def _plain(error: Exception) -> str:
    """Say in a line what the reader met."""
    text = str(error)
    if "straddling" in text:
        return f"a line is longer than {BLOCK_BYTES >> 20} MiB; this is no table of bars"
    if "UTF8" in text or "UTF-8" in text:
        return "it is not UTF-8 text"
    return text.splitlines()[0][:160]


def numbers_of(texts: pa.Array) -> Float64:
    """Return float64 of shape (n,), NaN where a text is no plain decimal number."""
    try:
        found = pc.cast(texts, pa.float64())
    except pa.ArrowInvalid:
        texts = pc.utf8_trim_whitespace(texts)
        plain = pc.match_substring_regex(texts, _NUMBER)
        found = pc.cast(pc.if_else(plain, texts, None), pa.float64())
    return np.array(found.to_numpy(zero_copy_only=False), dtype=np.float64)
