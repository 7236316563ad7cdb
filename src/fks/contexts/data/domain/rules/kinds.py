"""A built-in rule: its names, its weight, and the function that looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from fks.contracts.columns import BarColumns, Int64
from fks.contracts.data.quality import Marked, QualityContext

__all__ = ["MOST_EXAMPLES", "Rule", "iso", "marked_runs", "rows_of_runs"]

MOST_EXAMPLES = 5

Finder = Callable[[BarColumns, QualityContext], Marked | None]


class Rule(NamedTuple):
    """A `QualityRule` made of a function."""

    code: str
    title: str
    severity: str
    find: Finder
    weight: float = 0.0

    def check(self, bars: BarColumns, context: QualityContext) -> Marked | None:
        """Return what is doubtful, or None."""
        return self.find(bars, context)


def rows_of_runs(runs: Sequence[tuple[int, int]]) -> Int64:
    """Return the rows of half-open runs, which are ascending and apart."""
    if not runs:
        return np.empty(0, dtype=np.int64)
    return np.concatenate([np.arange(begin, end, dtype=np.int64) for begin, end in runs])


def marked_runs(
    runs: Sequence[tuple[int, int]], bars: BarColumns, step_ns: int, message: str
) -> Marked | None:
    """Return runs of bars as one finding that counts the runs, or None."""
    if not runs:
        return None
    longest = max(runs, key=lambda run: run[1] - run[0])
    spans = tuple(
        (int(bars.ts_ns[begin]), int(bars.ts_ns[end - 1]) + step_ns)
        for begin, end in runs[:MOST_EXAMPLES]
    )
    told = tuple(f"{iso(since)} to {iso(until)}" for since, until in spans)
    return Marked(
        rows_of_runs(runs),
        f"{message}; the longest has {longest[1] - longest[0]:,} bars",
        count=len(runs),
        examples=told,
        spans=spans,
    )


def iso(ts_ns: int) -> str:
    """Return a time as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(ts_ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
