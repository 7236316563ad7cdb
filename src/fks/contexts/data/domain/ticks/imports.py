"""Turn rows of ticks into a dataset: instrument, clean columns, hash and report, all in memory."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import numpy as np

from fks.contexts.data.domain.content import dataset_name
from fks.contexts.data.domain.precision import MAX_PLACES, precision_of
from fks.contexts.data.domain.sizing import (
    Wanted,
    floor_of,
    guessed,
    known_of,
    tick_of,
)
from fks.contexts.data.domain.table import NO_TIME, Piece, Refused
from fks.contexts.data.domain.ticks.cleaning import (
    REASONS,
    CleanedTicks,
    clean_ticks,
    prices_of,
    quantities_of,
)
from fks.contexts.data.domain.ticks.content import (
    KIND_OF,
    TickColumns,
    TickRows,
    made,
    ticks_hash,
)
from fks.contexts.data.domain.ticks.corporate import clean_actions
from fks.contexts.data.domain.ticks.reports import RefusedTick, report_of_ticks
from fks.contexts.data.domain.timeframes import DAY_NS
from fks.contexts.data.domain.validation import Floor
from fks.contracts.columns import Float64, Int64
from fks.contracts.data import DatasetInfo, QualityReport
from fks.contracts.data.datasets import Provenance
from fks.contracts.data.ticks import ActionRows
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid

__all__ = ["ImportedTicks", "RefusedTick", "import_rows"]


class ImportedTicks(NamedTuple):
    """A dataset of ticks in memory, before it is stored; `lot_size` is that of its quantities."""

    info: DatasetInfo
    columns: TickColumns
    lot_size: Decimal
    report: QualityReport
    refused: tuple[RefusedTick, ...] = ()
    pieces: tuple[Piece, ...] = ()
    provenance: Provenance = Provenance()


def import_rows(
    rows: TickRows,
    wanted: Wanted,
    *,
    row: Int64 | None = None,
    refused: tuple[Refused, ...] = (),
    tick_size: Decimal | None = None,
    lot_size: Decimal | None = None,
) -> ImportedTicks:
    """Check, name and judge rows. Raises `Invalid` when none of them can be used.

    `row` of shape (n,) is the number of each row in its file, from 1; `tick_size` and `lot_size`
    are what the source itself says of its prices and quantities.
    """
    kind = KIND_OF[type(rows)]
    numbers = np.arange(1, len(rows.ts_ns) + 1, dtype=np.int64) if row is None else row
    instrument, tick, rounding, floor = _instrument(rows, wanted, tick_size)
    lot, rounded_lots = _lot(rows, lot_size)
    if isinstance(rows, ActionRows):
        cleaned = clean_actions(rows)
    else:
        rounding = rounding or rounded_lots
        cleaned = clean_ticks(rows, tick, lot, rounding=rounding, floor=floor)
    bad = tuple(_told(rows, numbers, cleaned, k) for k in range(len(cleaned.bad)))
    all_refused = (*bad, *(RefusedTick(one.row, None, one.reason, one.text) for one in refused))
    if len(cleaned.kept) == 0:
        first = "there are none"
        if all_refused:
            first = f"row {all_refused[0].row}: {all_refused[0].reason}"
            if all_refused[0].reason == REASONS[3]:
                first += " (--allow-negative takes prices of zero and below)"
        raise Invalid(
            f"none of {len(all_refused):,} rows can be used; {first}", code="data.nothing_usable"
        )
    columns = made(kind, cleaned.arrays, tick, lot)
    name = wanted.name or dataset_name(f"{instrument.id}_{kind}")
    report = report_of_ticks(name, kind, cleaned, all_refused, instrument.calendar)
    info = _info(kind, columns, lot, instrument, wanted, report)
    return ImportedTicks(info, columns, lot, report, all_refused)


def _instrument(
    rows: TickRows, wanted: Wanted, told: Decimal | None
) -> tuple[Instrument, Decimal, bool, Floor]:
    """Return the instrument, the size of a tick, whether prices are rounded to it, and which
    prices can be.
    """
    prices = tuple(column[np.isfinite(column)] for column in prices_of(rows))
    known = known_of(np.concatenate((np.empty(0), *prices)), wanted)
    if known is not None:
        return known, known.tick_size, False, floor_of(wanted, known)
    # Actions have no prices; theirs are those of shares, in cents.
    cents = np.array([0.01]) if isinstance(rows, ActionRows) else np.empty(0)
    tick, rounding = tick_of((*prices, cents), wanted, None)
    if told is not None and wanted.tick_size is None and not rounding and tick % told == 0:
        tick = told
    elif told is not None and wanted.tick_size is None and told % tick == 0:
        tick = told if not _any_off(prices, told) else tick
    amounts = [column[np.isfinite(column)] for column in quantities_of(rows)]
    quantities = np.concatenate(amounts) if amounts else np.empty(0)
    usable = rows.ts_ns[rows.ts_ns != NO_TIME]
    step_ns = DAY_NS if isinstance(rows, ActionRows) else 0
    made = guessed(usable, quantities, wanted, tick, step_ns)
    return made, tick, rounding, floor_of(wanted, None)


def _any_off(prices: tuple[Float64, ...], tick: Decimal) -> bool:
    """Tell whether any price is off a tick."""
    from fks.contexts.data.domain.precision import off_grid

    numerator, denominator = tick.as_integer_ratio()
    return any(bool(off_grid(one * denominator / numerator).any()) for one in prices)


def _lot(rows: TickRows, told: Decimal | None) -> tuple[Decimal, bool]:
    """Return the step in which quantities are kept, and whether some are rounded to it.

    It is the smallest power of ten that writes all of them: what was traded is kept exactly,
    whatever lot the instrument trades in today.
    """
    found = precision_of(quantities_of(rows))
    lot = Decimal(1).scaleb(-min(found.places, MAX_PLACES))
    if told is not None and told <= lot and lot % told == 0:
        return told, False
    return lot, not found.exact


def _told(rows: TickRows, numbers: Int64, cleaned: CleanedTicks, k: int) -> RefusedTick:
    """Return a refused row as it is kept for people."""
    at = int(cleaned.bad[k])
    ts_ns = int(rows.ts_ns[at])
    fields = rows._fields[1:]
    text = " ".join(f"{name}={rows[n + 1][at]}" for n, name in enumerate(fields))
    return RefusedTick(
        int(numbers[at]),
        None if ts_ns == NO_TIME else ts_ns,
        REASONS[int(cleaned.reason[k])],
        text,
    )


def _info(
    kind: str,
    columns: TickColumns,
    lot: Decimal,
    instrument: Instrument,
    wanted: Wanted,
    report: QualityReport,
) -> DatasetInfo:
    """Return the entry of the manifest."""
    return DatasetInfo(
        name=report.dataset,
        hash=ticks_hash(kind, columns, lot, instrument, wanted.synthetic),
        path="",
        instrument=instrument,
        timeframe="tick",
        provider=wanted.provider,
        rows=report.rows_kept,
        first_ts_ns=int(columns.ts_ns.min()),
        last_ts_ns=int(columns.ts_ns.max()),
        created_at_ns=wanted.created_at_ns,
        synthetic=wanted.synthetic,
        quarantined=report.rows_quarantined,
        score=report.score,
        source=wanted.source,
        code_version=wanted.code_version,
        kind=kind,
    )
