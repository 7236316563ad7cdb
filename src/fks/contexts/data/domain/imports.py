"""Turn a table into a dataset: instrument, clean rows, hash and report, all in memory."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from fks.contexts.data.domain.content import dataset_hash, dataset_name
from fks.contexts.data.domain.quality import context_of, report_of
from fks.contexts.data.domain.sessions import Coverage
from fks.contexts.data.domain.sizing import (
    Wanted,
    floor_of,
    guessed,
    known_of,
    tick_of,
)
from fks.contexts.data.domain.table import Piece, RawTable
from fks.contexts.data.domain.timeframes import detect_timeframe, timeframe_ns
from fks.contexts.data.domain.validation import REASONS, Cleaned, Floor, clean
from fks.contracts.columns import BarColumns, Int64, prices_to_ticks
from fks.contracts.data import DatasetInfo, QualityReport
from fks.contracts.data.datasets import Provenance
from fks.contracts.data.quality import QualityContext
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid

__all__ = ["Imported", "Wanted", "columns_of", "import_table"]

Calendars = Callable[[Int64, int, str], Coverage]


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
    known = known_of(table.close, wanted)
    cleaned, tick, floor = _cleaned(table, wanted, known)
    if known is not None and not wanted.sure and 2 * len(cleaned.kept.row) < len(table.row):
        # Its symbol was read off a name, and most prices are not its ticks: it is another one.
        other = _cleaned(table, wanted, None)
        if len(other[0].kept.row) > 2 * len(cleaned.kept.row):
            known, (cleaned, tick, floor) = None, other
    if len(cleaned.kept.row) == 0:
        raise Invalid(_nothing(table, cleaned), code="data.nothing_usable")
    timeframe = wanted.timeframe or detect_timeframe(cleaned.kept.ts_ns)
    kept = cleaned.kept
    instrument = known or guessed(kept.ts_ns, kept.volume, wanted, tick, timeframe_ns(timeframe))
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
        below_zero=floor != "positive",
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


def _cleaned(
    table: RawTable, wanted: Wanted, known: Instrument | None
) -> tuple[Cleaned, Decimal, Floor]:
    """Return the rows parted as bars of an instrument, or of one that nobody knows."""
    prices = (table.open, table.high, table.low, table.close)
    tick, rounding = tick_of(prices, wanted, known)
    floor = floor_of(wanted, known)
    return clean(table, tick, rounding=rounding, floor=floor), tick, floor


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


def _nothing(table: RawTable, cleaned: Cleaned) -> str:
    """Say why no row is left."""
    first = [f"row {one.row}: {one.reason}" for one in table.refused[:1]]
    if len(cleaned.reason):
        reason = REASONS[int(cleaned.reason[0])]
        first = [f"row {cleaned.quarantined.row[0]}: {reason}"]
        if reason == REASONS[3]:
            first[0] += " (--allow-negative takes prices of zero and below)"
    return f"none of {table.rows_read} rows can be used; {first[0] if first else 'there are none'}"
