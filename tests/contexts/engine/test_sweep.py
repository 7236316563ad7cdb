"""A sweep is many backtests: the same results, and every combination that makes sense."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contexts.engine import kit

from fks.cli import program
from fks.contexts.engine.domain.grid import expand_grid, valid_params
from fks.contexts.engine.domain.parameters import decode_params
from fks.contexts.engine.domain.sweep import sweep
from fks.contracts.columns import BarColumns
from fks.kernel.errors import Invalid


@pytest.mark.parametrize("name", sorted(kit.PARAMS))
@settings(max_examples=25, deadline=None)
@given(data=st.data(), bars=kit.bars(), fields=kit.REQUESTS)
def test_every_row_of_a_sweep_is_the_backtest_of_its_parameters(
    name: str, data: st.DataObject, bars: BarColumns, fields: dict[str, Any]
) -> None:
    """Sharing indicators between runs must not share anything else."""
    sets = data.draw(st.lists(kit.PARAMS[name], min_size=1, max_size=4))
    plan = kit.make_plan(name, bars, sets[0], **fields)
    grid = [decode_params(plan.kind, params) for params in sets]
    rows = sweep(plan, grid, kit.backtester().desks, kit.backtester().pipelines)
    for params, row in zip(sets, rows, strict=True):
        alone = kit.driven(kit.make_plan(name, bars, params, **fields))
        assert row.final_equity == alone["equity"][-1] / 1e9
        assert (row.fills, row.orders) == (len(alone["fills"]["id"]), len(alone["orders"]["id"]))


def test_lists_and_ranges_make_every_combination() -> None:
    """A missing corner of the grid would be the best one."""
    grid = expand_grid({"fast": "5,10", "slow": "20:30:5", "threshold_ticks": "0:0.2:0.1"})
    assert len(grid) == 2 * 3 * 3
    assert grid[0] == {"fast": "5", "slow": "20", "threshold_ticks": "0.0"}
    assert grid[-1] == {"fast": "10", "slow": "30", "threshold_ticks": "0.2"}


@pytest.mark.parametrize("text", ["1:2", "1:2:0", "2:1:1", "a:b:c", "1:nan:1", "0:1:0.0000001"])
def test_a_range_that_is_none_is_refused(text: str) -> None:
    """An empty or endless sweep must not start."""
    with pytest.raises(Invalid, match=r"write a range as|combinations"):
        expand_grid({"fast": text})


def test_combinations_that_make_no_sense_are_left_out() -> None:
    """Half of a square of two periods has the fast one slower than the slow one."""
    kind = kit.backtester().catalog.get("sma_cross")
    valid = valid_params(kind, expand_grid({"fast": "5,40", "slow": "30"}))
    assert valid == [{"fast": "5", "slow": "30"}]
    with pytest.raises(Invalid, match="must be less than"):
        valid_params(kind, expand_grid({"fast": "50", "slow": "30"}))
    with pytest.raises(Invalid, match="has no parameter"):
        valid_params(kind, expand_grid({"fsat": "1"}))


def test_the_command_ranks_combinations(tmp_path: Path) -> None:
    """The one line a person types to see whether a parameter matters."""
    arguments = ["--home", str(tmp_path), "backtest", "sweep", "sma_cross"]
    arguments += ["--dataset", "sp500_daily", "-p", "fast=5:20:5", "-p", "slow=30,60", "--top", "3"]
    found = json.loads(CliRunner().invoke(program, [*arguments, "--json"]).stdout)
    assert found["combinations"] == 8
    equities = [row["final_equity"] for row in found["best"]]
    assert equities == sorted(equities, reverse=True)
    assert [row["metrics"]["final_equity"] for row in found["best"]] == equities
    table = CliRunner().invoke(program, arguments).stdout
    assert "the best of 8 combinations" in table
