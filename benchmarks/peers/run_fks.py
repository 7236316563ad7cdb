"""FKS in one tier (`fks-batch`, `fks-trigger`, `fks-bar`), or the bare Python `loop`."""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

from fks.app import load_host
from fks.contexts.engine.domain import workload
from fks.contexts.engine.domain.backtest import Material, make_ride, prepare
from fks.contexts.engine.domain.runner import drive
from fks.contexts.engine.domain.strategies.sma_cross import SmaCross
from fks.contexts.engine.service.backtester import LocalBacktester
from fks.contracts.columns import BarColumns, prices_to_ticks
from fks.contracts.engine import BacktestRequest
from fks.contracts.execution import CostModel

data, name = np.load(sys.argv[1]), sys.argv[2]
tick = workload.INSTRUMENT.tick_size
if name == "loop":
    opens, closes = data["open"].tolist(), data["close"].tolist()
    begun = time.perf_counter()
    equity, fills = workload.bare_loop(opens, closes)
    seconds = time.perf_counter() - begun
else:
    bars = BarColumns(
        ts_ns=data["ts_ns"],
        open_ticks=prices_to_ticks(data["open"], tick),
        high_ticks=prices_to_ticks(data["high"], tick),
        low_ticks=prices_to_ticks(data["low"], tick),
        close_ticks=prices_to_ticks(data["close"], tick),
        volume=data["volume"],
        tick_size=tick,
    )
    backtester = LocalBacktester(Path(), load_host(entry_points=False).hook)
    request = BacktestRequest(
        strategy="sma_cross",
        dataset="bars",
        quantity=workload.QUANTITY,
        cash=workload.CASH,
        costs=CostModel(fee_bps=10.0),
        tier=name.removeprefix("fks-"),
    )
    material = Material(
        name="bars", hash="", synthetic=True, instrument=workload.INSTRUMENT, bars=bars
    )
    plan = prepare(request, SmaCross, material)
    ride = make_ride(plan, backtester.desks, backtester.pipelines)
    begun = time.perf_counter()
    drive(ride, bars)
    equity, fills = int(ride.desk.equity_nanos()[-1]) / 1e9, ride.desk.fill_count
    seconds = time.perf_counter() - begun
rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "equity": equity, "fills": fills, "rss_mb": rss_mb}))
