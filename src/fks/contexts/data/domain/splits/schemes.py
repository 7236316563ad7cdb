"""The schemes: chronological, walk-forward, purged k-fold, combinatorial purged.

The last two are those of M. López de Prado, *Advances in Financial Machine Learning* (Wiley,
2018), sections 7.4.3 and 12.4. All rows are in order of time; a row is in one part of a fold at
most, and what is purged or embargoed is in none.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations, pairwise
from math import comb

import msgspec

from fks.contexts.data.domain.splits.purging import Labels, remaining, shadow
from fks.contexts.data.domain.splits.ranges import Range, Ranges, rows_in, union
from fks.contracts.columns import Int64
from fks.contracts.data.datasets import Fold, FoldPart
from fks.kernel.errors import Invalid

__all__ = ["WalkForward", "chronological", "combinatorial", "groups", "paths", "walk_forward"]

MOST_FOLDS = 10_000
_NAMES = {2: ("train", "test"), 3: ("train", "validation", "test")}


class WalkForward(msgspec.Struct, frozen=True, kw_only=True):
    """Windows in rows: training, then a gap, then a test; the next test begins `step` later.

    An anchored training begins at the first row every time and grows.
    """

    train: int
    test: int
    step: int
    gap: int = 0
    anchored: bool = False


def chronological(rows: int, parts: Sequence[Decimal]) -> tuple[Fold, ...]:
    """Part all rows in order, in any proportions; each part has at least one row.

    Two parts are called train and test, three train, validation and test, others by number.
    Raises `Invalid` for proportions that are not positive and for fewer rows than parts.
    """
    if len(parts) < 2 or any(not part.is_finite() or part <= 0 for part in parts):
        raise Invalid("give two or more positive parts, such as 80,10,10", code="data.bad_split")
    total, so_far, bounds = sum(parts), Decimal(0), [0]
    for part in parts:
        so_far += part
        bounds.append(int(so_far * rows / total))
    if any(begin >= end for begin, end in pairwise(bounds)):
        raise Invalid(f"{rows:,} rows are too few for these parts", code="data.bad_split")
    names = _NAMES.get(len(parts), tuple(f"part{k + 1}" for k in range(len(parts))))
    return (
        Fold(
            parts=tuple(
                _part(name, ((begin, end),))
                for name, begin, end in zip(names, bounds, bounds[1:], strict=False)
            )
        ),
    )


def walk_forward(ts_ns: Int64, ends_ns: Int64, windows: WalkForward) -> tuple[Fold, ...]:
    """Train on what was, test on what came next, and move on; only whole windows count.

    Training rows whose labels reach into the test are purged. Raises `Invalid` for sizes that are
    not positive, and where not one window fits.
    """
    if min(windows.train, windows.test, windows.step) < 1 or windows.gap < 0:
        raise Invalid("train, test and step must be at least one row", code="data.bad_split")
    starts = range(windows.train + windows.gap, len(ts_ns) - windows.test + 1, windows.step)
    _bounded(len(starts))
    folds, labels = [], Labels.of(ts_ns, ends_ns)
    for start in starts:
        block = (start, start + windows.test)
        end = start - windows.gap
        rows = (0 if windows.anchored else end - windows.train, end)
        left = remaining((rows,), (block,), (shadow(labels, block, 0),))
        folds.append(_fold(left.train, (block,), left.purged, 0))
    if not folds:
        raise Invalid(f"{len(ts_ns):,} rows are too few for one window", code="data.bad_split")
    return tuple(folds)


def groups(rows: int, count: int) -> tuple[Range, ...]:
    """Part all rows into contiguous groups whose sizes differ by one at most.

    Raises `Invalid` for fewer than two groups, or more than rows.
    """
    if not 2 <= count <= rows:
        raise Invalid(
            f"{rows:,} rows make 2 to {rows:,} groups, not {count}", code="data.bad_split"
        )
    bounds = [k * rows // count for k in range(count + 1)]
    return tuple(pairwise(bounds))


def combinatorial(
    ts_ns: Int64, ends_ns: Int64, count: int, tested: int, embargo: int
) -> tuple[Fold, ...]:
    """Test every choice of `tested` of `count` groups and train on what may be of the others.

    With `tested` 1 this is the purged k-fold. Each row is tested comb(count - 1, tested - 1)
    times. Raises `Invalid` for an odd number of groups, and for more than ten thousand folds.
    """
    if count > MOST_FOLDS:  # before anything is counted: comb() of millions takes minutes
        raise Invalid(f"give at most {MOST_FOLDS:,} groups", code="data.bad_split")
    blocks = groups(len(ts_ns), count)
    if not 1 <= tested < count or embargo < 0:
        raise Invalid(
            f"test 1 to {count - 1} of {count} groups, with an embargo of 0 or more rows",
            code="data.bad_split",
        )
    _bounded(comb(count, tested))
    labels = Labels.of(ts_ns, ends_ns)
    shadows = [shadow(labels, block, embargo) for block in blocks]
    everything = ((0, len(ts_ns)),)
    folds = []
    for chosen in combinations(range(count), tested):
        tests = union([blocks[group] for group in chosen])
        left = remaining(everything, tests, tuple(shadows[group] for group in chosen))
        folds.append(_fold(left.train, tests, left.purged, left.embargoed, chosen))
    return tuple(folds)


def paths(folds: Sequence[Fold], count: int) -> tuple[tuple[int, ...], ...]:
    """Return the backtest paths: in path p, group g is predicted by the p-th fold that tests it.

    There are comb(count, k) * k / count of them (section 12.4.1), each over all rows.
    """
    testing: list[list[int]] = [[] for _ in range(count)]
    for number, fold in enumerate(folds):
        for group in fold.groups:
            testing[group].append(number)
    return tuple(zip(*testing, strict=True))


def _bounded(folds: int) -> None:
    """Refuse numbers of folds that nobody could train."""
    if folds > MOST_FOLDS:
        said = f"{folds:,}" if folds < 10**12 else "a number of"
        raise Invalid(f"that makes {said} folds, more than {MOST_FOLDS:,}", code="data.bad_split")


def _fold(
    train: Ranges, tests: Ranges, purged: int, embargoed: int, chosen: tuple[int, ...] = ()
) -> Fold:
    """Return a fold of a training and a test part."""
    return Fold(
        parts=(_part("train", train), _part("test", tests)),
        purged=purged,
        embargoed=embargoed,
        groups=chosen,
    )


def _part(name: str, ranges: Ranges) -> FoldPart:
    """Return a part with its number of rows."""
    return FoldPart(name=name, ranges=ranges, rows=rows_in(ranges))
