"""Turn a table into a dataset: instrument, clean rows, hash and report, all in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec
import numpy as np

from fks.contexts.data.domain.content import dataset_hash
from fks.contexts.data.domain.instruments import (
    guess_instrument,
    known_instrument,
    with_sizes,
)
from fks.contexts.data.domain.quality import report_of
from fks.contexts.data.domain.sessions import Coverage
from fks.contexts.data.domain.table import NO_TIME, RawTable
from fks.contexts.data.domain.timeframes import DAY_NS, detect_timeframe, timeframe_ns
from fks.contexts.data.domain.validation import REASONS, Cleaned, clean
from fks.contracts.columns import BarColumns, Int64, prices_to_ticks
from fks.contracts.data import DatasetInfo, QualityReport
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid

__all__ = ["Imported", "Wanted", "columns_of", "import_table"]

Calendars = Callable[[Int64, int, str], Coverage]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the one who imports says; None and "" leave it to the data."""

    name: str
    symbol: str
    timeframe: str | None = None
    instrument: Instrument | None = None
    provider: str = "file"
    source: str = ""
    synthetic: bool = False
    calendar: str | None = None
    tick_size: str | None = None
    lot_size: str | None = None
    multiplier: str | None = None
    created_at_ns: int = 0
    code_version: str = ""


class Imported(NamedTuple):
    """A dataset in memory, before it is stored."""

    info: DatasetInfo
    table: RawTable
    cleaned: Cleaned
    report: QualityReport


def import_table(table: RawTable, wanted: Wanted, expected: Calendars) -> Imported:
    """Part, name and judge a table. Raises `Invalid` when no row of it can be used."""
    instrument = _instrument(table, wanted)
    cleaned = clean(table, instrument.tick_size)
    if len(cleaned.kept.row) == 0:
        raise Invalid(_nothing(table, cleaned), code="data.nothing_usable")
    timeframe = wanted.timeframe or detect_timeframe(cleaned.kept.ts_ns)
    coverage = expected(cleaned.kept.ts_ns, timeframe_ns(timeframe), instrument.calendar)
    report = report_of(wanted.name, table, cleaned, coverage, instrument.calendar)
    info = DatasetInfo(
        name=wanted.name,
        hash=dataset_hash(cleaned.kept, instrument, timeframe, wanted.synthetic),
        path="",
        instrument=instrument,
        timeframe=timeframe,
        provider=wanted.provider,
        rows=len(cleaned.kept.row),
        first_ts_ns=int(cleaned.kept.ts_ns[0]),
        last_ts_ns=int(cleaned.kept.ts_ns[-1]),
        created_at_ns=wanted.created_at_ns,
        synthetic=wanted.synthetic,
        quarantined=report.rows_quarantined,
        score=report.score,
        source=wanted.source,
        code_version=wanted.code_version,
    )
    return Imported(info, table, cleaned, report)


def columns_of(kept: RawTable, instrument: Instrument) -> BarColumns:
    """Return clean rows as columns of whole ticks."""
    tick = instrument.tick_size
    return BarColumns(
        ts_ns=kept.ts_ns,
        open_ticks=prices_to_ticks(kept.open, tick),
        high_ticks=prices_to_ticks(kept.high, tick),
        low_ticks=prices_to_ticks(kept.low, tick),
        close_ticks=prices_to_ticks(kept.close, tick),
        volume=kept.volume,
        tick_size=tick,
    )


def _instrument(table: RawTable, wanted: Wanted) -> Instrument:
    """Return the instrument that was given, is built in, or fits the data."""
    instrument = wanted.instrument or known_instrument(wanted.symbol)
    if instrument is None:
        usable = table.ts_ns[table.ts_ns != NO_TIME]
        weekend = ((usable // DAY_NS + 3) % 7) == 5
        prices = np.concatenate((table.open, table.high, table.low, table.close))
        instrument = guess_instrument(
            wanted.symbol,
            prices,
            table.volume,
            every_day=len(usable) > 0 and float(weekend.mean()) > 0.05,
            daily=len(usable) > 1 and detect_timeframe(usable) in ("1d", "1w"),
        )
    instrument = with_sizes(
        instrument,
        tick_size=wanted.tick_size,
        lot_size=wanted.lot_size,
        multiplier=wanted.multiplier,
    )
    if wanted.calendar is not None:
        instrument = msgspec.structs.replace(instrument, calendar=wanted.calendar)
    return instrument


def _nothing(table: RawTable, cleaned: Cleaned) -> str:
    """Say why no row is left."""
    first = [f"row {one.row}: {one.reason}" for one in table.refused[:1]]
    if len(cleaned.reason):
        first = [f"row {cleaned.quarantined.row[0]}: {REASONS[int(cleaned.reason[0])]}"]
    return f"none of {table.rows_read} rows can be used; {first[0] if first else 'there are none'}"
