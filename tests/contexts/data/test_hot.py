"""Columns of datasets that are opened often: a copy that nothing depends on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fks.contexts.data.service.bench_data import _imported, made_bars
from fks.contexts.data.service.vault import seal_range
from fks.contexts.data.store import DatasetStore, hot
from fks.contracts.columns import BarColumns
from fks.contracts.data import DatasetInfo
from fks.kernel.errors import Denied

ROWS = 5_000
NAMES = ("ts_ns", "open_ticks", "high_ticks", "low_ticks", "close_ticks", "volume")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small datasets be hot."""
    monkeypatch.setattr(hot, "_LEAST_ROWS", 1)


def stored(home: Path, seed: int = 42) -> DatasetInfo:
    """Store seeded minutes."""
    return DatasetStore(home).save(_imported(made_bars(ROWS, seed)))


def opened(home: Path, of: DatasetInfo, hot_bytes: int = 1 << 30) -> BarColumns:
    """Open a version as another process would."""
    return DatasetStore(home, hot_bytes=hot_bytes).open(of.hash).columns()


def copies(home: Path) -> list[Path]:
    """Return the copies that are there."""
    return sorted((home / "cache" / "hot").glob("*.columns"))


def same(a: BarColumns, b: BarColumns) -> bool:
    """Tell whether all columns are equal."""
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in NAMES)


def test_the_second_opening_keeps_a_copy_and_later_ones_map_it(tmp_path: Path) -> None:
    """Lost: every worker unpacks the same ten million bars."""
    info = stored(tmp_path)
    first = opened(tmp_path, info)
    assert copies(tmp_path) == []
    opened(tmp_path, info)
    assert [path.name for path in copies(tmp_path)] == [f"{info.hash}.columns"]
    (Path(info.path) / "bars.parquet").rename(tmp_path / "away")
    mapped = opened(tmp_path, info)
    assert same(first, mapped)
    assert (mapped.tick_size, mapped.close[-1]) == (first.tick_size, first.close[-1])
    part = DatasetStore(tmp_path).open(info.hash).columns(int(first.ts_ns[7]), int(first.ts_ns[9]))
    assert part.ts_ns.tolist() == first.ts_ns[7:9].tolist()


def test_what_somebody_writes_into_columns_reaches_nobody_else(tmp_path: Path) -> None:
    """Lost: one strategy changes the prices of all others."""
    info = stored(tmp_path)
    first = opened(tmp_path, info)
    opened(tmp_path, info)
    mapped = opened(tmp_path, info)
    mapped.close_ticks[:] = 0
    assert same(first, opened(tmp_path, info))


@pytest.mark.parametrize("damage", ["short", "long", "head", "other", "empty"])
def test_a_damaged_copy_is_no_copy(tmp_path: Path, damage: str) -> None:
    """Lost: prices of nowhere."""
    info, other = stored(tmp_path), stored(tmp_path, seed=7)
    first = opened(tmp_path, info)
    for _ in range(2):
        opened(tmp_path, info), opened(tmp_path, other)
    path = tmp_path / "cache" / "hot" / f"{info.hash}.columns"
    content = path.read_bytes()
    second = path.with_name(f"{other.hash}.columns").read_bytes()
    made = {
        "short": content[:-4096],
        "long": content + b"\0" * 4096,
        "head": b"X" + content[1:],
        "other": second,
        "empty": b"",
    }
    path.write_bytes(made[damage])
    assert same(first, opened(tmp_path, info))


def test_copies_stay_within_their_bound_the_least_used_goes(tmp_path: Path) -> None:
    """Lost: a disk that fills by itself."""
    infos = [stored(tmp_path, seed) for seed in range(3)]
    size = hot._size(ROWS)
    for k, info in enumerate(infos):
        for _ in range(3):
            opened(tmp_path, info, hot_bytes=2 * size)
        for path in copies(tmp_path):
            os.utime(path, ns=(k, k))
    assert len(copies(tmp_path)) == 2
    assert sum(path.stat().st_size for path in copies(tmp_path)) == 2 * size
    assert f"{infos[2].hash}.columns" in {path.name for path in copies(tmp_path)}
    lone = tmp_path / "lone"
    for _ in range(3):
        opened(lone, stored(lone), hot_bytes=0)
    assert copies(lone) == []


def test_a_folder_that_cannot_be_made_costs_time_only(tmp_path: Path) -> None:
    """Lost: a backtest that fails for want of a cache."""
    info = stored(tmp_path)
    (tmp_path / "cache").write_text("in the way")
    first = opened(tmp_path, info)
    assert same(first, opened(tmp_path, info))


def test_sealed_bars_stay_sealed_in_a_copy(tmp_path: Path) -> None:
    """Lost: a way around the vault."""
    info = stored(tmp_path)
    for _ in range(3):
        columns = opened(tmp_path, info)
    seal_range(tmp_path, info.name, int(columns.ts_ns[10]), int(columns.ts_ns[20]), by="me")
    with pytest.raises(Denied):
        opened(tmp_path, info)


def test_many_processes_at_once_make_one_whole_copy(tmp_path: Path) -> None:
    """Lost: a worker maps what another one is still writing."""
    info = stored(tmp_path)
    first = opened(tmp_path, info)
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from fks.contexts.data.store import DatasetStore, hot\n"
        "hot._LEAST_ROWS = 1\n"
        "for _ in range(20):\n"
        "    c = DatasetStore(Path(sys.argv[1])).open(sys.argv[2]).columns()\n"
        "    print(int(c.close_ticks.sum()), int(c.ts_ns.sum()))\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path), info.hash]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) for _ in range(3)
    ]
    said = {line for one in running for line in one.communicate(timeout=60)[0].splitlines()}
    assert [one.returncode for one in running] == [0, 0, 0]
    assert said == {f"{int(first.close_ticks.sum())} {int(first.ts_ns.sum())}"}
    assert not list((tmp_path / "cache" / "hot").glob(".*"))
