"""Splits against slow references that follow the definitions row by row, pair by pair."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import pairwise
from math import comb

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.data.domain.splits import schemes
from fks.contexts.data.domain.splits.purging import label_ends
from fks.contexts.data.domain.splits.ranges import ranges_of, rows_in, union, without
from fks.contracts.columns import Int64
from fks.contracts.data.datasets import Fold


def rows(fold: Fold, name: str) -> list[int]:
    """Return the rows of a part one by one."""
    (part,) = (part for part in fold.parts if part.name == name)
    found = [row for begin, end in part.ranges for row in range(begin, end)]
    assert len(found) == part.rows
    assert found == sorted(set(found))
    return found


@st.composite
def labelled(draw: st.DrawFn, most: int = 40) -> tuple[Int64, Int64]:
    """Return times with gaps, and ends of labels of any length, in no order."""
    steps = draw(st.lists(st.integers(1, 9), min_size=4, max_size=most))
    ts = np.cumsum(np.array(steps, dtype=np.int64))
    lengths = draw(st.lists(st.integers(0, 60), min_size=len(ts), max_size=len(ts)))
    return ts, ts + np.array(lengths, dtype=np.int64)


def purged(ts: Int64, ends: Int64, row: int, tests: list[int]) -> bool:
    """Tell by the three conditions of section 7.4.1 whether a row meets a tested label."""
    begin, end = ts[row], ends[row]
    return any(
        ts[j] <= begin <= ends[j] or ts[j] <= end <= ends[j] or begin <= ts[j] <= ends[j] <= end
        for j in tests
    )


def embargoed(ts: Int64, ends: Int64, row: int, block: range, bars: int) -> bool:
    """Tell whether a row is among the first `bars` that begin after all labels of a block."""
    last = max(ends[j] for j in block)
    later = [k for k in range(block.stop, len(ts)) if ts[k] > last]
    return row in later[:bars]


@settings(max_examples=150, deadline=None)
@given(labelled(), st.data())
def test_folds_are_those_of_the_definition(
    series: tuple[Int64, Int64], data: st.DataObject
) -> None:
    """Lost: a model would be tested on what its training labels had seen."""
    ts, ends = series
    n = len(ts)
    count = data.draw(st.integers(2, min(6, n)), label="groups")
    tested = data.draw(st.integers(1, count - 1), label="tested")
    embargo = data.draw(st.integers(0, 5), label="embargo")
    folds = schemes.combinatorial(ts, ends, count, tested, embargo)
    blocks = [range(k * n // count, (k + 1) * n // count) for k in range(count)]
    times: Counter[int] = Counter()
    assert len(folds) == comb(count, tested)
    for fold in folds:
        test, train = rows(fold, "test"), rows(fold, "train")
        times.update(test)
        assert test == [row for group in fold.groups for row in blocks[group]]
        taken = Counter[str]()
        expected = []
        for row in range(n):
            if row in test:
                continue
            if purged(ts, ends, row, test):
                taken["purged"] += 1
            elif any(embargoed(ts, ends, row, blocks[g], embargo) for g in fold.groups):
                taken["embargoed"] += 1
            else:
                expected.append(row)
        assert train == expected
        assert (fold.purged, fold.embargoed) == (taken["purged"], taken["embargoed"])
    assert set(times.values()) == {comb(count - 1, tested - 1)} and len(times) == n


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 8), st.data())
def test_each_path_predicts_every_row_once(count: int, data: st.DataObject) -> None:
    """Lost: a backtest path would have holes, or use one prediction twice."""
    tested = data.draw(st.integers(1, count - 1))
    ts = np.arange(3 * count, dtype=np.int64)
    folds = schemes.combinatorial(ts, ts, count, tested, 0)
    paths = schemes.paths(folds, count)
    assert len(paths) == comb(count, tested) * tested // count
    for path in paths:
        assert all(group in folds[number].groups for group, number in enumerate(path))
    used = Counter((number, group) for path in paths for group, number in enumerate(path))
    assert set(used.values()) == {1}
    assert len(used) == len(folds) * tested


@settings(max_examples=150, deadline=None)
@given(labelled(), st.data())
def test_windows_walk_forward(series: tuple[Int64, Int64], data: st.DataObject) -> None:
    """Lost: a window would train on its future, leave its gap, or be forgotten."""
    ts, ends = series
    n = len(ts)
    train, test = data.draw(st.integers(1, 8)), data.draw(st.integers(1, 8))
    step, gap = data.draw(st.integers(1, 8)), data.draw(st.integers(0, 4))
    anchored = data.draw(st.booleans())
    starts = [s for s in range(train + gap, n) if (s - train - gap) % step == 0 and s + test <= n]
    windows = schemes.WalkForward(train=train, test=test, step=step, gap=gap, anchored=anchored)
    if not starts:
        return
    folds = schemes.walk_forward(ts, ends, windows)
    assert len(folds) == len(starts)
    for fold, start in zip(folds, starts, strict=True):
        tested = list(range(start, start + test))
        first = 0 if anchored else start - gap - train
        expected = [k for k in range(first, start - gap) if not purged(ts, ends, k, tested)]
        assert rows(fold, "test") == tested
        assert rows(fold, "train") == expected
        assert fold.purged == start - gap - first - len(expected)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 500), st.lists(st.integers(1, 100), min_size=2, max_size=6))
def test_chronological_parts_are_all_rows_in_order(n: int, parts: list[int]) -> None:
    """Lost: a row would be in two parts or in none, or a later one in the training."""
    total = sum(parts)
    bounds = [sum(parts[:k]) * n // total for k in range(len(parts) + 1)]
    if len(set(bounds)) <= len(parts):
        return
    (fold,) = schemes.chronological(n, [Decimal(part) for part in parts])
    assert [part.ranges for part in fold.parts] == [
        ((begin, end),) for begin, end in pairwise(bounds)
    ]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.booleans(), max_size=30), st.lists(st.booleans(), max_size=30))
def test_sets_of_ranges_are_sets(left: list[bool], right: list[bool]) -> None:
    """Lost: a row at the edge of a range would be purged or trained on by mistake."""
    a, b = ({k for k, x in enumerate(mask) if x} for mask in (left, right))

    def members(ranges: tuple[tuple[int, int], ...]) -> set[int]:
        assert all(x[1] < y[0] for x, y in pairwise(ranges))
        assert all(begin < end for begin, end in ranges)
        return {row for begin, end in ranges for row in range(begin, end)}

    first, second = ranges_of(left), ranges_of(right)
    assert (members(first), members(second)) == (a, b)
    assert members(union(first, second)) == a | b
    assert members(without(first, second)) == a - b
    assert rows_in(first) == len(a)


@given(st.integers(1, 50), st.integers(0, 60))
def test_labels_that_look_ahead_end_with_the_series(n: int, bars: int) -> None:
    """Lost: the last labels would end in a future that is not there."""
    ts = np.arange(n, dtype=np.int64) * 10
    ends = label_ends(ts, bars)
    assert ends.tolist() == [min(k + bars, n - 1) * 10 for k in range(n)]
