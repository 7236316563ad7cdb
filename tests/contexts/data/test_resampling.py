"""Datasets of longer bars, against what the vendors themselves made of the same trades."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.contexts.data.kit import MINUTE_NS, REAL, START_NS, lines, read, real, write

from fks.contexts.data.service.importing import FileRequest, import_files
from fks.contexts.data.service.resampling import LongerBars, resample
from fks.contexts.data.store import DatasetStore
from fks.kernel.errors import Invalid

DAY_NS = 86_400_000_000_000


def stored(tmp_path: Path, paths: list[Path], **options: str) -> DatasetStore:
    """Import files as one dataset named `short`."""
    request = FileRequest(path=paths[0], name="short", **options)  # type: ignore[arg-type]
    (imported,) = import_files(paths, request, now_ns=1, code_version="test")
    store = DatasetStore(tmp_path / "home")
    store.save(imported)
    return store


def longer(store: DatasetStore, timeframe: str, name: str = "short") -> LongerBars:
    """Resample it."""
    return resample(store.open(name), timeframe, None, now_ns=2, code_version="test")


@pytest.mark.real_data
def test_days_of_a_stock_are_those_of_the_vendor(tmp_path: Path) -> None:
    """Lost: a daily bar with the hours before the open in it, or under the wrong date."""
    real("lean/equity/usa/minute/spy")
    store = stored(tmp_path, sorted((REAL / "lean/equity/usa/minute/spy").glob("*_trade.zip")))
    made = longer(store, "1d").imported.cleaned.kept
    theirs = read(real("lean/equity/usa/daily/spy.zip")).cleaned.kept
    of_theirs = (theirs.ts_ns + DAY_NS // 2) // DAY_NS
    days = np.intersect1d(made.ts_ns // DAY_NS, of_theirs)
    assert len(days) >= 5
    ours, other = np.isin(made.ts_ns // DAY_NS, days), np.isin(of_theirs, days)
    for name in ("open", "high", "close", "volume"):
        np.testing.assert_array_equal(getattr(made, name)[ours], getattr(theirs, name)[other])
    # One of these lows is a cent above ours: theirs leaves out a trade of the minute file.
    assert (np.abs(made.low[ours] - theirs.low[other]) > 0.005).sum() <= 1


def test_hours_made_of_five_minutes_are_the_same_dataset(tmp_path: Path) -> None:
    """Lost: a content hash that depends on the way."""
    store = stored(tmp_path, [write(tmp_path / "x.csv", lines(600))], instrument="XYZUSDT")
    five = longer(store, "5m").imported
    store.save(five._replace())
    again = longer(store, "1h", five.info.name).imported.info
    once = longer(store, "1h").imported.info
    assert (again.hash, again.rows) == (once.hash, once.rows) == (once.hash, 10)


def test_bars_that_the_dataset_does_not_cover_are_left_out(tmp_path: Path) -> None:
    """Lost: half an hour that looks like an hour."""
    path = write(tmp_path / "x.csv", lines(170, START_NS + 30 * MINUTE_NS))
    store = stored(tmp_path, [path], instrument="XYZUSDT", calendar="24/7")
    made = longer(store, "1h")
    assert (made.imported.info.rows, made.cut) == (2, 2)
    assert made.imported.info.first_ts_ns == START_NS + 60 * MINUTE_NS


@pytest.mark.parametrize(
    ("have", "asked"), [("1m", "1m"), ("5m", "7m"), ("1h", "5m"), ("1h", "36h")]
)
def test_what_cannot_be_made_is_refused_in_one_line(tmp_path: Path, have: str, asked: str) -> None:
    """Lost: bars of seven minutes made of fives."""
    step = {"1m": 1, "5m": 5, "1h": 60}[have] * MINUTE_NS
    rows = lines(50, START_NS, step)
    store = stored(tmp_path, [write(tmp_path / "x.csv", rows)], instrument="XYZUSDT")
    with pytest.raises(Invalid, match="choose a longer timeframe"):
        longer(store, asked)


def test_days_of_foreign_exchange_end_in_new_york(tmp_path: Path) -> None:
    """Lost: a bar of two hours on Sunday evening, and summer time."""
    rows = lines(3 * 1440, START_NS - 2 * 60 * MINUTE_NS)  # from 17:00 New York on 31 December
    store = stored(
        tmp_path, [write(tmp_path / "x.csv", rows)], instrument="EURUSD", calendar="24/5"
    )
    made = longer(store, "1d").imported.info
    assert (made.rows, made.first_ts_ns) == (3, START_NS)
