"""`fks bench data`: import, write, read, resample and join beside what users would pick instead.

Every contestant gets one thread and the same seeded bars, in turns; the best of the rounds counts.
What FKS runs here is what `fks data import`, the store, `fks data resample` and `fks data join`
run. Libraries that are not installed are left out, and the facts say so.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fks.contexts.data.adapters.calendars import expected_coverage
from fks.contexts.data.domain.asof import asof_rows
from fks.contexts.data.domain.imports import Imported, Wanted, import_table
from fks.contexts.data.domain.resampling import resample_by_step
from fks.contexts.data.domain.table import RawTable
from fks.contexts.data.service import bench_peers as peers
from fks.contexts.data.service.importing import FileRequest, import_file
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.written import write_dataset
from fks.contracts.columns import Int64
from fks.kernel.benchmarks import Measured, Row

__all__ = ["made_bars", "made_klines", "run"]

_QUICK, _WHOLE = 200_000, 10_000_000
_ALL = 1 << 40  # bytes that columns in use may take: no bound
_HOUR_NS, _MINUTE_NS = 3_600_000_000_000, 60_000_000_000
_START_NS = 1_577_836_800_000_000_000
# The same work as measured beside one another, in seconds: what the goals were set against.
_ARCTIC_READ_S, _POLARS_READ_S = 0.39, 0.30
_LIMIT_RESAMPLE_S, _POLARS_RESAMPLE_S = 0.055, 0.153
_LIMIT_JOIN_S, _POLARS_JOIN_S = 0.0023, 0.0035

Columns = Mapping[str, Any]
Run = Callable[[], Any]


class _Rounds(NamedTuple):
    """The shortest time of each contestant in seconds."""

    best_s: dict[str, float]

    @property
    def ours_s(self) -> float:
        """Return the time of FKS."""
        return self.best_s["fks"]

    def fastest(self) -> tuple[str, float]:
        """Return the fastest of the others."""
        others = {name: taken for name, taken in self.best_s.items() if name != "fks"}
        name = min(others, key=others.__getitem__)
        return name, others[name]


def run(quick: bool, rows: int = 0) -> Measured:
    """Return the rows; `rows` bars instead of 10,000,000 (200,000 when quick)."""
    peers.single_thread()
    count = rows or (_QUICK if quick else _WHOLE)
    rounds = 2 if quick else 4
    columns = made_bars(count)
    with tempfile.TemporaryDirectory(prefix="fks-bench-") as folder:
        home = Path(folder)
        klines = min(count, count // 10 + 100_000)
        facts: dict[str, str | int | float] = {"rows": count, "klines": klines}
        for name in ("polars", "arcticdb", "numba"):
            facts[name] = "present" if peers.installed(name) else "not installed: left out"
        found = _imports(home, made_klines(columns, klines), rounds)
        imported = _imported(columns)
        found += _writes(home, imported, columns, rounds)
        found += _reads(home, imported, columns, rounds)
        found += _resamples(imported, columns, rounds)
        found += _joins(count, rounds)
    return Measured(found, facts)


def made_bars(count: int, seed: int = 42) -> Columns:
    """Return seeded minutes: `ts_ns` int64 UTC, prices in cents and volumes as float64."""
    chance = np.random.default_rng(seed)
    close = np.round(30_000.0 * np.exp(np.cumsum(chance.normal(0, 5e-4, count))), 2)
    opened = np.concatenate(([30_000.0], close[:-1]))
    opened = np.round(opened * (1 + chance.normal(0, 5e-5, count)), 2)
    spread = np.abs(chance.normal(0, 2e-4, (2, count)))
    return {
        "ts_ns": _START_NS + np.arange(count, dtype=np.int64) * _MINUTE_NS,
        "open": opened,
        "high": np.round(np.maximum(opened, close) * (1 + spread[0]), 2),
        "low": np.round(np.minimum(opened, close) * (1 - spread[1]), 2),
        "close": close,
        "volume": np.round(chance.lognormal(2, 1, count), 4) + 100.0,
    }


def made_klines(columns: Columns, count: int) -> bytes:
    """Return the first bars as a CSV of Binance's twelve columns of klines."""
    import pyarrow as pa
    import pyarrow.csv as pc

    cut = {name: values[:count] for name, values in columns.items()}
    opens_ms = cut["ts_ns"] // 1_000_000
    prices = {name: cut[name] for name in ("open", "high", "low", "close", "volume")}
    quoted = np.round(cut["volume"] * cut["close"], 4)
    whole = {
        "open_time": opens_ms,
        **prices,
        "close_time": opens_ms + 59_999,
        "quote_volume": quoted,
        "count": np.arange(count, dtype=np.int64) % 997,
        "taker_buy_volume": np.round(cut["volume"] / 2, 4),
        "taker_buy_quote_volume": np.round(quoted / 2, 4),
        "ignore": np.zeros(count, dtype=np.int64),
    }
    sink = pa.BufferOutputStream()
    pc.write_csv(pa.table(whole), sink, pc.WriteOptions(quoting_style="none"))
    return bytes(sink.getvalue())


def _imports(home: Path, content: bytes, rounds: int) -> list[Row]:
    """Compare an import with all checks with reading the file without any."""
    path = home / "BTCUSDT-1m-2020-01.csv"
    path.write_bytes(content)
    request = FileRequest(path=path, form="binance")
    ours = {"fks": lambda: import_file(request, now_ns=1, code_version="bench")}
    done = _in_turns(ours | peers.parsers(path), rounds)
    name, fastest_s = done.fastest()
    size = f"{len(content) / 1e6:.0f} MB of klines"
    return [_row(f"import {size} with all checks, beside {name}'s parse", done, fastest_s, 1.08)]


def _imported(columns: Columns) -> Imported:
    """Return the bars as an import holds them."""
    count = len(columns["ts_ns"])
    table = RawTable(np.arange(1, count + 1, dtype=np.int64), *columns.values())
    wanted = Wanted(symbol="BTCUSDT", name="bench", timeframe="1m")
    return import_table(table, wanted, expected_coverage)


def _writes(home: Path, imported: Imported, columns: Columns, rounds: int) -> list[Row]:
    """Compare files of a dataset with a Parquet file of polars; ours are hashed, not synced."""
    folder, other = home / "written", home / "polars.parquet"

    def ours() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        write_dataset(imported, folder)

    contestants: dict[str, Run] = {"fks": ours}
    if peers.installed("polars"):
        frame = peers.library("polars").DataFrame(dict(columns))
        contestants["polars"] = lambda: frame.write_parquet(other, compression="lz4")
    done = _in_turns(contestants, rounds)
    size = sum(path.stat().st_size for path in folder.iterdir())
    if "polars" not in done.best_s:
        return [_row("write a dataset", done, None, None), _size(size, None)]
    return [
        _row("write a dataset with its hashes, beside polars", done, done.best_s["polars"], 1.05),
        _size(size, other.stat().st_size),
    ]


def _size(ours: int, other: int | None) -> Row:
    """Return the row of the size on disk."""
    ratio = None if other is None else other / ours
    return Row(
        name="size on disk",
        value=ours / 1e6,
        unit="MB",
        reference=None if other is None else other / 1e6,
        ratio=ratio,
        goal=None if ratio is None else 1.25,
        met=None if ratio is None else ratio >= 1.25,
    )


def _reads(home: Path, imported: Imported, columns: Columns, rounds: int) -> list[Row]:
    """Compare opening a dataset: from its Parquet file, and again as one that is opened often."""
    info = DatasetStore(home).save(imported)
    others, scale = _readers(home, columns)

    def opened(hot_bytes: int) -> Any:
        return DatasetStore(home, hot_bytes=hot_bytes).open(info.hash).columns()

    for _ in range(2):  # the second time its columns are kept
        opened(_ALL)
    ours: dict[str, Run] = {
        "cold": lambda: opened(0),
        "again": lambda: _touched(opened(_ALL)),
        "column": lambda: int(opened(_ALL).close_ticks.sum()),
    }
    best_s = _in_turns(ours | others, rounds).best_s
    cold, again, column = (_Rounds({"fks": best_s[name]}) for name in ours)
    beside = next(iter(others), "nobody")
    other_s, goal = best_s.get(beside), 0.95 * scale
    return [
        _row(f"open a dataset from Parquet, beside a read of {beside}", cold, other_s, goal),
        _row(f"open it again, every page looked at, beside {beside}", again, other_s, goal),
        _row(
            f"open it again for one column, its sum, beside {beside}", column, other_s, scale / 20
        ),
    ]


def _readers(home: Path, columns: Columns) -> tuple[dict[str, Run], float]:
    """Return who else reads, arcticdb where it is there; and what its goals are worth of them."""
    if peers.installed("arcticdb"):
        library = peers.opened_arctic(home / "arctic")
        library.write("bars", peers.library("pandas").DataFrame(dict(columns)))
        return {"arcticdb": lambda: library.read("bars").data}, 1.0
    if peers.installed("polars"):
        path = home / "polars.parquet"
        read = {"polars": lambda: peers.library("polars").read_parquet(path)}
        return read, _ARCTIC_READ_S / _POLARS_READ_S
    return {}, 1.0


def _touched(columns: Any) -> int:
    """Look at every page of all columns: what is only mapped was not read."""
    names = ("ts_ns", "open_ticks", "high_ticks", "low_ticks", "close_ticks")
    whole = sum(int(getattr(columns, name)[::512].sum()) for name in names)
    return whole + int(columns.volume[::512].sum())


def _resamples(imported: Imported, columns: Columns, rounds: int) -> list[Row]:
    """Compare minutes made into hours."""
    bars = _bar_columns(imported)
    ours = {"fks": lambda: resample_by_step(bars, _HOUR_NS)}
    done = _in_turns(ours | peers.resamplers(columns, _HOUR_NS), rounds)
    name, goal = _measure_of(done, 1.4, _LIMIT_RESAMPLE_S / _POLARS_RESAMPLE_S)
    rest = [
        _row(f"minutes to hours, beside {other}", done, taken_s, None)
        for other, taken_s in sorted(done.best_s.items())
        if other not in ("fks", name)
    ]
    return [_row(f"minutes to hours, beside {name}", done, done.best_s[name], goal), *rest]


def _measure_of(done: _Rounds, most: float, of_polars: float) -> tuple[str, float | None]:
    """Return whom to measure by, and the most that may be taken of its time.

    That is the compiled loop; where numba is not installed polars, of whose time the loop takes
    the share `of_polars`; else the fastest, without a goal.
    """
    if "numba" in done.best_s:
        return "numba", most
    if "polars" in done.best_s:
        return "polars", most * of_polars
    return done.fastest()[0], None


def _joins(count: int, rounds: int) -> list[Row]:
    """Compare an as-of join of minutes with minutes, and of times at random."""
    size = max(1_000, min(1_000_000, count // 10))
    chance = np.random.default_rng(1)
    regular = np.arange(size, dtype=np.int64) * _MINUTE_NS
    sides = {
        "minutes with minutes": (regular, regular + 7_000_000_000),
        "at random": tuple(np.sort(chance.integers(0, 10**15, size)) for _ in range(2)),
    }
    found = []
    for what, (left, right) in sides.items():
        done = _in_turns(_joiners(left, right), rounds * 3)
        name, goal = _measure_of(done, 1.5, _LIMIT_JOIN_S / _POLARS_JOIN_S)
        title = f"as-of join of {size:,}, {what}, beside"
        found += [
            _row(f"{title} {other}", done, taken_s, goal if other == name else None)
            for other, taken_s in sorted(done.best_s.items(), key=lambda one: one[0] != name)
            if other != "fks"
        ]
    return found


def _joiners(left: Int64, right: Int64) -> dict[str, Run]:
    """Return all who join."""
    return {"fks": lambda: asof_rows(left, right)} | peers.joiners(left, right)


def _bar_columns(imported: Imported) -> Any:
    """Return the bars as whole ticks."""
    from fks.contexts.data.domain.imports import columns_of

    return columns_of(imported.cleaned.kept, imported.info.instrument)


def _in_turns(contestants: Mapping[str, Run], rounds: int) -> _Rounds:
    """Run all contestants in turns and return the shortest time of each."""
    best = dict.fromkeys(contestants, float("inf"))
    for _ in range(rounds):
        for name, contestant in contestants.items():
            begun = time.perf_counter()
            contestant()
            best[name] = min(best[name], time.perf_counter() - begun)
    return _Rounds(best)


def _row(name: str, done: _Rounds, other_s: float | None, most: float | None) -> Row:
    """Return a row of times; `most` times the other's time is the goal."""
    ratio = None if other_s is None else other_s / done.ours_s
    goal = None if most is None or ratio is None else round(1 / most, 3)
    return Row(
        name=name,
        value=done.ours_s,
        unit="s",
        reference=other_s,
        ratio=ratio,
        goal=goal,
        met=None if goal is None or ratio is None else ratio >= goal,
    )
