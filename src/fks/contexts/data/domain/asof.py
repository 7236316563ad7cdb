"""As-of joins: for each time of one side, the row of the other side that holds at it.

A join looks back unless it is told otherwise: what came later was not known. Of rows with one time
the last holds when looking back, and the first when looking forward. Both sides ascend.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from fks.contexts.data.domain import _asof
from fks.contracts.columns import Int64
from fks.kernel.errors import Invalid

__all__ = ["DIRECTIONS", "Direction", "asof_rows"]

Direction = Literal["backward", "forward", "nearest"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
_ENDLESS = 2**64 - 1


def asof_rows(
    left_ns: Int64,
    right_ns: Int64,
    *,
    direction: Direction = "backward",
    tolerance_ns: int | None = None,
    exact: bool = True,
    left_group: Int64 | None = None,
    right_group: Int64 | None = None,
) -> Int64:
    """Return for each left time a row of the right side, or -1; shape (len(left),).

    `exact` lets a row of the same time match. `tolerance_ns` is how far away a match may be;
    None is as far as it goes. `nearest` takes the earlier one of two that are as near. Groups are
    whole numbers of any size, one a row; only rows of one group match. Raises `Invalid`
    (`data.not_sorted`, `data.bad_tolerance`, `data.bad_group`).
    """
    if tolerance_ns is not None and not 0 <= tolerance_ns <= _ENDLESS:
        raise Invalid(
            "a tolerance is nanoseconds, none of them negative", code="data.bad_tolerance"
        )
    reach = _ENDLESS if tolerance_ns is None else tolerance_ns
    left, right = np.ascontiguousarray(left_ns), np.ascontiguousarray(right_ns)
    if (left_group is None) is not (right_group is None):
        raise Invalid("both sides have groups, or none has", code="data.bad_group")
    both = direction == "nearest"
    ways: tuple[str, ...] = ("backward", "forward") if both else (direction,)
    found = [_one_way(way, left, right, reach, exact, left_group, right_group) for way in ways]
    if both:
        _asof.nearer(left, right, found[1], found[0])
    return found[0]


def _one_way(
    direction: str,
    left: Int64,
    right: Int64,
    reach: int,
    exact: bool,
    left_group: Int64 | None,
    right_group: Int64 | None,
) -> Int64:
    """Join in one direction."""
    out = np.empty(len(left), dtype=np.int64)
    if left_group is None or right_group is None:
        joined = _asof.backward if direction == "backward" else _asof.forward
        _refuse_unsorted(*joined(left, right, reach, exact, out))
        return out
    _refuse_unsorted(_asof.ascends(left), _asof.ascends(right))
    if len(left_group) != len(left) or len(right_group) != len(right):
        raise Invalid("a group for each row, no more and no less", code="data.bad_group")
    _, codes = np.unique(np.concatenate([left_group, right_group]), return_inverse=True)
    codes = codes.astype(np.int64)
    last = np.full(int(codes.max(initial=-1)) + 1, -1, dtype=np.int64)
    (_asof.backward_by if direction == "backward" else _asof.forward_by)(
        left, codes[: len(left)], right, codes[len(left) :], reach, exact, last, out
    )
    return out


def _refuse_unsorted(left_ascends: bool, right_ascends: bool) -> None:
    """Raise `Invalid` where the times of a side go back."""
    for ascends, side in ((left_ascends, "left"), (right_ascends, "right")):
        if not ascends:
            raise Invalid(f"the times of the {side} side do not ascend", code="data.not_sorted")
