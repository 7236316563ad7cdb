"""`import fks`: backtests in a script, by the same objects as everywhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import fks
from fks.contracts.execution import StrategyDesk
from fks.kernel.errors import Invalid, NotFound


class AlwaysLong(fks.Strategy):
    """Buys at the first bar."""

    name = "always_long"
    summary = "Long, always"

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Aim at the configured quantity."""
        desk.long()


def test_a_registered_strategy_runs_over_a_sample(tmp_path: Path) -> None:
    """Lost: the first line a library user writes would not work."""
    done = fks.backtest(
        "sma_cross", "sp500_daily", params={"fast": 10, "slow": 30}, home=tmp_path, cash=50_000
    )
    assert done.run.bars == len(fks.load("sp500_daily", home=tmp_path).columns()) > 5000
    assert done.run.fills == len(done.fills) > 0
    assert done.run.request.cash == 50_000


def test_a_class_runs_over_bars_without_being_registered(tmp_path: Path) -> None:
    """Lost: a notebook would need a package before its first idea can be tried."""
    data = fks.load("nasdaq_daily", home=tmp_path)
    done = fks.backtest(
        AlwaysLong, data.columns(), instrument=data.info.instrument, quantity=2.0, home=tmp_path
    )
    assert [fill.quantity for fill in done.fills] == [2.0]
    assert not any(tmp_path.rglob("runs/*")), "nothing is written before save()"


def test_what_cannot_be_used_is_said_before_anything_runs(tmp_path: Path) -> None:
    """Lost: a misspelt option would silently be left at its default."""
    with pytest.raises(NotFound, match="sma_cross"):
        fks.backtest("sma_kross", "sp500_daily", home=tmp_path)
    with pytest.raises(NotFound, match="sp500_daily"):
        fks.backtest("sma_cross", "sp501", home=tmp_path)
    with pytest.raises(Invalid, match="cahs"):
        fks.backtest("sma_cross", "sp500_daily", cahs=1, home=tmp_path)
    with pytest.raises(Invalid, match="Expected `float`, got `str`"):
        fks.backtest("sma_cross", "sp500_daily", cash="x", home=tmp_path)
    data = fks.load("sp500_daily", home=tmp_path)
    with pytest.raises(Invalid, match="bars and their instrument go together"):
        fks.backtest("sma_cross", data.columns(), home=tmp_path)
