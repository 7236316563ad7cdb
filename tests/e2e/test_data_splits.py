"""Splits and the vault on a dataset's page, in Chromium against a real `fks serve`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from .processes import Served
from .test_browser import browser, picture, pytestmark, until  # noqa: F401
from .test_data_browser import http, page  # noqa: F401

PAGE = "/data/datasets/sp500_daily/splits"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home that has the samples."""
    return tmp_path_factory.mktemp("splits_home")


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    """Serve it."""
    with Served(home, "--port", "0") as served:
        yield served.url


def painted(page: Any) -> list[list[str]]:  # noqa: F811
    """Return the strips of each fold as they are painted."""
    found: list[list[str]] = page.get_by_test_id("folds").evaluate(
        "box => [...box.querySelectorAll('svg')].map("
        "fold => [...fold.querySelectorAll('rect')].map(one => one.dataset.rows))"
    )
    return found


def told(http: httpx.Client, split: str, folds: int = 12) -> list[list[str]]:  # noqa: F811
    """Return the same of what the interface says."""
    plan = http.get(f"/splits/{split}", params={"folds": folds}).raise_for_status().json()
    return [
        [f"{part['name']} {a}-{b}" for part in fold["parts"] for a, b in part["ranges"]]
        for fold in plan["folds"]
    ]


def test_a_split_is_wished_for_refused_made_and_shown(
    page: Any,  # noqa: F811
    http: httpx.Client,  # noqa: F811
    home: Path,
) -> None:
    """Lost: splits that only a terminal can make, or a picture of other rows than are used."""
    page.goto(PAGE)
    page.get_by_text("It is not parted yet").wait_for()
    page.get_by_role("button", name="New split…").click()
    form = page.get_by_role("form", name="New split")
    split = form.get_by_role("button", name="Split it")
    form.get_by_label("Kind").select_option("walk-forward")
    split.click()
    assert form.get_by_text("a whole number").count() == 2
    form.get_by_label("Train", exact=True).fill("5000")
    form.get_by_label("Test", exact=True).fill("5000")
    split.click()
    form.get_by_text("5,031 rows are too few for one window").wait_for()
    picture(page, "data-split-refused")
    form.get_by_label("Kind").select_option("combinatorial")
    form.get_by_role("alert").wait_for(state="detached")
    form.get_by_label("Groups", exact=True).fill("6")
    form.get_by_label("Labels look ahead").fill("20")
    form.get_by_label("Embargo").fill("1%")
    form.get_by_label("Name of the split").fill("folds")
    picture(page, "data-split-form")
    split.click()
    form.wait_for(state="detached")
    page.get_by_test_id("folds").get_by_text("train").first.wait_for()
    assert painted(page) == told(http, "folds")
    assert len(painted(page)) == 12
    picture(page, "data-split-folds")
    page.get_by_role("button", name="Next").click()
    until(lambda: painted(page), lambda found: found == told(http, "folds", 15)[12:])
    head = http.get("/splits/folds").json()["head"]
    assert head["parameters"] == {
        "folds": "6",
        "test_groups": "2",
        "label_bars": "20",
        "embargo_bars": "51",
    }
    command = [sys.executable, "-m", "fks", "--home", str(home), "data", "split", "sp500_daily"]
    terminal = [*command, "--kind", "chronological", "--name", "parts"]
    subprocess.run(terminal, check=True, capture_output=True)
    parts = page.get_by_role("button", name="parts", exact=True)
    parts.wait_for()  # told by the event: nobody asked again
    parts.click()
    until(lambda: painted(page), lambda found: found == told(http, "parts"))
    assert sum(len(fold) for fold in painted(page)) == 3
    picture(page, "data-split-parts")


def test_bars_are_sealed_for_good_and_no_page_shows_them(
    page: Any,  # noqa: F811
    http: httpx.Client,  # noqa: F811
) -> None:
    """Lost: a holdout that is looked at by whoever opens a chart, or sealed by a slip."""
    page.goto(PAGE)
    page.get_by_text("Nothing of it is sealed").wait_for()
    page.get_by_role("button", name="Seal bars…").click()
    form = page.get_by_role("form", name="Seal bars")
    seal = form.get_by_role("button", name="Seal them for good")
    assert seal.is_disabled(), "nobody said yet that there is no way back"
    form.get_by_label("I know that nobody can unseal them").check()
    seal.click()
    form.get_by_text("a date").wait_for()
    form.get_by_label("From").fill("2017-01-01")
    form.get_by_label("Your name").fill("ann")
    form.get_by_label("Before").fill("2016-12-31")
    seal.click()
    form.get_by_text("a date after the first one").wait_for()
    form.get_by_label("Before").fill("")
    picture(page, "data-seal-form")
    seal.click()
    form.wait_for(state="detached")
    row = page.get_by_role("region", name="Seals").get_by_role("row").last
    row.get_by_text("the end").wait_for()
    (sealed,) = http.get("/datasets/sp500_daily/vault").json()["seals"]
    assert (sealed["by"], sealed["from_ts_ns"]) == ("ann", 1_483_228_800 * 10**9)
    assert http.get("/datasets/sp500_daily/bars?limit=1").json()["code"] == "data.sealed"
    picture(page, "data-sealed")
