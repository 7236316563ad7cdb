"""The others of `fks bench data`: polars, arcticdb, duckdb, pyarrow, numba; one thread each.

None of them is needed; each is imported when it is asked for, and left out where it is not
installed. They answer with what FKS answers, so that a test can compare the results.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

__all__ = [
    "installed",
    "joiners",
    "library",
    "opened_arctic",
    "parsers",
    "resamplers",
    "single_thread",
]

Run = Callable[[], Any]
Columns = Mapping[str, Any]


def installed(name: str) -> bool:
    """Tell whether a library can be imported."""
    return importlib.util.find_spec(name) is not None


def library(name: str) -> Any:
    """Return a library; whoever asks has looked whether it is installed."""
    return importlib.import_module(name)


def single_thread() -> None:
    """Give every library one thread; polars reads this when it is first imported."""
    import pyarrow as pa

    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)


def _duck() -> Any:
    """Return a connection of one thread."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    return connection


def parsers(path: Path) -> dict[str, Run]:
    """Return what reads a CSV of klines into columns, without any check."""
    import pyarrow.csv as pc

    duck = _duck()
    found: dict[str, Run] = {
        "pyarrow": lambda: pc.read_csv(path, read_options=pc.ReadOptions(use_threads=False)),
        "duckdb": lambda: duck.read_csv(str(path)).to_arrow_table(),
    }
    if installed("polars"):
        found["polars"] = lambda: library("polars").read_csv(path)
    return found


def resamplers(columns: Columns, step_ns: int) -> dict[str, Run]:
    """Return what makes bars of a step; each answers with the closes."""
    import pyarrow as pa

    duck = _duck()
    table = pa.table(dict(columns))
    duck.register("bars", table)
    query = (
        "SELECT ts_ns // $step AS slot, first(open ORDER BY ts_ns) AS open, max(high) AS high, "
        "min(low) AS low, last(close ORDER BY ts_ns) AS close, sum(volume) AS volume "
        "FROM bars GROUP BY slot ORDER BY slot"
    )
    found: dict[str, Run] = {
        "numpy": lambda: _reduced(columns, step_ns),
        "duckdb": lambda: (
            duck.sql(query, params={"step": step_ns}).to_arrow_table()["close"].to_numpy()
        ),
    }
    if installed("polars"):
        pl = library("polars")
        frame = pl.DataFrame(dict(columns)).set_sorted("ts_ns")
        made = (
            frame.lazy()
            .group_by_dynamic("ts_ns", every=f"{step_ns}i")
            .agg(
                pl.col("open").first(),
                pl.col("high").max(),
                pl.col("low").min(),
                pl.col("close").last(),
                pl.col("volume").sum(),
            )
        )
        found["polars"] = lambda: made.collect()["close"].to_numpy()
    if installed("numba"):
        bars = [columns[name] for name in ("ts_ns", "open", "high", "low", "close", "volume")]
        looped = library("numba").njit(_looped_hours)
        found["numba"] = lambda: looped(*bars, step_ns)
    return found


def _reduced(columns: Columns, step_ns: int) -> Any:
    """Resample by numpy's reductions over the edges of the steps."""
    steps = columns["ts_ns"] // step_ns
    edges = np.flatnonzero(np.concatenate(([True], steps[1:] != steps[:-1])))
    ends = np.append(edges[1:], len(steps)) - 1
    made = (
        columns["open"][edges],
        np.maximum.reduceat(columns["high"], edges),
        np.minimum.reduceat(columns["low"], edges),
        columns["close"][ends],
        np.add.reduceat(columns["volume"], edges),
    )
    return made[3]


def _looped_hours(
    ts_ns: Any, opened: Any, high: Any, low: Any, close: Any, volume: Any, step_ns: int
) -> Any:
    """Resample in one plain loop over floats: compiled by numba, the least that anybody can do."""
    made = np.empty((5, (ts_ns[-1] - ts_ns[0]) // step_ns + 2))
    k, end = -1, ts_ns[0]
    for i in range(len(ts_ns)):
        if ts_ns[i] >= end:
            k += 1
            end = ts_ns[i] - ts_ns[i] % step_ns + step_ns
            made[0, k], made[1, k], made[2, k], made[4, k] = opened[i], high[i], low[i], 0.0
        if high[i] > made[1, k]:
            made[1, k] = high[i]
        if low[i] < made[2, k]:
            made[2, k] = low[i]
        made[3, k] = close[i]
        made[4, k] += volume[i]
    return made[3, : k + 1]


def _looped_join(left: Any, right: Any) -> Any:
    """Join in one plain loop, compiled by numba."""
    found = np.empty(len(left), dtype=np.int64)
    j = 0
    for i in range(len(left)):
        while j < len(right) and right[j] <= left[i]:
            j += 1
        found[i] = j - 1
    return found


def joiners(left: Any, right: Any) -> dict[str, Run]:
    """Return what joins two sides of times backward; each answers with the matched times."""
    import pyarrow as pa

    duck = _duck()
    duck.register("a", pa.table({"t": left}))
    duck.register("b", pa.table({"t": right}))
    query = "SELECT b.t AS u FROM a ASOF LEFT JOIN b ON a.t >= b.t ORDER BY a.t"

    def search() -> Any:
        """Search each time among the others."""
        return np.searchsorted(right, left, "right") - 1

    found: dict[str, Run] = {
        "numpy": search,
        "duckdb": lambda: duck.sql(query).to_arrow_table(),
    }
    if installed("polars"):
        pl = library("polars")
        sides = [
            pl.DataFrame({"t": side, name: side}).set_sorted("t")
            for side, name in ((left, "l"), (right, "r"))
        ]
        found["polars"] = lambda: sides[0].join_asof(sides[1], on="t")
    if installed("numba"):
        looped = library("numba").njit(_looped_join)
        found["numba"] = lambda: looped(left, right)
    return found


def opened_arctic(folder: Path) -> Any:
    """Return a library of arcticdb in a folder."""
    return (
        library("arcticdb")
        .Arctic(f"lmdb://{folder}?map_size=8GB")
        .get_library("bench", create_if_missing=True)
    )
