"""Make a dataset of longer bars from one of shorter bars."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fks.contexts.data.adapters.calendars import (
    expected_coverage,
    expected_stamps,
    session_spans,
)
from fks.contexts.data.domain.imports import Imported, Wanted, import_table
from fks.contexts.data.domain.resampling import (
    Spans,
    resample_by_spans,
    resample_by_step,
)
from fks.contexts.data.domain.table import RawTable
from fks.contexts.data.domain.timeframes import DAY_NS, clock_ns
from fks.contexts.data.store import check_name
from fks.contexts.data.store.stored import StoredDataset
from fks.contracts.columns import BarColumns
from fks.contracts.data.datasets import Provenance
from fks.kernel.errors import Invalid

__all__ = ["LongerBars", "longer_bars", "resample"]

_WEEK_NS = 7 * DAY_NS
_MONDAY_NS = 4 * DAY_NS  # 1970-01-05


class LongerBars(NamedTuple):
    """The dataset, and what did not become part of it: rows outside of sessions, and bars at the
    ends whose time the rows do not cover.
    """

    imported: Imported
    outside: int
    cut: int


def resample(
    dataset: StoredDataset, timeframe: str, name: str | None, *, now_ns: int, code_version: str
) -> LongerBars:
    """Return a dataset of bars of a longer timeframe, made as `longer_bars` makes them."""
    info = dataset.info
    made, outside, cut = longer_bars(dataset, timeframe)
    wanted = Wanted(
        symbol=info.instrument.id,
        name=check_name(name) if name is not None else "",
        instrument=info.instrument,
        timeframe=timeframe,
        provider=info.provider,
        source=f"{timeframe} bars of {info.name}@{info.hash[:12]}",
        synthetic=info.synthetic,
        allow_negative=True,  # what was taken once
        created_at_ns=now_ns,
        code_version=code_version,
    )
    made_by = Provenance(
        kind="derived",
        command=f"resample timeframe={timeframe}",
        parents=(info.hash,),
        code_version=code_version,
    )
    imported = import_table(_table(made), wanted, expected_coverage)._replace(provenance=made_by)
    return LongerBars(imported, outside, cut)


def longer_bars(dataset: StoredDataset, timeframe: str) -> tuple[BarColumns, int, int]:
    """Return bars of a longer timeframe, how many rows lay outside of sessions, and bars cut off.

    Days are the sessions of the instrument's calendar, stamped at midnight UTC of their date; what
    lies between sessions is left out and counted. Weeks begin on Monday. Everything shorter
    follows the UTC clock. A first or last bar that the dataset does not cover is left out: it would
    look like a bar that it is not. Raises `Invalid` for a timeframe that cannot be made.
    """
    dataset.only_bars()
    info = dataset.info
    step, shorter = clock_ns(timeframe), clock_ns(info.timeframe)
    _check(info.timeframe, timeframe, shorter, step)
    calendar = info.instrument.calendar
    made, cut, outside = dataset.columns(), 0, 0
    if step >= DAY_NS > shorter:
        spans = session_spans(int(made.ts_ns[0]), int(made.ts_ns[-1]), calendar)
        found = resample_by_spans(made, spans)
        made, cut = _covered(found.columns, made, spans, shorter, calendar)
        outside, shorter = found.outside, DAY_NS
    if step > shorter and len(made):
        found = resample_by_step(made, step, _MONDAY_NS if step % _WEEK_NS == 0 else 0)
        stamps = found.columns.ts_ns
        made, left = _covered(
            found.columns, made, Spans(stamps, stamps + step, stamps), shorter, calendar
        )
        cut += left
    if not len(made):
        raise Invalid(f"{info.name} covers no whole bar of {timeframe}", code="data.nothing_usable")
    return made, outside, cut


def _check(have: str, asked: str, shorter: int, step: int) -> None:
    """Raise `Invalid` where bars of one length cannot be made of the other."""
    least = shorter if step < DAY_NS or shorter >= DAY_NS else DAY_NS
    if step <= shorter or step % least:
        raise Invalid(
            f"bars of {asked} cannot be made of bars of {have}: choose a longer timeframe that "
            "is a whole number of them",
            code="data.bad_timeframe",
        )


def _covered(
    bars: BarColumns, rows: BarColumns, spans: Spans, shorter: int, calendar: str
) -> tuple[BarColumns, int]:
    """Leave out a first and a last bar of which the calendar expects more than there is."""
    begin, end = 0, len(bars)
    if end:
        first, last = np.searchsorted(spans.stamps, bars.ts_ns[[0, -1]]).tolist()
        opens, closes = int(spans.begins[first]), int(spans.ends[last])
        if len(expected_stamps(opens, int(rows.ts_ns[0]) - 1, shorter, calendar)):
            begin = 1
        if end > begin and len(
            expected_stamps(int(rows.ts_ns[-1]) + shorter, closes - 1, shorter, calendar)
        ):
            end -= 1
    return bars[begin:end], begin + len(bars) - end


def _table(bars: BarColumns) -> RawTable:
    """Return columns as a table to check."""
    row = np.arange(1, len(bars) + 1, dtype=np.int64)
    return RawTable(row, bars.ts_ns, bars.open, bars.high, bars.low, bars.close, bars.volume)
