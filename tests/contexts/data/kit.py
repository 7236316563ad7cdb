"""What the tests of data share: files to import, and where the real ones lie."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fks.contexts.data.domain.imports import Imported
from fks.contexts.data.service.importing import FileRequest, import_file

ROOT = Path(__file__).resolve().parents[3]
REAL = ROOT.parent / "shared" / "data"
HEADER = "ts,open,high,low,close,volume\n"
MINUTE_NS = 60_000_000_000
START_NS = 1_704_067_200_000_000_000  # 2024-01-01, a Monday


def real(path: str) -> Path:
    """Return a file of the shared data, or skip."""
    found = REAL / path
    if not found.exists():
        pytest.skip(f"the shared data folder beside the checkout has no {path}")
    return found


def lines(count: int, start_ns: int = START_NS, step_ns: int = MINUTE_NS) -> list[str]:
    """Return rows of a CSV whose prices rise by a cent a bar."""
    return [
        f"{start_ns + k * step_ns},{100 + k / 100:.2f},{101 + k / 100:.2f},"
        f"{99 + k / 100:.2f},{100.5 + k / 100:.2f},{k + 1}"
        for k in range(count)
    ]


def write(path: Path, rows: Iterable[str], header: str = HEADER) -> Path:
    """Write a CSV file."""
    path.write_text(header + "".join(row + "\n" for row in rows))
    return path


def read(path: Path, **options: Any) -> Imported:
    """Import a file into memory."""
    return import_file(FileRequest(path=path, **options), now_ns=1, code_version="test")


def zipped(path: Path, **members: str) -> Path:
    """Write a zip whose members are named by keywords (`a` is `a.csv`)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(f"{name}.csv", text)
    return path


def raw_rows(path: Path, member: str | None = None) -> Iterator[list[str]]:
    """Read the rows of a file with nothing but the standard library."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            wanted = next(n for n in names if member is None or member in n)
            text = archive.read(wanted).decode()
    elif path.suffix == ".gz":
        text = gzip.decompress(path.read_bytes()).decode()
    else:
        text = path.read_text()
    return csv.reader(io.StringIO(text))
