"""Bars of a stock's real trades, against a plain loop over the file and the vendor's own bars."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from tests.contexts.data.kit import real

from fks.contexts.data.domain.ticks.imports import ImportedTicks
from fks.contexts.data.service.aggregating import Aggregate, aggregate
from fks.contexts.data.service.importing import FileRequest, import_all
from fks.contexts.data.store import DatasetStore
from fks.contracts.columns import BarColumns

pytestmark = pytest.mark.real_data
SECOND_NS = 1_000_000_000


def bars(home: Path, **asked: str | int) -> BarColumns:
    """Import two days of trades and return bars of them, by way of the store."""
    folder = real("lean/equity/usa/tick/ibm")
    paths = sorted(folder.glob("*_trade.zip"))
    request = FileRequest(path=paths[0], name="ibm")
    (ticks,) = import_all(paths, request, now_ns=1, code_version="t")
    assert isinstance(ticks, ImportedTicks)
    store = DatasetStore(home)
    store.save(ticks)
    asks = Aggregate(name="bars", **asked)  # type: ignore[arg-type]
    made = aggregate(store.open("ibm"), asks, now_ns=1, code_version="t")
    store.save(made.imported)
    return store.open("bars").columns()


def lines() -> list[tuple[int, int, int]]:
    """Return time, price in units of 0.0001, and shares of every trade, read by nothing of FKS."""
    found = []
    for day in ("20131007", "20131008"):
        zone = ZoneInfo("America/New_York")
        midnight = int(datetime.strptime(day, "%Y%m%d").replace(tzinfo=zone).timestamp())
        path = real(f"lean/equity/usa/tick/ibm/{day}_trade.zip")
        with zipfile.ZipFile(path) as archive:
            text = archive.read(archive.namelist()[0]).decode()
        for line in text.splitlines():
            ms, price, shares = line.split(",")[:3]
            found.append((midnight * SECOND_NS + int(ms) * 1_000_000, int(price), int(shares)))
    return found


def told(runs: list[list[tuple[int, int, int]]]) -> list[tuple[int, ...]]:
    """Return open, high, low, close and volume of runs of trades."""
    return [
        (
            run[0][1],
            max(one[1] for one in run),
            min(one[1] for one in run),
            run[-1][1],
            sum(one[2] for one in run),
        )
        for run in runs
    ]


def rows(found: BarColumns) -> list[tuple[int, ...]]:
    """Return bars in the units of the file."""
    scale = int(found.tick_size * 10_000)
    prices = (found.open_ticks, found.high_ticks, found.low_ticks, found.close_ticks)
    columns = [*(one * scale for one in prices), found.volume.astype(np.int64)]
    return [tuple(int(one) for one in row) for row in zip(*columns, strict=True)]


def test_seconds_of_real_trades_are_those_of_a_plain_loop(tmp_path: Path) -> None:
    """Lost: a trade between the vendor's file and the chart."""
    seconds: dict[int, list[tuple[int, int, int]]] = {}
    for one in lines():
        seconds.setdefault(one[0] // SECOND_NS * SECOND_NS, []).append(one)
    found = bars(tmp_path, every="1s")
    assert found.ts_ns.tolist() == list(seconds)
    assert rows(found) == told(list(seconds.values()))
    assert len(found) == 14_361


def test_bars_of_a_thousand_real_trades_are_those_of_a_plain_loop(tmp_path: Path) -> None:
    """Lost: a bar that begins a trade too late, on two days of trading."""
    trades = lines()
    runs = [trades[k : k + 1000] for k in range(0, len(trades) - 999, 1000)]
    found = bars(tmp_path, trades=1000)
    assert rows(found) == told(runs)
    assert found.ts_ns.tolist() == [run[0][0] for run in runs]


def test_the_vendors_own_seconds_are_all_there(tmp_path: Path) -> None:
    """Lost: a zone or a day that is off. Their bars hold trades that their ticks do not."""
    path = real("lean/equity/usa/second/ibm/20131007_trade.zip")
    (made,) = import_all([path], FileRequest(path=path, name="s"), now_ns=1, code_version="t")
    assert not isinstance(made, ImportedTicks)
    theirs, ours = made.cleaned.kept, bars(tmp_path, every="1s")
    _, mine, other = np.intersect1d(ours.ts_ns, theirs.ts_ns, return_indices=True)
    assert len(other) == len(theirs.ts_ns) == 5_123
    assert int((np.abs(ours.close[mine] - theirs.close[other]) < 1e-9).sum()) == 4_694
    assert int((ours.volume[mine] == theirs.volume[other]).sum()) == 4_201
