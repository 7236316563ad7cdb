"""Numbers at times as datasets: open interest, rates of interest."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from tests.contexts.data import kit

from fks.cli import program
from fks.contexts.data.domain.sizing import Wanted
from fks.contexts.data.domain.ticks.imports import import_rows
from fks.contexts.data.store import DatasetStore
from fks.contracts.data.ticks import ValueColumns, ValueRows

DAY_NS = 86_400 * 10**9
INTEREST = "lean/future/cme"


def run(home: Path, *arguments: str) -> Any:
    """Run `fks data` and return its one JSON document."""
    result = CliRunner().invoke(program, ["--home", str(home), "data", *arguments, "--json"])
    assert result.exception is None, result.output
    return json.loads(result.stdout)


def opened(home: Path, name: str) -> ValueColumns:
    """Return the columns of a dataset."""
    columns = DatasetStore(home).open(name).ticks()
    assert isinstance(columns, ValueColumns)
    return columns


def moments(text: str, day: str) -> list[tuple[int, float]]:
    """Read LEAN's lines by hand: a date, or milliseconds of a day."""
    found = []
    for stamp, value in csv.reader(io.StringIO(text)):
        if " " in stamp:
            at = datetime.strptime(stamp, "%Y%m%d %H:%M").replace(tzinfo=UTC)
        else:
            at = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
            at += timedelta(milliseconds=int(stamp))
        found.append((int(at.timestamp()) * 10**9, float(value)))
    return sorted(found, key=lambda one: one[0])


@pytest.mark.real_data
@pytest.mark.parametrize(
    "path",
    [
        "daily/es_openinterest.zip",
        "hour/es_openinterest.zip",
        "minute/es/20131007_openinterest.zip",
    ],
)
def test_open_interest_is_what_a_second_reader_finds(tmp_path: Path, path: str) -> None:
    """Lost: rolls by a number that nobody else reads so."""
    file = kit.real(f"{INTEREST}/{path}")
    with zipfile.ZipFile(file) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert texts
    for name, text in texts.items():
        said = run(tmp_path, "import", str(file), "--member", name, "--name", "oi")
        found = opened(tmp_path, "oi")
        wanted = moments(text, file.name[:8])
        assert found.ts_ns.tolist() == [ts for ts, _ in wanted], name
        assert (found.value_e9 / 1e9).tolist() == [value for _, value in wanted]
        assert (said["quality"]["rows_read"], said["dataset"]["kind"]) == (len(wanted), "values")


@pytest.mark.real_data
def test_a_rate_of_interest_is_joined_with_bars(tmp_path: Path) -> None:
    """Lost: a rate that was only known later."""
    file = kit.real("lean/alternative/interest-rate/usa/interest-rate.csv")
    run(tmp_path, "import", str(file), "--name", "rate")
    rows = list(csv.reader(file.read_text().splitlines()))[1:]
    found = opened(tmp_path, "rate")
    assert [str(np.datetime64(ts, "ns"))[:10] for ts in found.ts_ns.tolist()] == [
        r[0] for r in rows
    ]
    assert (found.value_e9 / 1e9).tolist() == [float(r[1]) for r in rows]
    out = tmp_path / "joined.csv"
    run(tmp_path, "join", "sp500_daily", "rate", "-o", str(out))
    with out.open(newline="") as stream:
        joined = list(csv.DictReader(stream))
    steps = [(row[0], float(row[1])) for row in rows]
    for line in joined[::97]:
        # A daily bar is known at the midnight that ends its day.
        known = [rate for day, rate in steps if day <= _next(line["time"])]
        assert line["rate_value"] == ("" if not known else f"{known[-1]:g}"), line


def _next(stamp: str) -> str:
    """Return the date after a time's."""
    return str(datetime.fromisoformat(stamp[:10]).date() + timedelta(days=1))


def test_what_is_exported_and_imported_again_is_the_same_dataset(tmp_path: Path) -> None:
    """Lost: a number changed by a trip through a file."""
    store = DatasetStore(tmp_path)
    rows = ValueRows(
        np.array([3, 1, 2, 4, 5], dtype=np.int64) * DAY_NS + kit.START_NS,
        np.array([0.1, -2.5, 8_999_999_999.0, np.nan, 1e10]),
    )
    imported = import_rows(rows, Wanted(symbol="ES", name="odd"))
    assert [one.reason for one in imported.refused] == ["a number cannot be read"] * 2
    assert (imported.report.rows_kept, imported.report.out_of_order) == (3, 1)
    info = store.save(imported)
    assert store.open("odd").verify()
    assert opened(tmp_path, "odd").value_e9.tolist() == [
        -2_500_000_000,
        8_999_999_999 * 10**9,
        10**8,
    ]
    for form in ("csv", "parquet"):
        path = tmp_path / f"odd.{form}"
        run(tmp_path, "export", "odd", "-o", str(path))
        run(tmp_path, "import", str(path), "--kind", "values", "--instrument", "ES", "--name", form)
        again = opened(tmp_path, form)
        assert again.value_e9.tolist() == opened(tmp_path, "odd").value_e9.tolist()
        assert DatasetStore(tmp_path).open(form).info.hash == info.hash
