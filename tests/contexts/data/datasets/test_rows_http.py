"""Rows over HTTP: what a version changed, and what was refused, as the commands tell them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.contexts.data import kit

from fks.cli import program
from fks.contexts.data.store import DatasetStore
from fks.kernel.testing import running_app


def command(home: Path, *words: str) -> dict[str, Any]:
    """Return what a command of `fks data` prints as JSON."""
    done = CliRunner().invoke(program, ["--home", str(home), "data", *words, "--json"])
    assert done.exception is None, done.output
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def stored(home: Path, tmp_path: Path, count: int, *, close: str | None = None) -> str:
    """Store minutes as `made`, one close another, and return the version's hash."""
    lines = kit.lines(count)
    if close is not None:
        cells = lines[7].split(",")
        lines[7] = ",".join([*cells[:4], close, *cells[5:]])
    path = kit.write(tmp_path / "made.csv", lines)
    return DatasetStore(home).save(kit.read(path, name="made")).hash


async def test_what_a_version_changed_is_what_the_command_tells(tmp_path: Path) -> None:
    """Lost: the screen would show another history than the terminal."""
    home = tmp_path / "home"
    old, new = stored(home, tmp_path, 90), stored(home, tmp_path, 100, close="100.20")
    a, b = f"made@{old}", f"made@{new}"
    expected = command(home, "diff", a, b, "--sample", "3")
    async with running_app(home=home) as app:
        told = await app.http.get(f"/api/v1/datasets/{a}/diff", params={"other": b, "sample": 3})
        same = await app.http.get(f"/api/v1/datasets/{a}/diff", params={"other": a})
        gone = await app.http.get(f"/api/v1/datasets/{a}/diff", params={"other": "nobody"})
        many = await app.http.get(f"/api/v1/datasets/{a}/diff?other={b}&sample=1001")
    assert told.json() == expected
    assert (expected["added"], expected["changed"], len(expected["sample"])) == (10, 1, 3)
    assert expected["columns"]["close"] == 1
    assert (same.json()["added"], same.json()["changed"]) == (0, 0)
    assert (gone.status_code, many.status_code) == (404, 400)


async def test_refused_rows_come_in_pages_with_their_reasons(tmp_path: Path) -> None:
    """Lost: which rows of a file are not in the dataset is known at the terminal only."""
    home = tmp_path / "home"
    lines = kit.lines(200)
    for at in range(10, 40):
        cells = lines[at].split(",")
        lines[at] = ",".join([*cells[:2], "0.5", *cells[3:]])  # a high below the others
    lines[50] = "never," + lines[50].partition(",")[2]
    path = kit.write(tmp_path / "made.csv", lines)
    info = DatasetStore(home).save(kit.read(path, name="made"))
    expected = command(home, "quarantine", "made", "--rows", "7")
    async with running_app(home=home) as app:
        url = "/api/v1/datasets/made/quarantine"
        whole = (await app.http.get(url)).json()
        page = (await app.http.get(f"{url}?first=29&limit=2")).json()
        clean = (await app.http.get("/api/v1/datasets/sp500_daily/quarantine")).json()
        beyond = await app.http.get(f"{url}?limit=1001")
    assert (whole["total"], whole["hash"]) == (info.quarantined, info.hash)
    assert whole["total"] == 31 == sum(whole["reasons"].values()) == len(whole["rows"])
    assert whole["rows"][:7] == expected["rows"]
    assert page["rows"] == whole["rows"][29:31]
    assert (clean["total"], clean["rows"]) == (0, [])
    assert beyond.status_code == 400


@pytest.mark.parametrize("sample", [-1, 1001])
def test_a_sample_out_of_bounds_costs_one_line(tmp_path: Path, sample: int) -> None:
    """Lost: a server that answers with a whole dataset."""
    words = ["--home", str(tmp_path), "data", "diff", "sp500_daily", "sp500_daily"]
    done = CliRunner().invoke(program, [*words, f"--sample={sample}"])
    assert done.exit_code == 2
