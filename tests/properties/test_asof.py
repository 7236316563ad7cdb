"""As-of joins beside looking at every pair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fks.contexts.data.domain.asof import DIRECTIONS, Direction, asof_rows
from fks.kernel.errors import Invalid

SMALL = st.integers(-6, 12)
WIDE = st.sampled_from([-(2**63), -(2**63) + 1, -1, 0, 1, 2**63 - 2, 2**63 - 1])
TIMES = st.lists(SMALL | WIDE, max_size=14).map(sorted)
GROUP = st.integers(-(2**62), 2**62) | st.integers(0, 2)


def slow(
    left: list[tuple[int, int]],
    right: list[tuple[int, int]],
    direction: Direction,
    tolerance: int | None,
    exact: bool,
) -> list[int]:
    """Look at every pair of rows (time, group)."""
    found = []
    for at, group in left:
        best, best_key = -1, (0, 0, 0)
        for row, (ts, of) in enumerate(right):
            back = ts < at or (ts == at and direction != "forward")
            gap = abs(at - ts)
            if (
                of != group
                or (ts == at and not exact)
                or (tolerance is not None and gap > tolerance)
            ):
                continue
            if (direction == "backward" and ts > at) or (direction == "forward" and ts < at):
                continue
            # Nearest first; the earlier of two as near; then the last behind, the first ahead.
            key = (-gap, 1 if back else 0, row if back else -row)
            if best < 0 or key > best_key:
                best, best_key = row, key
        found.append(best)
    return found


@given(
    left=TIMES,
    right=TIMES,
    direction=st.sampled_from(DIRECTIONS),
    tolerance=st.none() | st.integers(0, 9) | st.just(2**64 - 1),
    exact=st.booleans(),
    grouped=st.booleans(),
    data=st.data(),
)
def test_each_row_gets_what_a_look_at_every_pair_finds(
    left: list[int],
    right: list[int],
    direction: Direction,
    tolerance: int | None,
    exact: bool,
    grouped: bool,
    data: st.DataObject,
) -> None:
    """Lost: a feature of the future, or the quote of another instrument."""
    pool = data.draw(st.lists(GROUP, min_size=1, max_size=3))
    groups = [
        [data.draw(st.sampled_from(pool)) if grouped else 0 for _ in side] for side in (left, right)
    ]
    named = [np.array(of, dtype=np.int64) for of in groups]
    got = asof_rows(
        np.array(left, dtype=np.int64),
        np.array(right, dtype=np.int64),
        direction=direction,
        tolerance_ns=tolerance,
        exact=exact,
        left_group=named[0] if grouped else None,
        right_group=named[1] if grouped else None,
    )
    pairs = [
        list(zip(side, of, strict=True)) for side, of in zip((left, right), groups, strict=True)
    ]
    assert got.tolist() == slow(pairs[0], pairs[1], direction, tolerance, exact)


@given(left=TIMES, right=TIMES, cut=st.integers(-6, 12))
def test_what_comes_later_never_changes_an_earlier_row(
    left: list[int], right: list[int], cut: int
) -> None:
    """Lost: a backtest that knows tomorrow."""
    before = [np.array([ts for ts in side if ts <= cut], dtype=np.int64) for side in (left, right)]
    whole = asof_rows(np.array(left, dtype=np.int64), np.array(right, dtype=np.int64))
    assert asof_rows(*before).tolist() == whole[: len(before[0])].tolist()


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_long_sides_are_as_a_search_of_each_time(seed: int, exact: bool) -> None:
    """Lost: a row at the edge of a block, or where the pace of the market changes."""
    chance = np.random.default_rng(seed)
    paces = [np.full(9_000, 3), chance.integers(0, 4, 20_000), np.full(7_000, 1)]
    left = np.cumsum(np.concatenate(paces))
    right = np.cumsum(np.concatenate([paces[k] for k in chance.permutation(3)]))
    right = np.sort(right + chance.integers(-5, 6, len(right)))
    behind = np.searchsorted(right, left, "right" if exact else "left") - 1
    ahead = np.searchsorted(right, left, "left" if exact else "right")
    assert np.array_equal(asof_rows(left, right, exact=exact), behind)
    ahead[ahead == len(right)] = -1
    assert np.array_equal(asof_rows(left, right, direction="forward", exact=exact), ahead)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("every", [1, 9, 60])
@pytest.mark.parametrize("offset", [-60, -7, 0, 7])
def test_bars_beside_bars_are_as_a_search_of_each_time(
    offset: int, every: int, exact: bool
) -> None:
    """Lost: a row where bars that ran beside one another have a gap or a double."""
    chance = np.random.default_rng(offset + 100)
    left = np.arange(20_000, dtype=np.int64) * 60
    right = left[::every] + offset
    for _ in range(2):
        gaps, doubles = (chance.integers(0, len(side), 40) for side in (left, right))
        left, right = np.sort(np.append(right, right[doubles])), np.delete(left, gaps)
    behind = np.searchsorted(right, left, "right" if exact else "left") - 1
    assert np.array_equal(asof_rows(left, right, exact=exact), behind)


@pytest.mark.parametrize("at", [0, 1, 127, 128, 4_095, 4_096, 9_998])
@pytest.mark.parametrize("side", ["left", "right"])
def test_one_time_that_goes_back_is_found_wherever_it_is(side: str, at: int) -> None:
    """Lost: a wrong join where the fault lies at the edge of what is looked at together."""
    sides = {name: np.arange(10_000, dtype=np.int64) * 60 for name in ("left", "right")}
    sides[side][at] = 2**63 - 1 if at == 0 else sides[side][at + 1] + 1
    for direction in DIRECTIONS:
        with pytest.raises(Invalid, match=f"of the {side} side do not ascend"):
            asof_rows(sides["left"], sides["right"], direction=direction)


def test_times_out_of_order_and_half_given_groups_are_refused() -> None:
    """Lost: a join that is wrong without a word."""
    good, bad = np.array([1, 2], dtype=np.int64), np.array([2, 1], dtype=np.int64)
    for sides in ((bad, good), (good, bad)):
        with pytest.raises(Invalid, match="do not ascend"):
            asof_rows(*sides)
    with pytest.raises(Invalid, match="both sides"):
        asof_rows(good, good, left_group=good)
    with pytest.raises(Invalid, match="for each row"):
        asof_rows(good, good, left_group=good, right_group=good[:1])
    with pytest.raises(Invalid, match="tolerance"):
        asof_rows(good, good, tolerance_ns=-1)
