"""The workload whose answer is known to the cent, in every tier and both fill rules."""

from __future__ import annotations

import hashlib

import pytest
from tests.contexts.engine import kit

from fks.contexts.engine.domain import _limit, workload
from fks.contexts.engine.domain.backtest import Material, Plan, prepare
from fks.contexts.engine.domain.strategies.sma_cross import SmaCross
from fks.contracts.engine import BacktestRequest
from fks.contracts.execution import CostModel
from fks.contracts.values import FillRule

MILLION = workload.generate(1_000_000)


def _plan(tier: str, rule: FillRule, bars: int = 1_000_000, *, compiled: bool = True) -> Plan:
    request = BacktestRequest(
        strategy="sma_cross",
        dataset="workload",
        quantity=workload.QUANTITY,
        cash=workload.CASH,
        costs=CostModel(fee_bps=10.0),
        fill_rule=rule,
        tier=tier,
        compiled=compiled,
    )
    material = Material(
        name="workload",
        hash="",
        synthetic=True,
        instrument=workload.INSTRUMENT,
        bars=MILLION[:bars],
    )
    return prepare(request, SmaCross, material)


def test_the_generator_is_the_one_everybody_compares_with() -> None:
    """Other bars would make every figure of the benchmark incomparable."""
    digest = hashlib.blake2b(digest_size=16)
    for column in (MILLION.ts_ns, MILLION.open_ticks, MILLION.high_ticks, MILLION.low_ticks):
        digest.update(column.tobytes())
    digest.update(MILLION.close_ticks.tobytes() + MILLION.volume.tobytes())
    assert digest.hexdigest() == "a3e835e217834846cb4d6fa5a541fa85"


@pytest.mark.parametrize("rule", list(FillRule))
@pytest.mark.parametrize("tier", ["batch", "trigger", "bar"])
def test_a_million_bars_give_the_known_equity_and_fills(tier: str, rule: FillRule) -> None:
    """If speed is ever bought with a wrong cent, this is where it shows."""
    found = kit.driven(_plan(tier, rule))
    equity, fills = workload.KNOWN[rule.value]
    assert round(found["equity"][-1] / 1e9, 2) == equity
    assert len(found["fills"]["id"]) == fills


@pytest.mark.parametrize("rule", list(FillRule))
def test_the_references_of_the_benchmark_give_it_too(rule: FillRule) -> None:
    """A reference that computes something else is no reference."""
    w, same_close = workload, rule is FillRule.SAME_CLOSE
    opens, closes = MILLION.open, MILLION.close
    fused = _limit.sma_cross(
        opens, closes, w.FAST, w.SLOW, w.CASH, w.QUANTITY, w.FEE, w.THRESHOLD, same_close
    )
    assert (round(fused[0], 2), fused[1]) == w.KNOWN[rule.value]
    bare = w.bare_loop(opens.tolist(), closes.tolist(), same_close=same_close)
    assert (round(bare[0], 2), bare[1]) == w.KNOWN[rule.value]


def test_the_plain_python_desk_agrees_over_ten_thousand_bars() -> None:
    """The twin is the specification; the million would take it too long."""
    for rule in FillRule:
        assert kit.driven(_plan("batch", rule, 10_000, compiled=False)) == kit.driven(
            _plan("batch", rule, 10_000)
        )
