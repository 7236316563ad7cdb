"""Files that are damaged, hostile or no tables of bars: one clear line, nothing kept of them."""

from __future__ import annotations

import gzip
import io
import os
import resource
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.contexts.data import kit

from fks.contexts.data.adapters import archives, tabular
from fks.kernel.errors import FksError, Invalid


def text_file(content: bytes) -> Callable[[Path], Path]:
    """Return a maker of a CSV file with this content."""

    def make(folder: Path) -> Path:
        path = folder / "x.csv"
        path.write_bytes(content)
        return path

    return make


def truncated_zip(folder: Path) -> Path:
    """Cut a zip in the middle."""
    path = kit.zipped(folder / "BTCUSDT-1m-2024-01.zip", x="1,2,3\n" * 1000)
    path.write_bytes(path.read_bytes()[:-40])
    return path


def zip_with_damaged_bytes(folder: Path) -> Path:
    """Change a byte within a member, so that its checksum is wrong."""
    path = folder / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("x.csv", kit.HEADER + "\n".join(kit.lines(500)))
    data = bytearray(path.read_bytes())
    at = data.index(b"100.50")
    data[at : at + 1] = b"9"
    path.write_bytes(data)
    return path


def truncated_gzip(folder: Path) -> Path:
    """Cut a gzip file in the middle."""
    path = folder / "x.csv.gz"
    packed = gzip.compress((kit.HEADER + "\n".join(kit.lines(5000))).encode())
    path.write_bytes(packed[: len(packed) // 2])
    return path


def truncated_parquet(folder: Path) -> Path:
    """Write the beginning of a Parquet file."""
    path = folder / "x.parquet"
    path.write_bytes(b"PAR1" + b"\0" * 100)
    return path


def zip_slip(folder: Path) -> Path:
    """Name a member outside of its folder."""
    path = folder / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../evil.csv", kit.HEADER)
    return path


def zip_bomb(folder: Path) -> Path:
    """Pack far more than a table of bars could shrink to."""
    path = folder / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.csv", b"0" * (64 << 20))
    return path


def gzip_bomb(folder: Path) -> Path:
    """Pack empty lines, which no line limit would stop."""
    path = folder / "x.csv.gz"
    path.write_bytes(gzip.compress(kit.HEADER.encode() + b"\n" * (64 << 20), 9))
    return path


def many_members(folder: Path) -> Path:
    """Pack more files than an archive may have."""
    path = folder / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for k in range(archives.MAX_MEMBERS + 1):
            archive.writestr(f"{k}", b"")
    return path


ROW = b"1704067200,100,101,99,100,5\n"
HEAD = kit.HEADER.encode()
CASES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "empty": (text_file(b""), "x.csv is empty"),
    "blank": (text_file(b"\n\n  \n"), "x.csv is empty"),
    "header only": (text_file(HEAD), "has no rows"),
    "binary": (text_file(b"\x89PNG\xff\xfe\x00\x01" * 50 + b"\n"), "not UTF-8"),
    "wrong columns": (text_file(b"a,b\n1,2\n"), "no column for ts, open, high, low, close"),
    "truncated zip": (truncated_zip, "BTCUSDT-1m-2024-01.zip is not an intact zip"),
    "damaged zip": (zip_with_damaged_bytes, "x.zip is damaged"),
    "truncated gzip": (truncated_gzip, "x.csv.gz is damaged"),
    "truncated parquet": (truncated_parquet, "x.parquet cannot be read"),
    "zip slip": (zip_slip, "leaves its folder"),
    "zip bomb": (zip_bomb, "times its size"),
    "gzip bomb": (gzip_bomb, "times its size is the most"),
    "many members": (many_members, "more than an archive may"),
    "negative prices": (text_file(HEAD + b"1704067200,-1,1,-2,1,5\n"), "row 1: price not positive"),
    "no numbers": (text_file(HEAD + b"1704067200,a,b,c,d,5\n"), "row 1: not a number"),
    "no times": (text_file(HEAD + b"soon,1,1,1,1,5\n"), "row 1: unreadable time"),
    "far times": (text_file(HEAD + b"9999999999999999999,1,1,1,1,5\n"), "none of 1 rows"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_file_without_a_usable_bar_is_refused_in_one_clear_line(
    tmp_path: Path, case: str
) -> None:
    """Lost: a traceback, a hang, or a dataset made of rubbish."""
    make, says = CASES[case]
    with pytest.raises(Invalid) as refused:
        kit.read(make(tmp_path))
    assert says in refused.value.message
    assert "\n" not in refused.value.message
    assert refused.value.code.startswith("data.")


def test_an_unknown_timezone_or_calendar_is_refused(tmp_path: Path) -> None:
    """Lost: times would silently be taken as UTC, gaps silently not be looked for."""
    path = kit.write(tmp_path / "x.csv", kit.lines(3))
    for zone in ("Mars/Olympus", "../../etc/passwd", ""):
        with pytest.raises(Invalid, match="no time zone"):
            kit.read(path, timezone=zone)
    with pytest.raises(Invalid, match="no session calendar 'XMOON'"):
        kit.read(path, calendar="XMOON")


class EndlessLine(io.RawIOBase):
    """A stream of one line of 2 GB after a good header; counts what was asked of it."""

    def __init__(self, header: bytes) -> None:
        self._left = 2 << 30
        self._header = header
        self.at = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes: back to the start."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go back to the start."""
        assert offset == 0
        self.at = 0
        return 0

    def readinto(self, buffer: Any) -> int:
        """Give the header, then sevens."""
        if self.at < len(self._header):
            piece = self._header[self.at :][: len(buffer)]
        else:
            piece = b"7" * min(len(buffer), self._left + len(self._header) - self.at)
        buffer[: len(piece)] = piece
        self.at += len(piece)
        return len(piece)


@pytest.mark.parametrize("header", [b"", HEAD + ROW])
def test_one_line_of_two_gigabytes_is_refused_in_bounded_memory(header: bytes) -> None:
    """Lost: one bad file would take the machine's memory."""
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    source = EndlessLine(header)
    stream = io.BufferedReader(source)
    with pytest.raises(Invalid, match="longer than"):
        cells, delimiter = tabular.sniff(stream, "x.csv")
        for _ in tabular.read_text(
            stream, "x.csv", len(cells), delimiter, wanted=range(6), header=True
        ):
            pass
    assert source.at < 128 << 20, "it read on although no row could come"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 256 << 10


def test_a_sparse_file_of_two_gigabytes_is_refused_at_once(tmp_path: Path) -> None:
    """Lost: the same by the way a user takes, a file on disk."""
    path = tmp_path / "x.csv"
    with path.open("wb") as file:
        file.write(HEAD + ROW)
        file.truncate(2 << 30)
    with pytest.raises(Invalid, match="a line is longer than 2 MiB"):
        kit.read(path)


def test_rows_of_another_shape_have_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost: a file of the wrong kind would fill memory with its rows in quarantine."""
    monkeypatch.setattr(tabular, "_MOST_REFUSED", 10)
    path = kit.write(tmp_path / "x.csv", [*kit.lines(5), *(["1,2"] * 11)])
    with pytest.raises(Invalid, match="more than 10 rows do not have the 6 cells"):
        kit.read(path)


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    """Lost: an import would hang until somebody writes."""
    os.mkfifo(tmp_path / "x.csv")
    with pytest.raises(Invalid, match="no regular file"):
        kit.read(tmp_path / "x.csv")


@pytest.mark.parametrize("cut", range(0, 700, 7))
def test_a_zip_cut_anywhere_is_refused_or_read_whole(tmp_path: Path, cut: int) -> None:
    """Lost: some cut would give a traceback, or half of the bars as if they were all."""
    whole = kit.zipped(tmp_path / "w.zip", x=kit.HEADER + "\n".join(kit.lines(40)))
    part = tmp_path / "x.zip"
    part.write_bytes(whole.read_bytes()[:cut])
    try:
        found = kit.read(part)
    except FksError as error:
        assert error.code in ("data.bad_archive", "data.empty_file"), error.message
    else:
        assert found.info.rows == 40


def test_bytes_that_are_no_text_cost_their_row_only(tmp_path: Path) -> None:
    """Lost: one damaged byte would refuse a year of prices."""
    rows = [line.encode() for line in kit.lines(4)]
    rows[1] = b"\xff\xfe,1,2,3,4,5"
    rows[2] = rows[2] + b",\xdd"
    path = text_file(HEAD + b"\n".join(rows) + b"\n")(tmp_path)
    imported = kit.read(path)
    assert (imported.info.rows, imported.report.rows_quarantined) == (2, 2)
