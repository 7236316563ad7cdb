"""Exports: what leaves is what is stored, and comes back as the same dataset."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
from tests.contexts.data import kit

from fks.contexts.data.service.importing import FileRequest, import_file
from fks.contexts.data.service.vault import seal_range
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.exporting import FORMATS, export, written_file
from fks.kernel.errors import Denied, Invalid, Unavailable

from ..ticks.test_ticks import ALL


def exported(home: Path, name: str, form: str, **span: Any) -> bytes:
    """Return a dataset as bytes."""
    out = io.BytesIO()
    export(DatasetStore(home).open(name), out, form, **span)
    return out.getvalue()


def rows_of(content: bytes, form: str) -> list[dict[str, Any]]:
    """Read an export with another reader than ours."""
    if form == "csv":
        return list(csv.DictReader(io.StringIO(content.decode())))
    if form == "jsonl":
        return [json.loads(line) for line in content.decode().splitlines()]
    if form == "arrow":
        with pa.ipc.open_stream(content) as stream:
            return stream.read_all().to_pylist()  # type: ignore[no-any-return]
    return pq.read_table(io.BytesIO(content)).to_pylist()  # type: ignore[no-any-return]


@pytest.mark.parametrize("form", FORMATS)
def test_bars_leave_whole_and_come_back_as_the_same_dataset(tmp_path: Path, form: str) -> None:
    """Lost: a digit, a row, or the proof that neither was."""
    imported = kit.read(kit.write(tmp_path / "AAA.csv", kit.lines(500)))
    info = DatasetStore(tmp_path).save(imported)
    content = exported(tmp_path, info.name, form)
    rows = rows_of(content, form)
    kept = imported.cleaned.kept
    assert [int(row["ts_ns"]) for row in rows] == kept.ts_ns.tolist()
    for name in ("open", "high", "low", "close", "volume"):
        assert [float(row[name]) for row in rows] == getattr(kept, name).tolist()
    if form in ("csv", "parquet"):
        path = tmp_path / f"back.{form}"
        path.write_bytes(content)
        again = import_file(
            FileRequest(path=path, instrument="AAA", timeframe="1m", name="back"),
            now_ns=1,
            code_version="t",
        )
        assert again.info.hash == info.hash


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("form", FORMATS)
def test_ticks_leave_whole(tmp_path: Path, kind: str, form: str) -> None:
    """Lost: a side of a quote, or a book's order."""
    made = ALL[kind]
    info = DatasetStore(tmp_path).save(made)
    rows = rows_of(exported(tmp_path, info.name, form), form)
    assert [int(row["ts_ns"]) for row in rows] == made.columns.ts_ns.tolist()
    if kind == "quotes":
        assert [row["bid"] in (None, "") for row in rows] == [False, True, False]
        assert [float(row["ask"]) for row in rows] == [1.6, 1.6, 1.6]
    if kind == "trades":
        assert float(rows[3]["price"]) == 30000.03
        assert [int(row["side"]) for row in rows[:2]] == [-1, 1]


def test_a_span_is_half_open_and_sealed_rows_stay(tmp_path: Path) -> None:
    """Lost: bars that nobody may look at yet, in a file on somebody's desk."""
    imported = kit.read(kit.write(tmp_path / "AAA.csv", kit.lines(100)))
    store = DatasetStore(tmp_path)
    info = store.save(imported)
    begin = info.first_ts_ns + 10 * kit.MINUTE_NS
    span = {"from_ts_ns": begin, "to_ts_ns": begin + 5 * kit.MINUTE_NS}
    assert len(rows_of(exported(tmp_path, info.name, "csv", **span), "csv")) == 5
    seal_range(tmp_path, info.name, begin, begin + 1, by="me")
    with pytest.raises(Denied):
        exported(tmp_path, info.name, "csv")
    with pytest.raises(Invalid, match="csv, jsonl, parquet, arrow"):
        exported(tmp_path, info.name, "xlsx")


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    """Lost: half a file that looks like a whole one."""
    path = tmp_path / "out.csv"
    with pytest.raises(RuntimeError), written_file(path) as out:
        out.write(b"half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Unavailable), written_file(tmp_path / "no" / "out.csv"):
        pass


def test_the_program_writes_files_and_standard_output(tmp_path: Path) -> None:
    """Lost: the command that people use."""

    def run(*more: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "fks", "--home", str(tmp_path), "data", "export", *more],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
        )

    shown = run("sp500_daily", "--from", "2018-12-01")
    assert shown.returncode == 0, shown.stderr
    rows = rows_of(shown.stdout, "csv")
    assert len(rows) == 19
    assert rows[0]["time"].startswith("2018-12-03T00:00:00")
    told = json.loads(run("sp500_daily", "-o", str(tmp_path / "a.parquet"), "--json").stdout)
    assert told["rows"] == len(pq.read_table(tmp_path / "a.parquet")) == 5031
    for bad, words in (
        (("nothing",), b"no dataset"),
        (("sp500_daily", "-o", str(tmp_path / "a.xlsx")), b"give --format"),
        (("sp500_daily", "--json"), b"-o"),
    ):
        refused = run(*bad)
        assert refused.returncode in (2, 3)
        assert words in refused.stderr
