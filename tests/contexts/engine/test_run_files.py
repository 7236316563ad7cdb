"""Run folders: whole or absent, exact, and found by their ids alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.contexts.engine import kit

from fks.contexts.engine.adapters.run_files import RunFiles
from fks.contexts.engine.service.backtester import FinishedRun, LocalBacktester
from fks.contexts.engine.service.results import Results
from fks.contracts.engine import BacktestRequest, RunStatus
from fks.contracts.execution import CostModel
from fks.kernel.errors import Invalid, NotFound, Unavailable

BARS = kit.make_bars(([4] * 12 + [-4] * 11) * 18, 11)


def _run(home: Path, **fields: Any) -> FinishedRun:
    backtester = LocalBacktester(home, kit.backtester()._hook)
    request = BacktestRequest(
        strategy="sma_cross", dataset="", params={"fast": 3, "slow": 8}, **fields
    )
    return backtester.run(request, bars=BARS, instrument=kit.INSTRUMENT)


def test_what_is_saved_is_what_was_computed(tmp_path: Path) -> None:
    """A result that changes on the way to the disk proves nothing."""
    finished = _run(tmp_path, costs=CostModel(fee_bps=2.5, fee_minimum=1.0, slippage_ticks=1))
    files = RunFiles(tmp_path)
    assert finished.save() == tmp_path / "runs" / finished.run.id
    assert files.load(finished.run.id) == finished.run
    assert files.manifest(finished.run.id) == finished.manifest
    results = Results(files)
    traded = results.trades(finished.run.id, 10_000)
    assert traded.fills == finished.fills
    assert traded.trades == finished.trades
    assert len(traded.fills) == finished.run.fills > 10
    series = results.series(finished.run.id, 10_000)
    assert series.equity == tuple(finished.equity.tolist())
    assert series.position == tuple(finished.position.tolist())
    assert results.report(finished.run.id).html == finished.report()


def test_equal_manifests_are_equal_results(tmp_path: Path) -> None:
    """The hash is what a person compares to know that a result was made again."""
    first, again = _run(tmp_path), _run(tmp_path)
    assert first.run.id != again.run.id
    assert first.run.manifest_hash == again.run.manifest_hash
    assert np.array_equal(first.equity, again.equity)
    for fields in ({"seed": 1}, {"cash": 50_000.0}, {"quantity": 2.0}, {"tier": "bar"}):
        assert _run(tmp_path, **fields).run.manifest_hash != first.run.manifest_hash


def test_the_last_trades_are_those_asked_for(tmp_path: Path) -> None:
    """A screen asks for a page; it must be the newest one, with the true totals."""
    finished = _run(tmp_path)
    finished.save()
    page = Results(RunFiles(tmp_path)).trades(finished.run.id, 3)
    assert page.fills == finished.fills[-3:]
    assert page.trades == finished.trades[-3:]
    assert page.total_fills == len(finished.fills)


@pytest.mark.parametrize(
    "run_id", ["", "..", "../../etc/passwd", "A" * 25, "a" * 26, "I" * 26, "A" * 26 + "\x00"]
)
def test_only_ids_name_folders(tmp_path: Path, run_id: str) -> None:
    """A path that comes from a request must not leave the folder of runs."""
    with pytest.raises(NotFound):
        RunFiles(tmp_path).load(run_id)


def test_a_disk_that_refuses_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a run would be shown as a whole one."""
    finished = _run(tmp_path)
    real = os.fsync
    calls = []

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 4:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="No space left on device"):
        finished.save()
    assert list((tmp_path / "runs").iterdir()) == []
    assert RunFiles(tmp_path).ids() == ()


def test_what_a_crash_left_half_written_is_swept_and_never_listed(tmp_path: Path) -> None:
    """A kill in the middle of a write must not show as a run, nor stay for ever."""
    files = RunFiles(tmp_path)
    finished = _run(tmp_path)
    half = files.root / f".writing-{finished.run.id}"
    half.mkdir(parents=True)
    (half / "run.json").write_text("{")
    assert files.ids() == ()
    files.sweep()
    assert list(files.root.iterdir()) == []


def test_only_the_newest_runs_are_kept(tmp_path: Path) -> None:
    """Results of a year of experiments must not fill the disk by themselves."""
    saved = [_run(tmp_path) for _ in range(4)]
    for finished in saved:
        finished.save()
    files = RunFiles(tmp_path)
    files.prune(2)
    assert files.ids() == (saved[3].run.id, saved[2].run.id)


def test_comparison_names_what_differs_and_nothing_else(tmp_path: Path) -> None:
    """Two curves mean something only beside what was changed between them."""
    runs = []
    for fields in ({}, {"quantity": 2.0, "params": {"fast": 4, "slow": 8}}):
        backtester = LocalBacktester(tmp_path, kit.backtester()._hook)
        given = {"params": {"fast": 3, "slow": 8}, **fields}
        request = BacktestRequest(strategy="sma_cross", dataset="", **given)
        finished = backtester.run(request, bars=BARS, instrument=kit.INSTRUMENT)
        finished.save()
        runs.append(finished.run)
    compared = Results(RunFiles(tmp_path)).compare(tuple(runs))
    assert compared.differences == {"params.fast": ("3", "4"), "quantity": ("1", "2")}
    assert [series.run_id for series in compared.series] == [run.id for run in runs]
    with pytest.raises(Invalid, match="at least two"):
        Results(RunFiles(tmp_path)).compare(tuple(runs[:1]))


def test_a_run_without_result_says_why_there_is_none(tmp_path: Path) -> None:
    """A failed run has a record; asking for its curve must name its state, not a missing file."""
    finished = _run(tmp_path)
    failed = msgspec.structs.replace(finished.run, status=RunStatus.FAILED, error="no")
    files = RunFiles(tmp_path)
    files.save(failed)
    assert files.load(failed.id).error == "no"
    with pytest.raises(NotFound, match="is failed and has no report"):
        files.report(failed.id)
