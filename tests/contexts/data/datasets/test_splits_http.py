"""Splits and seals made over HTTP: the same as a command makes, refused for the same reasons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fks.cli import program
from fks.contexts.data.service.announcing import Announcer
from fks.contexts.data.store import DatasetStore
from fks.contracts.data.datasets import SplitStored
from fks.kernel.testing import RecordingBus, running_app

AT = "/api/v1/datasets/sp500_daily/splits"
NS = 10**9
KINDS: list[dict[str, Any]] = [
    {"kind": "chronological"},
    {"kind": "chronological", "parts": "60,40", "name": "halves"},
    {"kind": "walk-forward", "train": 1000, "test": 250},
    {"kind": "walk-forward", "train": 500, "test": 100, "step": 300, "gap": 5, "anchored": True},
    {"kind": "walk-forward", "train": 500, "test": 100, "label_bars": 7},
    {"kind": "purged-kfold", "folds": 4, "label_bars": 5, "embargo": "1%"},
    {"kind": "combinatorial", "folds": 6, "test_groups": 2, "label_bars": 3, "embargo": "10"},
]


def command(home: Path, wish: dict[str, Any]) -> dict[str, Any]:
    """Return what `fks data split` makes of a wish."""
    words = ["--home", str(home), "data", "split", "sp500_daily", "--json"]
    for name, value in wish.items():
        words += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    done = CliRunner().invoke(program, words)
    assert done.exception is None, done.output
    made: dict[str, Any] = json.loads(done.stdout)
    return made


@pytest.mark.parametrize("wish", KINDS, ids=lambda wish: "-".join(map(str, wish.values())))
async def test_a_split_over_http_is_the_split_of_the_command(
    tmp_path: Path, wish: dict[str, Any]
) -> None:
    """Lost: two people who wish for the same would train on different rows."""
    expected = command(tmp_path / "terminal", wish)
    async with running_app(home=tmp_path / "home") as app:
        made = await app.http.post(AT, json=wish)
        assert made.status_code == 201, made.text
        head = made.json()
        told = (await app.http.get(f"/api/v1/splits/{head['hash']}?folds=1000")).json()
        once_more = await app.http.post(AT, json=wish)
        listed = (await app.http.get(AT)).json()["splits"]
    assert once_more.json() == head, "the same wish is the same split, made when it was made"
    assert listed == [head]
    assert told["folds"] == expected["folds"]
    assert told["paths"] == expected["paths"]
    assert {**expected["head"], "created_at_ns": head["created_at_ns"]} == head == told["head"]


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"kind": "mystery"}, "there are chronological, walk-forward"),
        ({"kind": "chronological", "parts": "80"}, "two or more positive parts"),
        ({"kind": "chronological", "parts": "80,-10,30"}, "two or more positive parts"),
        ({"kind": "chronological", "parts": "1e9999999,1e9999999"}, "write 80,10,10"),
        ({"kind": "chronological", "parts": ""}, "write 80,10,10"),
        ({"kind": "chronological", "folds": 3}, "a chronological split has no folds"),
        ({"kind": "walk-forward", "train": 9, "test": 9, "embargo": "1%"}, "has no embargo"),
        ({"kind": "purged-kfold", "test_groups": 3, "gap": 1}, "has no test_groups, gap; it has"),
        ({"kind": "walk-forward"}, "at least one row"),
        ({"kind": "walk-forward", "train": 10, "test": 5, "step": -1}, "at least one row"),
        ({"kind": "walk-forward", "train": 5000, "test": 5000}, "too few for one window"),
        ({"kind": "purged-kfold", "folds": 1}, "make 2 to 5,031 groups"),
        ({"kind": "purged-kfold", "folds": 10**15}, "at most 10,000 groups"),
        ({"kind": "combinatorial", "folds": 5000, "test_groups": 2500}, "a number of folds"),
        ({"kind": "combinatorial", "folds": 40, "test_groups": 20}, "137,846,528,820 folds"),
        ({"kind": "combinatorial", "folds": 6, "test_groups": 0}, "test 1 to 5 of 6"),
        ({"kind": "purged-kfold", "embargo": "NaN%"}, "an embargo is a number"),
        ({"kind": "purged-kfold", "label_bars": 5031}, "labels may look 0 to 5,030"),
        ({"kind": "chronological", "name": "../x"}, "is not a dataset's name"),
    ],
)
async def test_a_wish_that_makes_no_sense_is_refused_in_one_line(
    tmp_path: Path, wish: dict[str, Any], says: str
) -> None:
    """Lost: a split without a test, a server that counts for minutes, or half a split."""
    async with running_app(home=tmp_path) as app:
        refused = await app.http.post(AT, json=wish)
        assert (await app.http.get("/api/v1/splits")).json() == {"splits": []}
    assert refused.status_code == 422, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    problem = refused.json()
    assert says in problem["detail"] and "\n" not in problem["detail"]
    assert len(problem["detail"]) < 200 and problem["code"].startswith("data.bad_")
    assert not (tmp_path / "splits").exists()


async def test_what_is_no_wish_or_of_no_dataset_is_refused(tmp_path: Path) -> None:
    """Lost: an option that was misspelt, taken as if it had not been given."""
    async with running_app(home=tmp_path) as app:
        post = app.http.post
        bodies: list[Any] = [{}, {"kind": "chronological", "part": "50,50"}, {"kind": 3}, []]
        for body in bodies:
            assert (await post(AT, json=body)).status_code == 400, body
        labels = {"kind": "purged-kfold", "labels": "/etc/passwd"}
        assert (await post(AT, json=labels)).status_code == 400, "a server reads no file it is told"
        missing = await post("/api/v1/datasets/nothing/splits", json={"kind": "chronological"})
        assert (missing.status_code, missing.json()["code"]) == (404, "data.dataset_not_found")
        assert not (tmp_path / "splits").exists()


async def test_a_name_means_its_newest_split_and_older_ones_keep_their_hash(
    tmp_path: Path,
) -> None:
    """Lost: rows that a model was tested on, when somebody wishes for others."""
    async with running_app(home=tmp_path) as app:
        first, second = [
            (await app.http.post(AT, json={"kind": "chronological", "name": "mine", **more})).json()
            for more in ({}, {"parts": "50,50"})
        ]
        assert first["hash"] != second["hash"]
        assert (await app.http.get("/api/v1/splits/mine")).json()["head"] == second
        for text in (first["hash"], f"mine@{first['hash'][:12]}"):
            assert (await app.http.get(f"/api/v1/splits/{text}")).json()["head"] == first
        version = first["dataset_hash"]
        at = f"/api/v1/datasets/sp500_daily@{version[:12]}/splits"
        again = (await app.http.post(at, json={"kind": "chronological", "name": "mine"})).json()
        assert again == first, "a version may be named"


async def test_a_split_is_told_once_whoever_made_it(tmp_path: Path) -> None:
    """Lost: screens that do not learn of a split which a colleague made at a terminal."""
    bus = RecordingBus()
    command(tmp_path, {"kind": "chronological", "name": "before"})
    announcer = Announcer(bus, DatasetStore(tmp_path))
    announcer.begin()
    made = command(tmp_path, {"kind": "purged-kfold", "name": "mine"})
    command(tmp_path, {"kind": "chronological", "name": "before"})
    for _ in range(2):
        await announcer.step()
    (told,) = bus.of(SplitStored)
    assert (told.split.name, told.split.hash) == ("mine", made["head"]["hash"])
    command(tmp_path, {"kind": "chronological", "name": "before", "parts": "1,1"})
    await announcer.step()
    assert [one.split.name for one in bus.of(SplitStored)] == ["mine", "before"]
    (tmp_path / "splits" / "before" / f"{bus.of(SplitStored)[1].split.hash}.json").write_text("{")
    command(tmp_path, {"kind": "chronological", "name": "last"})
    await announcer.step()
    assert [one.split.name for one in bus.of(SplitStored)] == ["mine", "before", "last"]


async def test_what_is_sealed_over_http_is_sealed_for_every_read(tmp_path: Path) -> None:
    """Lost: a holdout that one of the doors hands out."""
    async with running_app(home=tmp_path) as app:
        of = "/api/v1/datasets/sp500_daily"
        get, post = app.http.get, app.http.post
        bars = (await get(f"{of}/bars?limit=10000")).json()["ts_ns"]
        first = bars[4000]
        sealed = await post(f"{of}/vault/seal", json={"from_ts_ns": first, "person": "ann"})
        (seal,) = sealed.json()["seals"]
        assert (seal["from_ts_ns"], seal["to_ts_ns"]) == (first, 2**63 - 1)
        assert seal["by"] == "ann"
        again = await post(f"{of}/vault/seal", json={"from_ts_ns": first, "person": "bob"})
        assert again.json()["seals"] == [seal], "the same range twice is one seal"
        until = f"to_s={first // NS}"
        assert (await get(f"{of}/bars?limit=10000&{until}")).json()["ts_ns"] == bars[:4000]
        for path in (
            f"{of}/bars",
            f"{of}/bars?from_s={bars[4500] // NS}",
            f"{of}/download",
            f"{of}/download?format=parquet",
            f"{of}/indicators?spec=sma:period=20",
            f"{of}/compare?other=nasdaq_daily",
        ):
            refused = await get(path)
            assert (refused.status_code, refused.json()["code"]) == (403, "data.sealed"), path
        made = await post(AT, json={"kind": "chronological"})
        assert made.status_code == 201, "a split uses no prices"
        looks = (await get(f"{of}/vault")).json()["looks"]
        assert looks == [], "what was refused is no look"
        for body, status in (
            ({"from_ts_ns": 5, "to_ts_ns": 5, "person": "ann"}, 422),
            ({"from_ts_ns": 5, "person": ""}, 400),
            ({"person": "ann"}, 400),
        ):
            assert (await post(f"{of}/vault/seal", json=body)).status_code == status, body
        missing = await post(
            "/api/v1/datasets/nothing/vault/seal", json={"from_ts_ns": 5, "person": "ann"}
        )
        assert missing.status_code == 404
