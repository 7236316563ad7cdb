"""Make a dataset of bars from one of ticks."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import msgspec
import numpy as np

from fks.contexts.data.adapters.calendars import (
    expected_coverage,
    expected_stamps,
    session_spans,
)
from fks.contexts.data.domain.imports import Imported, Wanted, import_table
from fks.contexts.data.domain.resampling import resample_by_spans, resample_by_step
from fks.contexts.data.domain.table import RawTable
from fks.contexts.data.domain.ticks.counting import bars_by_count, quotes_as_rows, trades_as_rows
from fks.contexts.data.domain.timeframes import DAY_NS, clock_ns, timeframe_ns
from fks.contexts.data.store import check_name
from fks.contexts.data.store.stored import StoredDataset
from fks.contracts.columns import BarColumns
from fks.contracts.data.datasets import Provenance
from fks.contracts.data.ticks import QuoteColumns, TradeColumns
from fks.kernel.errors import Invalid

__all__ = ["Aggregate", "Aggregated", "aggregate", "bars_by_clock"]

_MONDAY_NS = 4 * DAY_NS  # 1970-01-05
_SECOND_NS = 1_000_000_000
_MOST = 10**15


class Aggregate(msgspec.Struct, frozen=True, kw_only=True):
    """What bars to make: of a timeframe (`every`), or of so many trades, units or so much money.

    `price` chooses what quotes become: `bid`, `ask` or `mid`.
    """

    every: str = ""
    trades: int = 0
    volume: str = ""
    value: str = ""
    price: str = "mid"
    name: str | None = None


class Aggregated(NamedTuple):
    """The dataset; ticks after the last whole bar; rows between sessions; one-sided quotes."""

    imported: Imported
    left: int = 0
    outside: int = 0
    empty: int = 0


def aggregate(
    dataset: StoredDataset, asked: Aggregate, *, now_ns: int, code_version: str
) -> Aggregated:
    """Return bars of trades or quotes.

    Bars by the clock follow UTC, days the sessions of the instrument's calendar. The last one is
    left out where it is not finished: the calendar expects trading between the second of the last
    tick and its end, or that tick lies outside of all sessions. The first one may be cut where
    the dataset begins. Raises `Invalid` for what cannot be made.
    """
    ticks = dataset.ticks()
    left = outside = empty = 0
    timeframe, measure, size = _asked(asked)
    if isinstance(ticks, TradeColumns):
        rows = trades_as_rows(ticks)
    elif isinstance(ticks, QuoteColumns) and asked.every:
        if asked.price not in ("bid", "ask", "mid"):
            raise Invalid("--price is bid, ask or mid", code="data.bad_price")
        rows, empty = quotes_as_rows(ticks, asked.price)
    else:
        raise Invalid(
            f"{dataset.info.name} holds {dataset.info.kind}: bars are made of trades, and by the "
            "clock of quotes",
            code="data.not_bars",
        )
    if measure and isinstance(ticks, TradeColumns):
        counted = bars_by_count(ticks, measure, size, dataset.info.instrument.multiplier)
        bars, left = counted.columns, counted.left
    else:
        bars, left, outside = bars_by_clock(rows, timeframe, dataset.info.instrument.calendar)
    if not len(bars):
        raise Invalid(
            f"{dataset.info.name} holds no whole bar of {timeframe}", code="data.nothing_usable"
        )
    imported = _imported(dataset, bars, asked, timeframe, now_ns, code_version)
    return Aggregated(imported, left, outside, empty)


def _asked(asked: Aggregate) -> tuple[str, str, Decimal]:
    """Return the timeframe, and the measure and size of bars that follow no clock."""
    given = [bool(asked.every), bool(asked.trades), bool(asked.volume), bool(asked.value)]
    if sum(given) != 1:
        raise Invalid(
            "choose one of --every 1m, --trades 1000, --volume 500, --value 1000000",
            code="data.bad_timeframe",
        )
    if asked.every:
        clock_ns(asked.every)
        return asked.every, "", Decimal(0)
    measure, text = next(
        (m, str(t)) for m, t in (("t", asked.trades), ("v", asked.volume), ("q", asked.value)) if t
    )
    try:
        size = Decimal(text)
    except ArithmeticError:
        size = Decimal(0)
    if not size.is_finite() or not 0 < size < _MOST:
        raise Invalid(
            f"a bar is closed by a positive number below {_MOST:,}, not {text[:20]!r}",
            code="data.bad_size",
        )
    timeframe = f"{size.normalize():f}{measure}"
    timeframe_ns(timeframe)
    return timeframe, measure, size


def bars_by_clock(rows: BarColumns, timeframe: str, calendar: str) -> tuple[BarColumns, int, int]:
    """Return bars of a timeframe, the rows of an unfinished last one, and those of no session."""
    step = clock_ns(timeframe)
    if not len(rows):
        return rows, 0, 0
    if step < DAY_NS:
        found = resample_by_step(rows, step)
        bars, counts, end = found.columns, found.rows, int(found.columns.ts_ns[-1]) + step
    else:
        spans = session_spans(int(rows.ts_ns[0]), int(rows.ts_ns[-1]), calendar)
        found = resample_by_spans(rows, spans)
        bars, counts = found.columns, found.rows
        if not len(bars):
            return bars, 0, found.outside
        end = int(spans.ends[np.searchsorted(spans.stamps, bars.ts_ns[-1])])
        if step > DAY_NS:
            weeks = resample_by_step(bars, step, _MONDAY_NS if step % (7 * DAY_NS) == 0 else 0)
            days = np.cumsum(weeks.rows)
            counts = np.add.reduceat(counts, np.concatenate(([0], days[:-1])))
            bars = weeks.columns
            begin = int(bars.ts_ns[-1])
            spans = session_spans(begin, begin + step, calendar)
            end = int(spans.ends[(spans.stamps >= begin) & (spans.stamps < begin + step)].max())
    seen = int(rows.ts_ns[-1]) // _SECOND_NS * _SECOND_NS + _SECOND_NS
    # Nobody knows when trading outside of sessions is over.
    if seen >= end or (
        len(expected_stamps(seen - _SECOND_NS, seen - 1, _SECOND_NS, calendar))
        and not len(expected_stamps(seen, end - 1, _SECOND_NS, calendar))
    ):
        return bars, 0, found.outside
    return bars[: len(bars) - 1], int(counts[-1]), found.outside


def _imported(
    dataset: StoredDataset,
    bars: BarColumns,
    asked: Aggregate,
    timeframe: str,
    now_ns: int,
    code_version: str,
) -> Imported:
    """Check and judge bars as a dataset that descends from the ticks."""
    info = dataset.info
    instrument = msgspec.structs.replace(info.instrument, tick_size=bars.tick_size)
    of = f" of the {asked.price}" if info.kind == "quotes" else ""
    wanted = Wanted(
        symbol=instrument.id,
        name=check_name(asked.name) if asked.name is not None else "",
        instrument=instrument,
        timeframe=timeframe,
        provider=info.provider,
        source=f"{timeframe} bars{of} of {info.name}@{info.hash[:12]}",
        synthetic=info.synthetic,
        allow_negative=True,  # what was taken once
        created_at_ns=now_ns,
        code_version=code_version,
    )
    row = np.arange(1, len(bars) + 1, dtype=np.int64)
    table = RawTable(row, bars.ts_ns, bars.open, bars.high, bars.low, bars.close, bars.volume)
    made_by = Provenance(
        kind="derived",
        command=f"aggregate {timeframe}{of}",
        parents=(info.hash,),
        code_version=code_version,
    )
    return import_table(table, wanted, expected_coverage)._replace(provenance=made_by)
