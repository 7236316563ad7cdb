"""Files packed in whatever way, and what lies beside them in an archive."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from tests.contexts.data import kit
from tests.contexts.data.formats.tick_kit import ticks

from fks.contexts.data.adapters import archives
from fks.kernel.errors import Invalid

TEXT = (kit.HEADER + "\n".join(kit.lines(90_000)) + "\n").encode()


def _zstd(data: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(data, asbytes=True))


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": _zstd,
}


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_packed_table_is_the_table(tmp_path: Path, suffix: str) -> None:
    """Lost: files as data vendors pack them are refused, or cut at some block."""
    plain = tmp_path / "plain.csv"
    plain.write_bytes(TEXT)
    packed = tmp_path / f"GCX9.csv.{suffix}"
    packed.write_bytes(PACKERS[suffix](TEXT))
    made, wanted = kit.read(packed, instrument="A"), kit.read(plain, instrument="A")
    assert made.info.rows == 90_000
    assert made.info.hash == wanted.info.hash


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_packed_table_that_ends_early_is_called_damaged(tmp_path: Path, suffix: str) -> None:
    """Lost: half a download passes for the whole, or ends in a traceback."""
    packed = PACKERS[suffix](TEXT)
    path = tmp_path / f"A.csv.{suffix}"
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(Invalid, match="is damaged"):
        kit.read(path)


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_packed_bomb_is_refused(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: a small file fills the memory or the disk."""
    monkeypatch.setattr(archives, "_RATIO_FREE_BYTES", 1 << 16)
    path = tmp_path / f"A.csv.{suffix}"
    path.write_bytes(PACKERS[suffix](kit.HEADER.encode() + b"1,1,1,1,1,1\n" * 1_000_000))
    with pytest.raises(Invalid, match="times its size is the most"):
        kit.read(path)


def test_an_archive_is_known_by_its_first_bytes_and_read_through(tmp_path: Path) -> None:
    """Lost: a zip by another name, one from a Mac, or one of packed files is refused."""
    path = tmp_path / "export.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("A.csv.gz", gzip.compress(TEXT))
        archive.writestr("__MACOSX/._A.csv.gz", b"\0\5\26\7")
    assert kit.read(path).info.rows == 90_000


def test_a_spreadsheet_is_refused_with_what_would_work(tmp_path: Path) -> None:
    """Lost: a user is told that a spreadsheet is not text, which helps nobody."""
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", "<x/>")
    with pytest.raises(Invalid, match="a spreadsheet; save its table as CSV"):
        kit.read(path)


def test_lines_may_end_as_on_an_old_mac(tmp_path: Path) -> None:
    """Lost: such a file is taken for one endless header."""
    path = tmp_path / "A.csv"
    path.write_bytes(TEXT[:2000].rpartition(b"\n")[0].replace(b"\n", b"\r"))
    assert kit.read(path).report.rows_quarantined == 0


LEAN = (
    "20200420 00:00,17.73,17.85,-40.32,-37.63,247947\n20200421 00:00,-14,13.86,-16.74,10.01,2288\n"
)


def test_leans_contracts_may_be_named_with_their_expiry(tmp_path: Path) -> None:
    """Lost: the contract becomes one of that day, without its sizes, and its prices are refused."""
    names = {"cl_trade_202005_20200421": LEAN, "cl_trade_202006_20200519": LEAN}
    path = tmp_path / "future" / "nymex" / "daily" / "cl_trade.zip"
    path.parent.mkdir(parents=True)
    kit.zipped(path, **names)
    with pytest.raises(Invalid, match="202005, 202006"):
        kit.read(path)
    made = kit.read(path, member="202005")
    assert made.info.instrument.id == "CL202005"
    assert made.cleaned.kept.close.tolist() == [-37.63, 10.01]


def test_lobsters_books_hold_prices_beyond_a_hundred_thousand(tmp_path: Path) -> None:
    """Lost: all quotes of a dear share are taken for empty levels."""
    day = "BRK.A_2020-01-02_34200000_57600000_{}_2.csv"
    (tmp_path / day.format("message")).write_text("34200.5,1,7,10,5410000000,-1\n")
    book = tmp_path / day.format("orderbook")
    book.write_text("5410000000,10,5409990000,20,9999999999,0,-9999999999,0\n")
    found = ticks(book, kind="quotes")
    assert [float(column[0]) for column in found.rows[1:]] == [540_999.0, 20.0, 541_000.0, 10.0]
    assert found.symbol == "BRK.A"
