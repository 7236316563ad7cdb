"""The rules of quality once more, slow and plain: one bar at a time, nothing shared with FKS."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from fks.contexts.data.domain.quality import context_of
from fks.contexts.data.domain.sessions import Coverage
from fks.contracts.columns import BarColumns
from fks.contracts.data.quality import QualityContext
from fks.contracts.values import Instrument

MINUTE_NS = 60_000_000_000
HOUR_NS = 60 * MINUTE_NS
START_NS = 1_704_067_200_000_000_000  # 2024-01-01, a Monday


class Row(NamedTuple):
    """A bar in ticks."""

    ts_ns: int
    open: int
    high: int
    low: int
    close: int
    volume: float


def bars_of(rows: Sequence[Row], tick: str = "0.01") -> BarColumns:
    """Return rows as columns."""
    ts_ns, first, high, low, last = (
        np.array([row[k] for row in rows], dtype=np.int64) for k in range(5)
    )
    return BarColumns(
        ts_ns=ts_ns,
        open_ticks=first,
        high_ticks=high,
        low_ticks=low,
        close_ticks=last,
        volume=np.array([row.volume for row in rows], dtype=np.float64),
        tick_size=Decimal(tick),
    )


def context(
    timeframe: str = "1m", calendar: str = "24/7", coverage: Coverage | None = None
) -> QualityContext:
    """Return what rules know beside the bars."""
    instrument = Instrument(id="X", tick_size=Decimal("0.01"), calendar=calendar)
    return context_of(instrument, timeframe, coverage or Coverage(0, 0, 0))


def walk(seed: int, count: int, *, step_ns: int = MINUTE_NS, moves: int = 5) -> list[Row]:
    """Return a clean random walk: whole ticks, volume in every bar."""
    rng = np.random.default_rng(seed)
    rows, price = [], 100_000
    for k in range(count):
        close = max(price + int(rng.integers(-moves, moves + 1)), 1000)
        high = max(price, close) + int(rng.integers(0, moves))
        low = min(price, close) - int(rng.integers(0, moves))
        volume = float(rng.integers(50, 150))
        rows.append(Row(START_NS + k * step_ns, price, high, low, close, volume))
        price = close
    return rows


def rough(seed: int, count: int) -> list[Row]:
    """Return bars with all that the rules look for: flat, silent, spiked, off the grid."""
    rng = np.random.default_rng(seed)
    rows, price, ts_ns = [], 500, START_NS
    moves, silent = int(rng.integers(1, 8)), float(rng.choice([0.1, 0.9, 0.99]))
    busy = float(rng.choice([0.01, 0.9]))  # of the bars that stand still
    for _ in range(count):
        ts_ns += MINUTE_NS * int(rng.choice([1, 1, 1, 1, 2, 9])) + int(rng.random() < 0.05)
        if rng.random() < silent:
            high = low = close = price
            volume = float(rng.random() < busy)
        else:
            close = max(price + int(rng.integers(-moves, moves + 1)), 1)
            far = int(rng.integers(0, 60)) if rng.random() < 0.2 else int(rng.integers(0, 3))
            high, low = max(price, close) + far, max(min(price, close) - far // 2, 1)
            volume = float(rng.integers(0, 100)) ** float(rng.choice([1, 1, 1, 6]))
        rows.append(Row(ts_ns, price, high, low, close, volume))
        price = close
    return rows


def still(rows: Sequence[Row], least: int) -> list[int]:
    """Return rows in runs of one price without volume."""
    flat = [r.volume == 0 and r.open == r.high == r.low == r.close for r in rows]
    marked: list[int] = []
    k = 0
    while k < len(rows):
        end = k
        while end < len(rows) and flat[end] and rows[end].close == rows[k].close:
            end += 1
        if end - k >= least:
            marked.extend(range(k, end))
        k = max(end, k + 1)
    return marked


def frozen(rows: Sequence[Row], least: int) -> list[int]:
    """Return rows in runs of one close of which `least` traded."""
    marked: list[int] = []
    k = 0
    while k < len(rows):
        end = k
        while end < len(rows) and rows[end].close == rows[k].close:
            end += 1
        if sum(row.volume > 0 for row in rows[k:end]) >= least:
            marked.extend(range(k, end))
        k = end
    return marked


def spiked(rows: Sequence[Row], tick: float = 0.01) -> tuple[list[int], list[int]]:
    """Return long wicks and bad prints, in prices as the rule sees them."""
    bars = bars_of(rows)
    high, low, close = bars.high.tolist(), bars.low.tolist(), bars.close.tolist()
    wicks, bad = [], []
    for i in range(1, len(rows) - 1):
        above, below = max(high[i - 1], high[i + 1]), min(low[i - 1], low[i + 1])
        reach = max(high[i] - above, below - low[i])
        ranges = [high[i - 1] - low[i - 1], high[i + 1] - low[i + 1]]
        floor = max(2 * tick, 1e-4 * close[i])
        about = sorted(
            max(high[j], close[j - 1]) - min(low[j], close[j - 1])
            for j in range(max(i - 30, 1), min(i + 32, len(rows)))
            if j not in (i, i + 1)
        )
        if reach <= 3 * max(*ranges, floor) or len(about) < 20:
            continue
        middle = about[len(about) // 2]
        apart = sorted(abs(value - middle) for value in about)[len(about) // 2]
        usual = middle + 3 * 1.4826 * apart if middle > 0 else about[len(about) * 9 // 10]
        local = max(usual, floor)
        out = max(close[i] - above, below - close[i])
        if out > 3 * local or reach > 8 * local:
            bad.append(i)
        elif reach > 3 * local:
            wicks.append(i)
    return wicks, bad


def beside(rows: Sequence[Row], grid_ns: int) -> list[int]:
    """Return rows off the commonest phase of a grid, the earliest where two are as common."""
    phases = [row.ts_ns % grid_ns for row in rows]
    usual = max(sorted(set(phases)), key=phases.count)
    return [k for k, phase in enumerate(phases) if phase != usual]


def heavy(rows: Sequence[Row]) -> list[int]:
    """Return rows of far too much volume."""
    logs = [math.log(row.volume) for row in rows if row.volume > 0]
    if len(logs) < 100:
        return []
    middle = statistics.median(logs)
    deviation = 1.4826 * statistics.median(abs(value - middle) for value in logs)
    if deviation == 0:
        return []
    limit = math.exp(middle + 6 * deviation)
    return [k for k, row in enumerate(rows) if row.volume > limit]


def jumps(rows: Sequence[Row]) -> list[int]:
    """Return rows whose log return is beyond five standard deviations."""
    if len(rows) < 20:
        return []
    closes = bars_of(rows).close.tolist()
    returns = [math.log(b) - math.log(a) for a, b in pairwise(closes)]
    mean, spread = statistics.fmean(returns), statistics.pstdev(returns)
    return [k + 1 for k, value in enumerate(returns) if spread and abs(value - mean) > 5 * spread]
