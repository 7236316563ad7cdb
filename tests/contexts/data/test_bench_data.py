"""`fks bench data` in small: its rows, and that all contestants did the same work."""

from __future__ import annotations

import numpy as np
import pytest

from fks.contexts.data.domain.asof import asof_rows
from fks.contexts.data.domain.resampling import resample_by_step
from fks.contexts.data.service import bench_data, bench_peers
from fks.contexts.data.service.bench_data import made_bars, run

HOUR_NS = 3_600 * 10**9


@pytest.mark.parametrize("alone", [False, True])
def test_every_part_is_measured_whoever_is_installed(
    alone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: a benchmark that only runs where its peers are."""
    if alone:
        monkeypatch.setattr(bench_peers, "installed", lambda name: False)
    measured = run(True, rows=20_000)
    names = " ".join(row["name"] for row in measured.rows)
    for part in ("import", "write", "size", "from Parquet", "one column", "to hours", "as-of"):
        assert part in names
    for row in measured.rows:
        assert row["value"] > 0
        assert (row["ratio"] is None) is (row["reference"] is None)
    assert measured.facts["rows"] == 20_000
    if alone:
        assert measured.facts["polars"] == "not installed: left out"


def test_all_who_resample_answer_alike() -> None:
    """Lost: a ratio between two different things."""
    columns = made_bars(5_000)
    bars = bench_data._bar_columns(bench_data._imported(columns))
    ours = resample_by_step(bars, HOUR_NS).columns
    for name, other in bench_peers.resamplers(columns, HOUR_NS).items():
        assert np.allclose(ours.close, other()), name


def test_all_who_join_answer_alike() -> None:
    """Lost: a ratio between two different things."""
    chance = np.random.default_rng(3)
    left, right = (np.sort(chance.integers(0, 10_000, 3_000)) for _ in range(2))
    rows = asof_rows(left, right)
    contestants = bench_peers.joiners(left, right)
    matched = [right[row] if row >= 0 else None for row in rows.tolist()]
    assert np.array_equal(contestants["numpy"](), rows)
    assert contestants["duckdb"]()["u"].to_pylist() == matched
    if "numba" in contestants:
        assert np.array_equal(contestants["numba"](), rows)
    if "polars" in contestants:
        assert contestants["polars"]()["r"].to_list() == matched
