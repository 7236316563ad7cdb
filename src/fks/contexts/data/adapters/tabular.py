"""Read delimited text in bounded memory into columns of text, then of numbers.

Everything is read as text first, so that one bad cell costs one row and not the file. A line
longer than a block is refused at once: a file of one endless line is no table.
"""

from __future__ import annotations

import codecs
import io
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from fks.contexts.data.domain.table import Refused
from fks.contracts.columns import Float64, Int64
from fks.kernel.errors import Invalid

__all__ = ["TextRows", "headed", "numbers_of", "read_text", "sniff"]

BLOCK_BYTES = 2 << 20  # the reader keeps up to 32 blocks ahead
_LONGEST_LINE = 1 << 16
_MOST_REFUSED = 100_000
_REMARKS = (b"#", b"http://", b"https://")
_DELIMITERS = (",", ";", "\t", "|")
_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$"


class TextRows:
    """A block of rows: text columns by their place, and each row's number in the file from 1."""

    def __init__(self, columns: dict[int, pa.Array], row: Int64) -> None:
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
    line, ended, _ = head.lstrip(b"\r\n").partition(b"\n")
    line = line.partition(b"\r")[0]  # which by itself ends the lines of some old programs
    if not ended and len(head) == _LONGEST_LINE:
        raise Invalid(
            f"{name}: its first line is longer than {_LONGEST_LINE >> 10} KiB; this is no table "
            "of bars",
            code="data.bad_table",
        )
    try:
        text = line.decode("utf-8-sig").strip("\r")
    except UnicodeDecodeError:
        raise Invalid(f"{name} is not UTF-8 text; save it as that", code="data.bad_table") from None
    delimiter = max(_DELIMITERS, key=text.count)
    return [cell.strip().strip('"').strip() for cell in text.split(delimiter)], delimiter


class _After(io.RawIOBase):
    """A stream without its first bytes."""

    def __init__(self, stream: IO[bytes], skipped: int) -> None:
        self._stream, self._skipped = stream, skipped
        stream.seek(skipped)

    def readable(self) -> bool:
        """Say that this is for reading."""
        return True

    def seekable(self) -> bool:
        """Say that reading can begin again."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place counted from what was skipped."""
        if whence != io.SEEK_SET:
            raise io.UnsupportedOperation("only to a place counted from the start")
        return self._stream.seek(self._skipped + offset) - self._skipped

    def tell(self) -> int:
        """Return the place, counted likewise."""
        return self._stream.tell() - self._skipped

    def readinto(self, buffer: Any) -> int:
        """Read bytes."""
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def headed(stream: IO[bytes]) -> IO[bytes]:
    """Return a table without remarks before its header: lines of `#`, or of an address."""
    head, skipped = stream.read(_LONGEST_LINE), 0
    stream.seek(0)
    while head.startswith(_REMARKS, skipped):
        end = head.find(b"\n", skipped) + 1
        if not end or any(head.count(mark.encode(), skipped, end) > 3 for mark in _DELIMITERS):
            break  # a header that begins so
        skipped = end
    return io.BufferedReader(_After(stream, skipped)) if skipped else stream


class _Decodable(io.RawIOBase):
    """A stream whose bytes are UTF-8, with a mark in place of each that was not.

    So such a byte costs its row; the reader, which shows refused rows as text, can show them all.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = b""

    def readable(self) -> bool:
        """Say that this is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read bytes."""
        while not self._rest:
            raw = self._stream.read(BLOCK_BYTES)
            self._rest = self._decoder.decode(raw, final=not raw).encode()
            if not raw:
                break
        data, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def read_text(
    stream: IO[bytes],
    name: str,
    cells: int,
    delimiter: str,
    *,
    wanted: Sequence[int],
    header: bool,
) -> Iterator[TextRows | tuple[Refused, ...]]:
    """Yield blocks of rows, and the rows refused for their number of cells, as they come.

    A row has so many `cells`; those at the `wanted` places are read. Raises `Invalid` when a
    line does not fit into a block, or rows of another shape have no end.
    """
    refused: list[Refused] = []

    def refuse(row: Any) -> str:
        if len(refused) == _MOST_REFUSED:
            return "error"
        reason = f"{row.actual_columns} cells instead of {row.expected_columns}"
        refused.append(Refused(int(row.number) - int(header), reason, str(row.text)[:200]))
        return "skip"

    names = [str(k) for k in range(cells)]
    read = pcsv.ReadOptions(
        use_threads=False, block_size=BLOCK_BYTES, column_names=names, skip_rows=int(header)
    )
    parse = pcsv.ParseOptions(delimiter=delimiter, invalid_row_handler=refuse)
    convert = pcsv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        include_columns=[str(k) for k in wanted],
        strings_can_be_null=False,
    )
    told, row = 0, 1
    try:
        with pcsv.open_csv(_Decodable(stream), read, parse, convert) as reader:
            for batch in reader:
                # The reader parses ahead: rows of later blocks may be among the refused already.
                numbers = _row_numbers(row, batch.num_rows, refused)
                if batch.num_rows:
                    row = int(numbers[-1]) + 1
                yield TextRows(dict(zip(wanted, batch.columns, strict=True)), numbers)
                if len(refused) > told:
                    yield tuple(refused[told:])
                    told = len(refused)
        if len(refused) > told:
            yield tuple(refused[told:])
    except pa.ArrowInvalid as error:
        if "empty" in str(error).lower():
            raise Invalid(f"{name} has no rows", code="data.empty_file") from None
        raise Invalid(f"{name}: {_plain(error, cells)}", code="data.bad_table") from None


def _row_numbers(first: int, count: int, refused: Sequence[Refused]) -> Int64:
    """Return the numbers of a block's rows, which skip those refused."""
    skip = refused[bisect_left(refused, first, key=lambda one: one.row) :]
    numbers = np.arange(first, first + count + len(skip), dtype=np.int64)
    if skip:
        numbers = numbers[~np.isin(numbers, [one.row for one in skip])]
    return numbers[:count]


def _plain(error: Exception, cells: int) -> str:
    """Say in a line what the reader met."""
    text = str(error)
    if "straddling" in text:
        return f"a line is longer than {BLOCK_BYTES >> 20} MiB; this is no table of bars"
    if "Expected" in text and "columns" in text:
        return f"more than {_MOST_REFUSED:,} rows do not have the {cells} cells of the first line"
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
