"""Purging and embargo: training rows whose labels a test would share are left out.

After M. López de Prado, *Advances in Financial Machine Learning* (Wiley, 2018), section 7.4: the
label of row i is made of what happens in the closed interval [t0_i, t1_i]. A training row is
purged when its interval meets that of any test row; rows that follow a test are embargoed for a
time, since series remember. Here t0 is the bar's open and t1 the open of the last bar that the
label saw; the embargo is a number of rows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fks.contexts.data.domain.splits.ranges import Range, Ranges, ranges_of, rows_in, union, without
from fks.contracts.columns import Int64
from fks.kernel.errors import Invalid

__all__ = ["Labels", "Shadow", "Shadows", "check_labels", "label_ends", "remaining", "shadow"]


class Labels(NamedTuple):
    """Labels `[ts_ns, ends_ns]` in order of `ts_ns`, shape (n,), int64 UTC nanoseconds.

    `reach_ns` is the latest end of a row and all before it: where it first comes up to a time is
    the first row that can reach it, so that a block looks at the rows near it and not at all.
    """

    ts_ns: Int64
    ends_ns: Int64
    reach_ns: Int64

    @classmethod
    def of(cls, ts_ns: Int64, ends_ns: Int64) -> Labels:
        """Return labels with their reach."""
        return cls(ts_ns, ends_ns, np.maximum.accumulate(ends_ns))


class Shadow(NamedTuple):
    """What a block of test rows takes from the training rows around it."""

    purged: Ranges
    embargoed: Ranges


class Shadows(NamedTuple):
    """The training rows that remain beside a test, and how many were taken for which reason."""

    train: Ranges
    purged: int
    embargoed: int


def label_ends(ts_ns: Int64, bars: int) -> Int64:
    """Return the end of labels that look a number of bars ahead; at the end they see fewer."""
    return ts_ns[np.minimum(np.arange(len(ts_ns)) + bars, len(ts_ns) - 1)]


def check_labels(ts_ns: Int64, ends_ns: Int64) -> Int64:
    """Return the ends of labels. Raises `Invalid` for one that lies before its row."""
    assert ts_ns.shape == ends_ns.shape
    early = np.flatnonzero(ends_ns < ts_ns)
    if len(early):
        raise Invalid(
            f"{len(early):,} labels end before they begin, the first at row {early[0] + 1}",
            code="data.bad_labels",
        )
    return ends_ns


def shadow(labels: Labels, block: Range, embargo: int) -> Shadow:
    """Return the rows outside of a block of test rows that its labels rule out for training.

    Rows before the block begin before it, so they meet it when they end at or after its first
    row's t0; rows behind it begin after all of it, so they meet it when they begin by its
    latest t1. Both are what the three conditions of section 7.4.1 come to for a block.
    """
    ts_ns, ends_ns, reach_ns = labels
    begin, end = block
    near = min(int(np.searchsorted(reach_ns, ts_ns[begin])), begin)
    before = ranges_of(ends_ns[near:begin] >= ts_ns[begin], near)
    last = int(np.searchsorted(ts_ns, ends_ns[begin:end].max(), side="right"))
    last = max(last, end)
    return Shadow(union(before, [(end, last)]), union([(last, min(last + embargo, len(ts_ns)))]))


def remaining(rows: Ranges, tests: Ranges, shadows: tuple[Shadow, ...]) -> Shadows:
    """Return what of some rows may train beside a test of several blocks."""
    outside = without(rows, tests)
    unpurged = without(outside, union(*(one.purged for one in shadows)))
    train = without(unpurged, union(*(one.embargoed for one in shadows)))
    return Shadows(
        train,
        purged=rows_in(outside) - rows_in(unpurged),
        embargoed=rows_in(unpurged) - rows_in(train),
    )
