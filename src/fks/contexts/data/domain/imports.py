"""Turn a table into a dataset: instrument, clean rows, hash and report, all in memory."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

import msgspec
import numpy as np

from fks.contexts.data.domain.content import dataset_hash, dataset_name
from fks.contexts.data.domain.instruments import (
    guess_instrument,
    known_instrument,
    quoted,
    with_sizes,
)
from fks.contexts.data.domain.precision import Precision, precision_of
from fks.contexts.data.domain.quality import context_of, report_of
from fks.contexts.data.domain.registry.registry import BUILT_IN, Registry
from fks.contexts.data.domain.sessions import Coverage
from fks.contexts.data.domain.table import Piece, RawTable
from fks.contexts.data.domain.timeframes import DAY_NS, detect_timeframe, timeframe_ns
from fks.contexts.data.domain.validation import REASONS, Cleaned, clean
from fks.contracts.columns import BarColumns, Int64, prices_to_ticks
from fks.contracts.data import DatasetInfo, QualityReport
from fks.contracts.data.datasets import Provenance
from fks.contracts.data.quality import QualityContext
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid

__all__ = ["Imported", "Wanted", "columns_of", "import_table"]

Calendars = Callable[[Int64, int, str], Coverage]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the one who imports says; None and "" leave it to the data.

    Without a name it is made of symbol and timeframe. `sure` is false for a symbol that only the
    file's name suggests: BTC there is the future of that name only if its prices are. `quotes`
    says that prices are middles of bid and ask, `usual_calendar` is what the format implies for
    an instrument that is not built in.
    """

    symbol: str
    name: str = ""
    sure: bool = True
    timeframe: str | None = None
    instrument: Instrument | None = None
    provider: str = "file"
    source: str = ""
    synthetic: bool = False
    quotes: bool = False
    usual_calendar: str | None = None
    calendar: str | None = None
    tick_size: str | None = None
    lot_size: str | None = None
    multiplier: str | None = None
    created_at_ns: int = 0
    code_version: str = ""
    registry: Registry = BUILT_IN


class Imported(NamedTuple):
    """A dataset in memory, before it is stored; `provenance` goes into its manifest.

    `known_at_ns` says when each kept bar was published, where that is told; the hash covers it.
    `beside` are further files of its folder: names and contents. `context` is what rules of quality
    knew of the bars.
    """

    info: DatasetInfo
    table: RawTable
    cleaned: Cleaned
    report: QualityReport
    pieces: tuple[Piece, ...] = ()
    provenance: Provenance = Provenance()
    known_at_ns: Int64 | None = None
    beside: tuple[tuple[str, bytes], ...] = ()
    context: QualityContext | None = None


def import_table(table: RawTable, wanted: Wanted, expected: Calendars) -> Imported:
    """Part, name and judge a table. Raises `Invalid` when no row of it can be used."""
    known = _known(table, wanted)
    tick, rounding = _tick(table, wanted, known)
    cleaned = clean(table, tick, rounding=rounding)
    if len(cleaned.kept.row) == 0:
        raise Invalid(_nothing(table, cleaned), code="data.nothing_usable")
    timeframe = wanted.timeframe or detect_timeframe(cleaned.kept.ts_ns)
    instrument = known or _guessed(cleaned, wanted, tick, timeframe)
    name = wanted.name or dataset_name(
        f"{instrument.id}_{timeframe}" + ("_quote" if wanted.quotes else "")
    )
    coverage = expected(cleaned.kept.ts_ns, timeframe_ns(timeframe), instrument.calendar)
    context = context_of(
        instrument,
        timeframe,
        coverage,
        out_of_order=cleaned.out_of_order,
        rounded=cleaned.rounded,
    )
    report = report_of(name, table, cleaned, context)
    info = DatasetInfo(
        name=name,
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
    return Imported(info, table, cleaned, report, context=context)


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


def _known(table: RawTable, wanted: Wanted) -> Instrument | None:
    """Return the instrument that was given or is built in, with the sizes asked for."""
    found = wanted.instrument or known_instrument(wanted.symbol, wanted.registry)
    if found is None:
        return None
    if wanted.quotes and wanted.tick_size is None:
        found = quoted(found)
    if not wanted.sure and not _fits(table, found):
        return None
    if wanted.calendar is not None:
        found = msgspec.structs.replace(found, calendar=wanted.calendar)
    return _sized(found, wanted)


def _fits(table: RawTable, instrument: Instrument) -> bool:
    """Tell whether nearly all closes are whole ticks of an instrument."""
    closes = table.close[np.isfinite(table.close)]
    on_tick = np.abs(np.remainder(closes / float(instrument.tick_size) + 0.5, 1.0) - 0.5) < 1e-6
    return len(closes) > 0 and float(on_tick.mean()) > 0.9


def _tick(table: RawTable, wanted: Wanted, known: Instrument | None) -> tuple[Decimal, bool]:
    """Return the tick size, and whether prices are rounded to it."""
    if known is not None:
        return known.tick_size, False
    if wanted.tick_size is not None:
        return _sized(Instrument(id="any", tick_size=Decimal(1)), wanted).tick_size, False
    found = precision_of((table.open, table.high, table.low, table.close))
    return Decimal(1).scaleb(-found.places), not found.exact


def _guessed(cleaned: Cleaned, wanted: Wanted, tick: Decimal, timeframe: str) -> Instrument:
    """Return an instrument that fits the rows."""
    exponent = tick.normalize().as_tuple().exponent
    places = -exponent if isinstance(exponent, int) else 0
    calendar = wanted.calendar or wanted.usual_calendar
    instrument = guess_instrument(
        wanted.symbol,
        Precision(max(places, 0), True),
        cleaned.kept.volume,
        calendar or _rhythm(cleaned.kept.ts_ns, timeframe),
    )
    return _sized(msgspec.structs.replace(instrument, tick_size=tick), wanted)


def _sized(instrument: Instrument, wanted: Wanted) -> Instrument:
    """Return the instrument with the sizes that were asked for."""
    return with_sizes(
        instrument,
        tick_size=wanted.tick_size,
        lot_size=wanted.lot_size,
        multiplier=wanted.multiplier,
    )


def _rhythm(ts_ns: Int64, timeframe: str) -> str:
    """Return the calendar that the bars themselves suggest: a twentieth on Saturdays is 24/7."""
    saturday = ((ts_ns // DAY_NS + 3) % 7) == 5
    if float(saturday.mean()) > 0.05:
        return "24/7"
    return "weekdays" if timeframe_ns(timeframe) >= DAY_NS else "24/5"


def _nothing(table: RawTable, cleaned: Cleaned) -> str:
    """Say why no row is left."""
    first = [f"row {one.row}: {one.reason}" for one in table.refused[:1]]
    if len(cleaned.reason):
        first = [f"row {cleaned.quarantined.row[0]}: {REASONS[int(cleaned.reason[0])]}"]
    return f"none of {table.rows_read} rows can be used; {first[0] if first else 'there are none'}"
