"""`fks demo`: the main job on real prices, from a sample to a session that can be watched.

It composes contexts, so it stands beside the program, above all of them: a backtest in this
process, then (without `--once`) the server with a paper session that replays the last years.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fks.contracts.data import BarWindow, GetBars, GetDataset
from fks.contracts.engine import BacktestRequest, BacktestResult
from fks.contracts.execution import CostModel, DeskConfig, RiskLimits, StartSession
from fks.contracts.values import FillRule
from fks.kernel.errors import Unavailable

if TYPE_CHECKING:
    from fks.app import App
    from fks.kernel.host import Host

__all__ = ["DATASET", "backtest", "start_session", "summary"]

DATASET = "sp500_daily"
_QUANTITY, _CASH, _FEE_BPS = 30.0, 100_000.0, 2.0
_PARAMS = {"fast": 10, "slow": 30}
_REPLAYED_BARS, _BARS_PER_S = 1000, 8.0
_ASK_TIMEOUT_S = 30.0


def backtest(host: Host, home: Path) -> BacktestResult:
    """Run the demo's backtest over the sample prices and write it with its tear sheet.

    Raises `Unavailable` when no plugin runs backtests.
    """
    backtester = host.hook.fks_backtester(home=home, hook=host.hook)
    if backtester is None:
        raise Unavailable("no plugin runs backtests: the engine context is not loaded")
    request = BacktestRequest(
        strategy="sma_cross",
        dataset=DATASET,
        params=_PARAMS,
        quantity=_QUANTITY,
        cash=_CASH,
        costs=CostModel(fee_bps=_FEE_BPS),
    )
    result: BacktestResult = backtester.run(request)
    result.save()
    return result


def summary(result: BacktestResult) -> dict[str, Any]:
    """Return what `fks demo --json` prints."""
    run = result.run
    return {
        "dataset": run.dataset,
        "dataset_hash": run.dataset_hash,
        "strategy": run.strategy,
        "bars": run.bars,
        "signals": run.signals,
        "orders": run.orders,
        "fills": run.fills,
        "final_equity": run.final_equity,
        "run_id": run.id,
        "report": run.report_path,
        "metrics": dict(run.metrics),
    }


async def start_session(app: App) -> str:
    """Start the paper session; return the page on which to watch it."""
    bus, key = app.runtime.bus, app.runtime.ids.new()
    info = await bus.ask(GetDataset(dataset=DATASET), timeout_s=_ASK_TIMEOUT_S)
    window: BarWindow = await bus.ask(
        GetBars(dataset=DATASET, limit=_REPLAYED_BARS, tail=True), timeout_s=_ASK_TIMEOUT_S
    )
    session = await bus.ask(
        StartSession(
            key=f"demo-{key}",
            strategy="sma_cross",
            params=_PARAMS,
            dataset=info.name,
            dataset_hash=info.hash,
            config=DeskConfig(
                instrument=info.instrument,
                cash=_CASH,
                quantity=_QUANTITY,
                fill_rule=FillRule.NEXT_OPEN,
                costs=CostModel(fee_bps=_FEE_BPS),
                limits=RiskLimits(
                    max_order_quantity=_QUANTITY * 2,
                    max_position_quantity=_QUANTITY,
                    max_order_notional=None,
                ),
            ),
            from_ts_ns=window.ts_ns[0],
            bars_per_second=_BARS_PER_S,
        ),
        timeout_s=_ASK_TIMEOUT_S,
    )
    print(  # noqa: T201  # for the person at the terminal
        f"  session   {session.id}: {len(window.ts_ns)} bars at {_BARS_PER_S:g} a second",
        file=sys.stderr,
        flush=True,
    )
    return f"/chart?session={session.id}"
