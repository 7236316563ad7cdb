"""`fks bench backtest`: every tier against what it could cost at least, measured side by side.

Each round runs all contestants once, in turn, so that a machine that slows down slows all of
them; the median of the rounds counts. Nothing is measured before the results are equal, to the
cent and the fill.
"""

from __future__ import annotations

import gc
import importlib
import resource
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from fks.contexts.engine.domain import workload
from fks.contexts.engine.domain.backtest import Material, Plan, execute, make_ride, prepare
from fks.contexts.engine.domain.runner import drive
from fks.contexts.engine.domain.strategies.sma_cross import SmaCross
from fks.contexts.engine.domain.sweep import sweep
from fks.contexts.engine.service.backtester import LocalBacktester
from fks.contracts.columns import BarColumns
from fks.contracts.engine import BacktestRequest
from fks.contracts.execution import CostModel
from fks.contracts.values import FillRule
from fks.kernel.benchmarks import Row
from fks.kernel.commands import command_context
from fks.kernel.errors import FksError

__all__ = ["WrongResult", "run"]

_FULL, _TENTH = 1_000_000, 100_000
_PAIRS = tuple((fast, slow) for fast in range(5, 25) for slow in range(30, 80, 5))


class WrongResult(FksError):
    """A contestant's result differs from the reference, so its speed means nothing."""

    code = "engine.bench_wrong_result"


@dataclass(frozen=True)
class _Field:
    """The contestants' material: bars as columns, and as what the bare loops take."""

    backtester: LocalBacktester
    bars: BarColumns
    limit: Callable[..., tuple[float, int]]
    limit_name: str


def run(quick: bool) -> list[Row]:
    """Return the rows; `quick` uses a tenth of the bars and fewer rounds."""
    backtester = LocalBacktester(Path(), command_context().hook)
    limit, name = _limit()
    size = _TENTH if quick else _FULL
    field = _Field(backtester, workload.generate(size), limit, name)
    rounds = 5 if quick else 9
    _check(field)
    rows = _tiers(field, rounds)
    rows += _scaling(field, rounds)
    rows += _sweep(field, 3 if quick else 5)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    megabytes = peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    rows.append(_row("peak memory of all of this", megabytes, "MiB"))
    return rows


def _limit() -> tuple[Callable[..., tuple[float, int]], str]:
    """Return the fused loop: by numba where it is installed, else our own in C."""
    from fks.contexts.engine.domain import _limit as compiled

    try:
        numba = importlib.import_module("numba")
    except ImportError:
        return compiled.sma_cross, "fused loop in C"
    return numba.njit(_fused), "fused loop by numba"


def _fused(
    opens: Any,
    closes: Any,
    fast: int,
    slow: int,
    cash: float,
    quantity: float,
    fee: float,
    threshold: float,
    same_close: bool,
) -> tuple[float, int]:
    """Do the whole workload in one loop; numba compiles this text of ours as it stands."""
    fills = 0
    fast_sum = slow_sum = 0.0
    want = have = False
    for i in range(len(closes)):
        if not same_close and want != have:
            cash += quantity * opens[i] * ((-1.0 - fee) if want else (1.0 - fee))
            have = want
            fills += 1
        fast_sum += closes[i] - (closes[i - fast] if i >= fast else 0.0)
        slow_sum += closes[i] - (closes[i - slow] if i >= slow else 0.0)
        if i >= slow - 1:
            want = fast_sum / fast - slow_sum / slow > threshold
        if same_close and want != have:
            cash += quantity * closes[i] * ((-1.0 - fee) if want else (1.0 - fee))
            have = want
            fills += 1
    return cash + (quantity if have else 0.0) * closes[-1], fills


def _plan(field: _Field, bars: BarColumns, tier: str, rule: FillRule = FillRule.NEXT_OPEN) -> Plan:
    """Return the workload as a backtest of the public kind, risk checks and records included."""
    request = BacktestRequest(
        strategy=SmaCross.name,
        dataset="workload",
        quantity=workload.QUANTITY,
        cash=workload.CASH,
        costs=CostModel(fee_bps=workload.FEE * 10_000),
        fill_rule=rule,
        tier=tier,
    )
    material = Material(
        name="workload", hash="", synthetic=True, instrument=workload.INSTRUMENT, bars=bars
    )
    return prepare(request, SmaCross, material)


def _backtest(field: _Field, plan: Plan) -> tuple[float, int]:
    """Run a plan through strategy, features, desk and record; return (final equity, fills)."""
    ride = make_ride(plan, field.backtester.desks, field.backtester.pipelines)
    drive(ride, plan.material.bars)
    return ride.desk.equity, ride.desk.fill_count


def _call_limit(field: _Field, opens: Any, closes: Any, rule: FillRule) -> tuple[float, int]:
    """Run the fused loop."""
    w = workload
    same_close = rule is FillRule.SAME_CLOSE
    return field.limit(
        opens, closes, w.FAST, w.SLOW, w.CASH, w.QUANTITY, w.FEE, w.THRESHOLD, same_close
    )


def _check(field: _Field) -> None:
    """Compare every contestant with the known result. Raises `WrongResult` naming the first."""
    opens, closes = field.bars.open, field.bars.close
    for rule in FillRule:
        if len(field.bars) == _FULL:
            expected = workload.KNOWN[rule.value]
        else:
            same_close = rule is FillRule.SAME_CLOSE
            equity, fills = workload.bare_loop(opens, closes, same_close=same_close)
            expected = (equity, fills)
        found = {field.limit_name: _call_limit(field, opens, closes, rule)}
        for tier in ("batch", "trigger", "bar"):
            found[tier] = _backtest(field, _plan(field, field.bars, tier, rule))
        for name, (equity, fills) in found.items():
            if not _same((equity, fills), expected):
                raise WrongResult(
                    f"{name}, {rule.value}: {equity:.2f} and {fills} fills, not "
                    f"{expected[0]:.2f} and {expected[1]}"
                )


def _same(left: tuple[float, int], right: tuple[float, int]) -> bool:
    """Tell whether two results are equal to the cent and the fill."""
    return abs(left[0] - right[0]) < 0.006 and left[1] == right[1]


def _interleaved(contestants: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Return each contestant's median seconds over rounds in which each runs once."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            gc.collect()
            gc.disable()
            begun = time.perf_counter()
            contestant()
            times[name].append(time.perf_counter() - begun)
            gc.enable()
    return {name: median(taken) for name, taken in times.items()}


def _tiers(field: _Field, rounds: int) -> list[Row]:
    """Compare the tiers with the fused loop, and plain Python with a plain Python loop."""
    opens, closes = field.bars.open, field.bars.close
    listed = opens.tolist(), closes.tolist()
    columns = _fresh(field.bars)
    contestants: dict[str, Callable[[], Any]] = {
        "limit": partial(_call_limit, field, opens, closes, FillRule.NEXT_OPEN),
        "loop": partial(workload.bare_loop, *listed),
    }
    for tier in ("batch", "trigger", "bar"):
        contestants[tier] = partial(_backtest, field, _plan(field, columns, tier))
    whole = _plan(field, columns, "batch")
    contestants["whole"] = partial(
        execute, whole, field.backtester.desks, field.backtester.pipelines
    )
    taken = _interleaved(contestants, rounds)
    bars = len(field.bars)
    rates = {name: bars / seconds / 1e6 for name, seconds in taken.items()}
    unit = "M bars/s"
    return [
        _row(field.limit_name, rates["limit"], unit),
        _row("bare Python loop", rates["loop"], unit),
        _row("columns (on_batch)", rates["batch"], unit, rates["limit"], 0.30),
        _row("triggers (on_trigger)", rates["trigger"], unit, rates["limit"], 0.15),
        _row("plain Python (on_bar)", rates["bar"], unit, rates["loop"], 1.1),
        _row("columns with all statistics", rates["whole"], unit, rates["limit"]),
    ]


def _fresh(bars: BarColumns) -> BarColumns:
    """Return the same bars without cached prices: a run starts from ticks, as from a dataset."""
    return BarColumns(
        ts_ns=bars.ts_ns,
        open_ticks=bars.open_ticks,
        high_ticks=bars.high_ticks,
        low_ticks=bars.low_ticks,
        close_ticks=bars.close_ticks,
        volume=bars.volume,
        tick_size=bars.tick_size,
    )


def _scaling(field: _Field, rounds: int) -> list[Row]:
    """Compare the rate over all bars with that over a tenth of them."""
    columns = _fresh(field.bars)
    part = len(columns) // 10
    # Ten runs over a tenth each, together over the same bars: what differs is the length alone,
    # not which bars happen to lie in the processor's caches.
    short = [
        _plan(field, columns[begin : begin + part], "batch") for begin in range(0, 10 * part, part)
    ]

    def ten() -> None:
        for plan in short:
            _backtest(field, plan)

    taken = _interleaved(
        {"all": partial(_backtest, field, _plan(field, columns, "batch")), "tenth": ten}, rounds
    )
    bars = len(field.bars)
    rates = {name: bars / seconds / 1e6 for name, seconds in taken.items()}
    name = f"columns, {bars:,} bars against {bars // 10:,}"
    return [_row(name, rates["all"], "M bars/s", rates["tenth"], 0.9)]


def _sweep(field: _Field, rounds: int) -> list[Row]:
    """Compare 200 pairs of averages over 100,000 bars with as many fused loops."""
    bars = _fresh(field.bars[:_TENTH])
    opens, closes = bars.open, bars.close
    w = workload
    plan = _plan(field, _fresh(bars), "batch")
    grid = [msgspec.structs.replace(plan.params, fast=fast, slow=slow) for fast, slow in _PAIRS]

    def fused() -> list[tuple[float, int]]:
        return [
            field.limit(opens, closes, fast, slow, w.CASH, w.QUANTITY, w.FEE, w.THRESHOLD, False)
            for fast, slow in _PAIRS
        ]

    def ours() -> list[tuple[float, int]]:
        swept = sweep(plan, grid, field.backtester.desks, field.backtester.pipelines)
        return [(row.final_equity, row.fills) for row in swept]

    for pair, limit, found in zip(_PAIRS, fused(), ours(), strict=True):
        if not _same(limit, found):
            raise WrongResult(f"sweep {pair}: {found}, not {limit}")
    taken = _interleaved({"limit": fused, "ours": ours}, rounds)
    done = len(bars) * len(_PAIRS)
    rates = {name: done / seconds / 1e6 for name, seconds in taken.items()}
    name = f"sweep of {len(_PAIRS)} pairs over {len(bars):,} bars"
    return [_row(name, rates["ours"], "M bars/s", rates["limit"], 0.5)]


def _row(
    name: str,
    value: float,
    unit: str,
    reference: float | None = None,
    goal: float | None = None,
) -> Row:
    """Return one row; more is better in all that have a reference."""
    ratio = None if reference is None else value / reference
    met = None if ratio is None or goal is None else ratio >= goal
    return Row(
        name=name, value=value, unit=unit, reference=reference, ratio=ratio, goal=goal, met=met
    )
