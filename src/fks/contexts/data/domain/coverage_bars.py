"""Coverage as lines of blocks: a day a block, so that a person sees the holes.

A full block is a day with all of its bars, a lower one a day with fewer, a cross a day without any
and a dot a day on which none is expected. Long spans are told by years, ten days a block.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from fks.contracts.data.reports import DayQuality

__all__ = ["CLOSED", "EMPTY", "BarLine", "Cell", "block_of", "coverage_lines"]

CLOSED, EMPTY, UNEXPECTED = "·", "×", "+"
_EIGHTHS = "▁▂▃▄▅▆▇█"
_MOST_MONTHS = 36


class Cell(NamedTuple):
    """A day, or days taken together."""

    expected: int = 0
    present: int = 0
    missing: int = 0
    faults: int = 0


class BarLine(NamedTuple):
    """A month by days, or a year by tens of days: its name, its cells, and all of them together."""

    name: str
    cells: tuple[Cell, ...]
    total: Cell


def coverage_lines(days: Sequence[DayQuality]) -> list[BarLine]:
    """Return a line a month, or a year where there are more than 36 months."""
    if not days:
        return []
    by_date = {date.fromisoformat(one.day): one for one in days}
    first, last = min(by_date), max(by_date)
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    if months > _MOST_MONTHS:
        return [_line(str(year), _tens(year, by_date)) for year in _years(first, last)]
    starts = [
        date(first.year + (first.month - 1 + k) // 12, (first.month - 1 + k) % 12 + 1, 1)
        for k in range(months)
    ]
    return [_line(f"{start:%Y-%m}", _month(start, by_date)) for start in starts]


def block_of(cell: Cell) -> str:
    """Return the sign of a cell."""
    if not cell.expected:
        return UNEXPECTED if cell.present else CLOSED
    if cell.missing >= cell.expected:
        return EMPTY
    # Only a cell without a missing bar is full.
    return _EIGHTHS[(cell.expected - cell.missing) * 7 // cell.expected]


def _line(name: str, cells: Iterable[Cell]) -> BarLine:
    """Return a line with its total."""
    listed = tuple(cells)
    return BarLine(name, listed, _together(listed))


def _together(cells: Iterable[tuple[int, ...]]) -> Cell:
    """Return the sums of cells."""
    listed = list(cells)
    return Cell(*(sum(cell[k] for cell in listed) for k in range(4)))


def _years(first: date, last: date) -> range:
    """Return the years from one date to another."""
    return range(first.year, last.year + 1)


def _month(start: date, days: dict[date, DayQuality]) -> list[Cell]:
    """Return the days of a month."""
    dates = (start + timedelta(days=k) for k in range(31))
    return [_cell(days.get(one)) for one in dates if one.month == start.month]


def _tens(year: int, days: dict[date, DayQuality]) -> list[Cell]:
    """Return the thirty-seven runs of ten days of a year, the last one of five or six."""
    first = date(year, 1, 1)
    dates = [first + timedelta(days=k) for k in range(366)]
    cells = [_cell(days.get(one)) if one.year == year else Cell() for one in dates]
    return [_together(cells[k : k + 10]) for k in range(0, len(cells), 10)]


def _cell(day: DayQuality | None) -> Cell:
    """Return a day as a cell."""
    if day is None:
        return Cell()
    return Cell(day.expected, day.present, day.missing, day.faults)
