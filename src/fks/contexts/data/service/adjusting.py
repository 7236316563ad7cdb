"""Make a dataset whose prices before splits and dividends can be compared with those after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

import msgspec
import numpy as np

from fks.contexts.data.adapters.calendars import expected_coverage, local_dates
from fks.contexts.data.domain.actions import (
    HOW,
    Action,
    Step,
    adjusted,
    by_day,
    steps_of,
    unadjusted,
)
from fks.contexts.data.domain.adjustments import FILE, AdjustmentTable, encoded, rows_of_steps
from fks.contexts.data.domain.content import dataset_name
from fks.contexts.data.domain.imports import Imported, Wanted, import_table
from fks.contexts.data.domain.instruments import with_sizes
from fks.contexts.data.domain.table import RawTable
from fks.contexts.data.domain.ticks.corporate import actions_of_columns
from fks.contexts.data.domain.timeframes import DAY_NS, clock_ns, timeframe_ns
from fks.contexts.data.store import check_name
from fks.contexts.data.store.adjustments import adjustment_of
from fks.contexts.data.store.stored import StoredDataset
from fks.contracts.columns import BarColumns, Int64
from fks.contracts.data.datasets import Provenance, SourceFile
from fks.contracts.data.ticks import ActionColumns
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid

__all__ = ["AdjustRequest", "Adjusted", "adjust", "dataset_actions"]

_EPOCH = date(1970, 1, 1)


class AdjustRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to do: `how` is one of `splits`, `total` (and dividends) and `none` (undo splits).

    With `as_of` neither bars nor actions after that day are known. `source` says where the actions
    are from: `sources` are files, `actions` is the hash of a dataset. `later` counts actions that
    are not even given, since they are after that day.
    """

    how: str
    source: str
    sources: tuple[SourceFile, ...] = ()
    actions: str = ""
    later: int = 0
    as_of: date | None = None
    tick_size: str | None = None
    name: str | None = None
    now_ns: int = 0
    code_version: str = ""


class Adjusted(NamedTuple):
    """The dataset and its table of factors."""

    imported: Imported
    table: AdjustmentTable


def adjust(dataset: StoredDataset, actions: Sequence[Action], request: AdjustRequest) -> Adjusted:
    """Return the dataset as the actions make it.

    Raises `Invalid` for bars longer than a day, for actions that cannot be, where a dividend has
    no close to be compared with, and where a price is less than half of a tick.
    """
    dataset.only_bars()
    info = dataset.info
    if request.how not in HOW:
        raise Invalid(f"no adjustment {request.how[:20]!r}; there are {', '.join(HOW)}")
    if clock_ns(info.timeframe) > DAY_NS:
        raise Invalid(
            f"a bar of {info.timeframe} lies on both sides of an ex-date: adjust days or shorter "
            "bars, then fks data resample",
            code="data.bad_timeframe",
        )
    _not_twice(dataset, request.how)
    bars, days = _known(dataset, request.as_of)
    last = int(days[-1]) if request.as_of is None else (request.as_of - _EPOCH).days
    merged = by_day(actions)
    in_time = [one for one in merged if one.day <= last]
    steps = steps_of(bars, days, in_time, "total" if request.how == "total" else "splits")
    instrument = with_sizes(info.instrument, tick_size=request.tick_size)
    made = _made(bars, days, steps, instrument, undo=request.how == "none")
    table = AdjustmentTable(
        dataset=f"{info.name}@{info.hash[:12]}",
        how=request.how,
        as_of=(_EPOCH + timedelta(last)).isoformat(),
        source=request.source,
        rows=rows_of_steps(steps),
        later=request.later + len(merged) - len(in_time),
        unused=sum(one.day <= int(days[0]) for one in in_time),
    )
    imported = import_table(_table(made), _wanted(dataset, instrument, request), expected_coverage)
    told = "" if request.as_of is None else f" as_of={request.as_of}"
    made_by = Provenance(
        kind="derived",
        command=f"adjust how={request.how} actions={request.source}{told}",
        sources=request.sources,
        parents=(info.hash, request.actions) if request.actions else (info.hash,),
        code_version=request.code_version,
    )
    beside = ((FILE, encoded(table)),)
    return Adjusted(imported._replace(provenance=made_by, beside=beside), table)


def dataset_actions(
    dataset: StoredDataset, of: Instrument, symbol: str | None, as_of: date | None
) -> tuple[tuple[Action, ...], int]:
    """Return the actions of a dataset up to a day, and how many are later.

    Those later are not read, so that they may be sealed. Raises `Invalid` where it holds none, or
    those of another symbol or currency than the bars are of.
    """
    info = dataset.info
    if info.kind != "actions":
        raise Invalid(
            f"{info.name} holds {info.kind}, no actions: import a file of splits and dividends, or "
            "fks data fetch SYMBOL --from polygon --kind actions",
            code="data.not_actions",
        )
    theirs = info.instrument
    if theirs.id != (symbol or of.id):
        raise Invalid(
            f"{info.name} holds actions of {theirs.id}, and the bars are of {of.id}: "
            f"--symbol {theirs.id} says that they are meant",
            code="data.bad_action",
        )
    if theirs.currency != of.currency:
        raise Invalid(
            f"{info.name} tells dividends in {theirs.currency}, the prices are in {of.currency}",
            code="data.bad_action",
        )
    if as_of is None:
        return _actions(dataset, 2**63 - 1), 0
    end_ns = ((as_of - _EPOCH).days + 1) * DAY_NS
    later = int((dataset.times() >= end_ns).sum())
    return (_actions(dataset, end_ns) if later < info.rows else ()), later


def _actions(dataset: StoredDataset, to_ts_ns: int) -> tuple[Action, ...]:
    """Read actions before a time."""
    columns = dataset.ticks(0, to_ts_ns)
    assert isinstance(columns, ActionColumns), "a dataset of actions holds actions"
    return actions_of_columns(columns)


def _not_twice(dataset: StoredDataset, how: str) -> None:
    """Raise `Invalid` where bars were adjusted already, or cannot be brought back."""
    before = adjustment_of(dataset.info)
    if before is None or before.how == "none" or (how == "none" and before.how == "splits"):
        return
    raise Invalid(
        f"{dataset.info.name} is adjusted already ({before.how}); adjust {before.dataset}, which "
        "it was made of",
        code="data.adjusted_already",
    )


def _known(dataset: StoredDataset, as_of: date | None) -> tuple[BarColumns, Int64]:
    """Return the bars up to a day, and their dates. Raises `Invalid` where there is none."""
    info, bars = dataset.info, dataset.columns()
    days = local_dates(bars.ts_ns, timeframe_ns(info.timeframe), info.instrument.calendar)
    if as_of is None:
        return bars, days
    end = int(np.searchsorted(days, (as_of - _EPOCH).days, side="right"))
    if not end:
        raise Invalid(f"{info.name} has no bar up to {as_of}", code="data.nothing_usable")
    return bars[:end], days[:end]


def _made(
    bars: BarColumns, days: Int64, steps: Sequence[Step], instrument: Instrument, *, undo: bool
) -> BarColumns:
    """Return the bars after the steps. Raises `Invalid` where a price becomes nothing."""
    tick, lot = instrument.tick_size, instrument.lot_size
    change = unadjusted if undo else adjusted
    made = change(bars, days, steps, tick, lot)
    if int(made.low_ticks.min()) <= 0 < int(bars.low_ticks.min()):
        finer = Decimal(tick) / 100
        raise Invalid(
            f"early prices are less than half a tick of {tick} after these actions: add "
            f"--tick-size {finer:f}",
            code="data.bad_action",
        )
    return made


def _wanted(dataset: StoredDataset, instrument: Instrument, request: AdjustRequest) -> Wanted:
    """Return what the new dataset is."""
    info, how = dataset.info, "raw" if request.how == "none" else request.how
    until = "" if request.as_of is None else f"_{request.as_of:%Y%m%d}"
    plain = f"{info.name[:40]}_{how}{until}"
    return Wanted(
        symbol=instrument.id,
        name=dataset_name(plain) if request.name is None else check_name(request.name),
        instrument=instrument,
        timeframe=info.timeframe,
        provider=info.provider,
        source=f"{info.name}@{info.hash[:12]}, {request.how} by {request.source}",
        synthetic=info.synthetic,
        allow_negative=True,  # what was taken once
        created_at_ns=request.now_ns,
        code_version=request.code_version,
    )


def _table(bars: BarColumns) -> RawTable:
    """Return columns as a table to check."""
    row = np.arange(1, len(bars) + 1, dtype=np.int64)
    return RawTable(row, bars.ts_ns, bars.open, bars.high, bars.low, bars.close, bars.volume)
