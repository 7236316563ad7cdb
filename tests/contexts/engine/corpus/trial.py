"""Run a case by the backtester that commands and servers use, and write down what came of it."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.contexts.engine import kit
from tests.contexts.engine.corpus.case import Case, Market

from fks.app import load_host
from fks.contexts.engine.domain.failures import Cancelled
from fks.contexts.engine.domain.parameters import tiers_of
from fks.contexts.engine.service.backtester import FinishedRun, LocalBacktester
from fks.contracts.columns import BarColumns, FeatureColumns
from fks.contracts.engine import BacktestRequest, RunStatus
from fks.contracts.transformer import FeaturePipeline, IndicatorSpec
from fks.kernel.errors import FksError

__all__ = ["EXPECTED", "case_of", "names", "observe", "paths_of", "text_of"]

HERE = Path(__file__).parent
EXPECTED = HERE / "expected"
COUNTED = ("bars", "signals", "orders", "rejected", "fills")


def names() -> list[str]:
    """Return the names of all cases."""
    return sorted(path.stem for path in (HERE / "strategies").glob("[a-z]*.py"))


def case_of(name: str) -> Case:
    """Return a case by its name."""
    module = importlib.import_module(f"tests.contexts.engine.corpus.strategies.{name}")
    case: Case = module.CASE
    return case


def paths_of(case: Case) -> Iterator[tuple[str, bool]]:
    """Yield the ways in which a case can run: (tier, compiled)."""
    for tier in tiers_of(case.strategy):
        yield tier, True
        yield tier, False


class _Counting:
    """Count what the run reads: bars given to the features, and the values made of them."""

    def __init__(self, pipeline: FeaturePipeline, counter: _Counter) -> None:
        self._pipeline = pipeline
        self._counter = counter
        self.names = pipeline.names
        self.warmup_bars = pipeline.warmup_bars

    def update(self, bars: BarColumns) -> FeatureColumns:
        """Take bars and count them."""
        made = self._pipeline.update(bars)
        self._counter.bars += len(bars)
        self._counter.values += sum(len(column) for column in made.columns)
        return made


class _Counter:
    """The maker of pipelines, whose reading is counted."""

    def __init__(self) -> None:
        self.bars = self.values = 0

    def make(self, specs: Mapping[str, IndicatorSpec], *, compiled: bool = True) -> _Counting:
        """Make a pipeline that counts."""
        return _Counting(kit.backtester().pipelines.make(specs, compiled=compiled), self)


def observe(case: Case, market: Market, tier: str, *, compiled: bool) -> dict[str, Any]:
    """Run a case one way and return its status, figures, hashes and what it read."""
    backtester = LocalBacktester(Path("/nonexistent"), load_host(entry_points=False).hook)
    backtester.pipelines = counter = _Counter()
    request = BacktestRequest(
        strategy=case.strategy.name,
        dataset="given",
        params=case.params,
        tier=tier,
        compiled=compiled,
        **case.request,
    )
    done = 0

    def note(bars: int) -> None:
        nonlocal done
        done = bars

    status, error, figures = RunStatus.DONE, "", {}
    try:
        plan = backtester.plan(request, case.strategy, market.bars, market.instrument)
        finished = backtester.execute(
            plan,
            backtester.new_record(request),
            on_progress=note,
            cancelled=lambda: case.stop_after is not None and done >= case.stop_after,
        )
        figures = _figures(finished)
    except Cancelled:
        status = RunStatus.CANCELLED
    except FksError as failure:
        status, error = RunStatus.FAILED, failure.message
    return {
        "status": status.value,
        "error": error,
        "data_points": {"bars": counter.bars, "feature_values": counter.values},
        **figures,
    }


def _figures(finished: FinishedRun) -> dict[str, Any]:
    """Return every statistic as the shortest text that is exactly it, and hashes of the lists."""
    run, outcome = finished.run, finished._outcome
    counts = {name: str(getattr(run, name)) for name in COUNTED}
    counts["final_equity"] = repr(run.final_equity)
    return {
        "orders_hash": _hash(outcome.orders),
        "fills_hash": _hash(outcome.fills),
        "equity_hash": _hash({"equity": outcome.equity_nanos, "position": outcome.position_lots}),
        "statistics": {name: repr(value) for name, value in run.metrics.items()} | counts,
    }


def _hash(table: Mapping[str, Any]) -> str:
    """Return the hash of a table of whole numbers, by the names of its columns."""
    plain = {name: column.tolist() for name, column in table.items()}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def text_of(observed: Mapping[str, Any]) -> str:
    """Return what was observed as the text of its file."""
    return json.dumps(observed, indent=1, sort_keys=True) + "\n"
