"""Bars made over HTTP: the same as a command makes, refused for the same reasons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.contexts.data import kit

from fks.cli import program
from fks.kernel.testing import running_app

TRADES = "time,price,size,side\n" + "".join(
    f"{(kit.START_NS + k * 700_000_000) // 1_000_000},{100 + k % 7 / 4},{1 + k % 3},buy\n"
    for k in range(2_000)
)
WISHES: list[tuple[str, str, dict[str, Any]]] = [
    ("sp500_daily", "resample", {"to": "1w"}),
    ("made", "resample", {"to": "15m", "name": "quarters"}),
    ("tape", "aggregate", {"every": "1m"}),
    ("tape", "aggregate", {"trades": 100}),
    ("tape", "aggregate", {"volume": "50"}),
    ("tape", "aggregate", {"value": "20000", "name": "dear"}),
]


def command(home: Path, *words: str) -> dict[str, Any]:
    """Return what a command of `fks data` prints as JSON."""
    done = CliRunner().invoke(program, ["--home", str(home), "data", *words, "--json"])
    assert done.exception is None, done.output
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def filled(home: Path, tmp_path: Path) -> Path:
    """Return a home with minutes and trades."""
    bars, tape = kit.write(tmp_path / "made.csv", kit.lines(300)), tmp_path / "tape.csv"
    tape.write_text(TRADES)
    command(home, "import", str(bars), "--name", "made", "--timeframe", "1m")
    command(home, "import", str(tape), "--name", "tape")
    return home


@pytest.mark.parametrize(("dataset", "verb", "wish"), WISHES)
async def test_bars_over_http_are_those_of_the_command(
    tmp_path: Path, dataset: str, verb: str, wish: dict[str, Any]
) -> None:
    """Lost: the page would make other bars than the terminal, under one name."""
    words = [word for name, value in wish.items() for word in (f"--{name}", str(value))]
    expected = command(filled(tmp_path / "terminal", tmp_path), verb, dataset, *words)["dataset"]
    asked = {("every" if name == "to" else name): value for name, value in wish.items()}
    async with running_app(home=filled(tmp_path / "home", tmp_path)) as app:
        made = await app.http.post(f"/api/v1/datasets/{dataset}/bars", json=asked)
        assert made.status_code == 201, made.text
        again = await app.http.post(f"/api/v1/datasets/{dataset}/bars", json=asked)
        lineage = (await app.http.get(f"/api/v1/datasets/{made.json()['name']}/lineage")).json()
    same = ("name", "hash", "rows", "timeframe", "score")
    assert {k: made.json()[k] for k in same} == {k: expected[k] for k in same}
    assert again.json()["hash"] == expected["hash"]
    assert dataset in {node["name"] for node in lineage["nodes"]}


@pytest.mark.parametrize(
    ("dataset", "wish", "status"),
    [
        ("made", {}, 422),
        ("made", {"trades": 5}, 422),
        ("made", {"every": "1m"}, 422),
        ("made", {"every": "soon"}, 422),
        ("made", {"every": "5m", "name": "../x"}, 422),
        ("tape", {"every": "1m", "trades": 5}, 422),
        ("tape", {"volume": "-1"}, 422),
        ("tape", {"value": "nan"}, 422),
        ("tape", {"every": "1m", "price": "last"}, 400),
        ("tape", {"evry": "1m"}, 400),
        ("nobody", {"every": "5m"}, 404),
    ],
)
async def test_what_cannot_be_made_is_refused_in_one_line(
    tmp_path: Path, dataset: str, wish: dict[str, Any], status: int
) -> None:
    """Lost: half a dataset, or a traceback."""
    async with running_app(home=filled(tmp_path / "home", tmp_path)) as app:
        before = (await app.http.get("/api/v1/datasets")).json()
        said = await app.http.post(f"/api/v1/datasets/{dataset}/bars", json=wish)
        assert (await app.http.get("/api/v1/datasets")).json() == before
    assert said.status_code == status, said.text
    assert "\n" not in said.json()["detail"]
