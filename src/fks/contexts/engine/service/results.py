"""Read the results of finished runs: series, trades, tear sheets, comparisons."""

from __future__ import annotations

import msgspec

from fks.contexts.engine.adapters.run_files import RunFiles
from fks.contexts.engine.domain.drawdown import drawdown_series
from fks.contexts.engine.domain.records import fills_of, quantities
from fks.contexts.engine.domain.statistics import currency
from fks.contexts.engine.domain.thinning import keep_extremes
from fks.contexts.engine.domain.trades import trades_of
from fks.contracts.engine import (
    Comparison,
    Run,
    RunReport,
    RunSeries,
    RunTrades,
)
from fks.kernel.errors import Invalid

__all__ = ["Results"]

_COMPARED_POINTS = 1000


class Results:
    """The results that lie in one home folder. All methods read files: call them in a thread."""

    def __init__(self, files: RunFiles) -> None:
        self._files = files

    def series(self, run_id: str, points: int) -> RunSeries:
        """Return equity and drawdown, thinned to at most `points`."""
        if points < 4:
            raise Invalid("ask for at least 4 points", code="engine.bad_request")
        manifest = self._files.manifest(run_id)
        columns = self._files.columns(run_id, "equity")
        equity = currency(columns["equity_nanos"])
        rows = keep_extremes(equity, points)
        return RunSeries(
            run_id=run_id,
            ts_ns=tuple(columns["ts_ns"][rows].tolist()),
            equity=tuple(equity[rows].tolist()),
            drawdown=tuple((drawdown_series(equity, manifest.cash)[rows] + 0.0).tolist()),
            position=tuple(
                quantities(columns["position_lots"][rows], manifest.instrument).tolist()
            ),
            total=len(equity),
        )

    def trades(self, run_id: str, limit: int) -> RunTrades:
        """Return the last trades and fills."""
        if limit < 0:
            raise Invalid("a limit is zero or more", code="engine.bad_request")
        instrument = self._files.manifest(run_id).instrument
        trades = self._files.trades(run_id)
        fills = self._files.columns(run_id, "fills")
        return RunTrades(
            run_id=run_id,
            trades=trades_of(trades, instrument, last=limit),
            fills=fills_of(fills, instrument, last=limit),
            total_trades=len(trades),
            total_fills=len(fills["id"]),
        )

    def report(self, run_id: str) -> RunReport:
        """Return the tear sheet."""
        return RunReport(run_id=run_id, html=self._files.report(run_id))

    def compare(self, runs: tuple[Run, ...]) -> Comparison:
        """Return runs side by side with their equity, and what differs in their requests."""
        if len(runs) < 2:
            raise Invalid("compare at least two runs", code="engine.bad_request")
        return Comparison(
            runs=runs,
            differences=_differences(runs),
            series=tuple(self.series(run.id, _COMPARED_POINTS) for run in runs),
        )


def _differences(runs: tuple[Run, ...]) -> dict[str, tuple[str, ...]]:
    """Return every fact in which the runs differ, by its path, one text a run."""
    facts = [_facts(run) for run in runs]
    names = sorted({name for known in facts for name in known})
    rows = {name: tuple(known.get(name, "") for known in facts) for name in names}
    return {name: row for name, row in rows.items() if len(set(row)) > 1}


def _facts(run: Run) -> dict[str, str]:
    """Return what was asked for and with which code and data it was done."""
    facts: dict[str, str] = {}
    for name, value in msgspec.to_builtins(run.request).items():
        if isinstance(value, dict):
            facts |= {f"{name}.{inner}": _text(of) for inner, of in value.items()}
        else:
            facts[name] = _text(value)
    return facts | {
        "dataset_hash": run.dataset_hash,
        "code_version": run.code_version,
        "tier_used": run.tier,
    }


def _text(value: object) -> str:
    """Return a value as people write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
