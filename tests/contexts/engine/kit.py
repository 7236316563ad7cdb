"""What the tests of engine share: bars of every kind, and the parts a run is made of."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from hypothesis import strategies as st

from fks.app import load_host
from fks.contexts.engine.domain.backtest import Material, Plan, make_ride, prepare
from fks.contexts.engine.domain.runner import Ride, drive
from fks.contexts.engine.service.backtester import LocalBacktester
from fks.contracts.columns import BarColumns
from fks.contracts.engine import BacktestRequest, Strategy
from fks.contracts.execution import CostModel, RiskLimits
from fks.contracts.values import FillRule, Instrument

INSTRUMENT = Instrument(id="TEST", tick_size=Decimal("0.25"), multiplier=Decimal(5))
MINUTE_NS = 60_000_000_000
LIMITS = RiskLimits(max_order_quantity=None, max_position_quantity=None, max_order_notional=None)


@cache
def backtester() -> LocalBacktester:
    """Return a backtester over the shipped plugins; its home is never written by the kit."""
    return LocalBacktester(Path("/nonexistent"), load_host(entry_points=False).hook)


def make_bars(moves: list[int], seed: int, *, start: int = 4000) -> BarColumns:
    """Return bars whose closes move by these ticks; a seed draws gaps, shadows and volume.

    Times leave out stretches, opens jump away from the last close, and quiet bars have no range.
    """
    draw = np.random.default_rng(seed)
    n = len(moves)
    close = np.maximum(start + np.cumsum(np.array(moves, dtype=np.int64)), 50)
    jump = np.where(draw.random(n) < 0.2, draw.integers(-12, 13, n), 0)
    opened = np.maximum(np.concatenate(([start], close[:-1])) + jump, 40)
    quiet = np.array(moves) == 0
    shadow = np.where(quiet, 0, draw.integers(0, 9, (2, n)))
    high = np.maximum(opened, close) + shadow[0]
    low = np.maximum(np.minimum(opened, close) - shadow[1], 1)
    steps = np.where(draw.random(n) < 0.05, draw.integers(2, 5000, n), 1)
    return BarColumns(
        ts_ns=np.cumsum(steps).astype(np.int64) * MINUTE_NS,
        open_ticks=opened.astype(np.int64),
        high_ticks=high.astype(np.int64),
        low_ticks=low.astype(np.int64),
        close_ticks=close.astype(np.int64),
        volume=draw.integers(0, 1000, n).astype(np.float64),
        tick_size=INSTRUMENT.tick_size,
    )


_MOVES = st.one_of(
    st.lists(st.integers(-8, 8), min_size=1, max_size=60),
    st.integers(1, 40).map(lambda n: [0] * n),
    st.integers(1, 30).map(lambda n: [5] * n),
    st.integers(1, 30).map(lambda n: [-5] * n),
    st.sampled_from([[150], [-150]]),
)


@st.composite
def bars(draw: st.DrawFn, *, max_pieces: int = 8) -> BarColumns:
    """Draw bars: noise, trends, flat stretches and jumps, one after the other."""
    pieces = draw(st.lists(_MOVES, min_size=1, max_size=max_pieces))
    return make_bars([move for piece in pieces for move in piece], draw(st.integers(0, 2**32 - 1)))


def _ordered(low: int, high: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(low, high), st.integers(low, high)).map(
        lambda pair: (min(pair), max(pair))
    )


PARAMS: Mapping[str, st.SearchStrategy[dict[str, Any]]] = {
    "sma_cross": st.builds(
        lambda pair, ticks, short: {
            "fast": pair[0],
            "slow": pair[1] + 1,
            "threshold_ticks": ticks,
            "allow_short": short,
        },
        _ordered(1, 30),
        st.sampled_from([0.0, 0.01, 0.5, 1.0]),
        st.booleans(),
    ),
    "rsi_reversion": st.builds(
        lambda period, pair, short: {
            "period": period,
            "lower": float(pair[0]),
            "upper": float(pair[1] + 1),
            "allow_short": short,
        },
        st.integers(2, 20),
        _ordered(0, 99),
        st.booleans(),
    ),
    "breakout": st.builds(
        lambda pair, short: {"entry": pair[1], "exit": pair[0], "allow_short": short},
        _ordered(1, 30),
        st.booleans(),
    ),
    "breakout_stop": st.builds(
        lambda pair, atr, ranges: {
            "entry": pair[1],
            "exit": pair[0],
            "atr": atr,
            "stop_ranges": ranges,
        },
        _ordered(1, 30),
        st.integers(1, 20),
        st.sampled_from([0.1, 0.5, 2.0]),
    ),
}

REQUESTS = st.builds(
    dict,
    fill_rule=st.sampled_from(list(FillRule)),
    quantity=st.integers(1, 5).map(float),
    costs=st.builds(
        CostModel,
        fee_bps=st.sampled_from([0.0, 2.5]),
        fee_per_unit=st.sampled_from([0.0, 1.25]),
        fee_minimum=st.sampled_from([0.0, 3.0]),
        slippage_ticks=st.integers(0, 2),
        spread_ticks=st.integers(0, 3),
    ),
    limits=st.sampled_from(
        [
            LIMITS,
            msgspec.structs.replace(LIMITS, allow_short=False),
            msgspec.structs.replace(LIMITS, max_position_quantity=2.0),
            msgspec.structs.replace(LIMITS, max_order_notional=11_000.0),
        ]
    ),
)


def make_plan(
    strategy: str | type[Strategy], columns: BarColumns, params: Mapping[str, Any], **fields: Any
) -> Plan:
    """Return a backtest over given bars."""
    kind = backtester().catalog.get(strategy) if isinstance(strategy, str) else strategy
    request = BacktestRequest(strategy=kind.name, dataset="given", params=params, **fields)
    material = Material(
        name="given", hash="0" * 64, synthetic=True, instrument=INSTRUMENT, bars=columns
    )
    return prepare(request, kind, material)


def fresh_ride(plan: Plan) -> Ride:
    """Return strategy, features and desk for one run of a plan."""
    return make_ride(plan, backtester().desks, backtester().pipelines)


def record(ride: Ride) -> dict[str, Any]:
    """Return all that a desk recorded, as plain values that compare."""
    desk = ride.desk
    return {
        "orders": {name: column.tolist() for name, column in desk.order_columns().items()},
        "fills": {name: column.tolist() for name, column in desk.fill_columns().items()},
        "equity": desk.equity_nanos().tolist(),
        "position": desk.position_lots().tolist(),
    }


def driven(plan: Plan, chunk_bars: int = 4096) -> dict[str, Any]:
    """Run a plan on the compiled loop and return what the desk recorded."""
    ride = fresh_ride(plan)
    drive(ride, plan.material.bars, chunk_bars=chunk_bars)
    return record(ride)
