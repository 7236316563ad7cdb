"""What the tests of tick formats share: read a file, and compare it with a second reader's rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from fks.contexts.data.adapters.formats.reading import FoundTicks, ReadOptions, silent
from fks.contexts.data.adapters.formats.registry import read_file
from fks.contracts.data.ticks import SET, DepthRows

Row = tuple[float | int, ...]


def ticks(path: Path, form: str | None = None, **options: Any) -> FoundTicks:
    """Read a file of ticks."""
    found = read_file(path, form, ReadOptions(**options), silent)
    assert isinstance(found, FoundTicks), "the file was read as bars"
    return found


def agree(found: FoundTicks, rows: Iterable[Sequence[float | int]]) -> None:
    """Compare all rows, value by value; NaN is NaN."""
    expected = list(rows)
    assert len(found.rows.ts_ns) == len(expected)
    for name, column in zip(type(found.rows)._fields, found.rows, strict=True):
        place = type(found.rows)._fields.index(name)
        wanted = [row[place] for row in expected]
        pairs = zip(np.asarray(column).tolist(), wanted, strict=True)
        wrong = [(k, a, b) for k, (a, b) in enumerate(pairs) if not same(a, b)]
        assert not wrong, f"{name}: row, found, expected {wrong[:3]}"


def same(one: float, other: float) -> bool:
    """Tell whether two numbers are equal, or both none."""
    return one == other or (
        isinstance(one, float)
        and isinstance(other, float)
        and math.isnan(one)
        and math.isnan(other)
    )


def epoch_ns(text: str, zone: str = "UTC") -> int:
    """Return UTC nanoseconds of an ISO time with up to six decimals."""
    stamp = datetime.fromisoformat(text)
    stamp = stamp if stamp.tzinfo else stamp.replace(tzinfo=ZoneInfo(zone))
    return (stamp - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


def into_day_ns(day: str, millis: str, zone: str) -> int:
    """Return UTC nanoseconds of milliseconds since midnight on a wall clock."""
    local = datetime.fromisoformat(day) + timedelta(milliseconds=float(millis))
    return epoch_ns(local.isoformat(), zone)


def follow_levels(found: FoundTicks, books: list[dict[tuple[int, float], float]]) -> None:
    """Apply the changes, line by line, and compare the book after each with the expected one."""
    assert isinstance(found.rows, DepthRows)
    held: dict[tuple[int, float], float] = {}
    seen, changes = 0, list(zip(*(np.asarray(c).tolist() for c in found.rows), strict=True))
    for number, expected in enumerate(books, start=1):
        while seen < len(changes) and found.row[seen] == number:
            _, _, action, side, price, size, _, _ = changes[seen]
            if action == SET:
                held[int(side), price] = size
            seen += 1
        assert {k: v for k, v in held.items() if v} == expected, f"book {number}"
    assert seen == len(changes)
