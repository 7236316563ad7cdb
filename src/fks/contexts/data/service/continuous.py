"""Make one dataset of the rolling series of a product's contracts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from fks.contexts.data.adapters.calendars import (
    expected_coverage,
    session_spans,
)
from fks.contexts.data.adapters.fingerprint import fingerprint
from fks.contexts.data.domain.content import dataset_name
from fks.contexts.data.domain.continuous import (
    ADJUSTMENTS,
    Leg,
    Rolled,
    fronts_by_day,
    fronts_by_open_interest,
    fronts_by_volume,
    rolled,
    sessions_of,
    unmeasured,
)
from fks.contexts.data.domain.expiries import Contract, contract_of
from fks.contexts.data.domain.imports import Imported, Wanted, import_table
from fks.contexts.data.domain.registry.registry import BUILT_IN, Registry
from fks.contexts.data.domain.rolls import RollRow, RollTable
from fks.contexts.data.domain.table import RawTable
from fks.contexts.data.domain.timeframes import DAY_NS, timeframe_ns
from fks.contexts.data.service.expiring import check_month, sessions_before, sessions_between
from fks.contexts.data.service.interests import check_files, interests
from fks.contexts.data.store import check_name
from fks.contexts.data.store.rolls import FILE, encoded
from fks.contexts.data.store.stored import StoredDataset
from fks.contracts.columns import BarColumns, Int64
from fks.contracts.data.datasets import Provenance
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid

__all__ = ["Continuous", "continuous", "roll_days"]

_EXPIRY = re.compile(r"expiry:(\d{1,2})\Z")
_OPEN_INTEREST = re.compile(r"open-interest(?::([0-5]))?\Z")
_MOST_SESSIONS = 30
_EPOCH = date(1970, 1, 1)


class Continuous(NamedTuple):
    """The dataset and its rolls, and how many rows lie outside of sessions."""

    imported: Imported
    table: RollTable
    outside: int


def continuous(
    datasets: Sequence[StoredDataset],
    roll: str,
    adjust: str,
    name: str | None,
    *,
    now_ns: int,
    code_version: str,
    registry: Registry = BUILT_IN,
    open_interest: Sequence[Path] = (),
) -> Continuous:
    """Return the rolling series of some contracts of one product.

    `roll` is `expiry:N` (N sessions before the expiry the next contract is in front),
    `first-of-month` (of the delivery month), `volume`, or `open-interest` with the files that tell
    it; `adjust` one of `ADJUSTMENTS`. Raises `Invalid` for contracts that do not belong together,
    a rule that is none, a product whose expiry is not known, and for an adjustment that cannot be
    measured or leaves no price.
    """
    before = _sessions_before(roll)
    by_interest = _OPEN_INTEREST.match(roll)
    check_files(by_interest is not None, open_interest)
    if adjust not in ADJUSTMENTS:
        there = ", ".join(ADJUSTMENTS)
        raise Invalid(f"no adjustment {adjust[:20]!r}; there are {there}", code="data.bad_roll")
    contracts, chosen = _chain(datasets)
    instrument = _instrument(contracts[0].product, chosen)
    found = [_leg(c, one) for c, one in zip(contracts, chosen, strict=True)]
    legs, outside = [leg for leg, _ in found], sum(count for _, count in found)
    days = sessions_of(legs)
    if not len(days):
        raise Invalid("the contracts have no bar in any session", code="data.nothing_usable")
    if roll == "volume":
        front = fronts_by_volume(days, legs)
    elif by_interest is None:
        front = fronts_by_day(days, roll_days(contracts, before, instrument.calendar, registry))
    else:
        told = interests(contracts, chosen, open_interest, days)
        front = fronts_by_open_interest(days, legs, told, int(by_interest[1] or 0))
    series = _series(legs, days, front, adjust)
    table = RollTable(
        product=instrument.id,
        roll=roll,
        adjust=adjust,
        rolls=_rows(series, legs, instrument),
        bars={leg.code: rows for leg, rows in zip(legs, series.rows, strict=True)},
    )
    wanted = _wanted(instrument, chosen, table, name)
    wanted = msgspec.structs.replace(wanted, created_at_ns=now_ns, code_version=code_version)
    made_by = Provenance(
        kind="derived",
        command=f"continuous roll={roll} adjust={adjust}",
        sources=tuple(one for path in open_interest for one in fingerprint(path)),
        parents=tuple(one.info.hash for one in chosen),
        code_version=code_version,
    )
    imported = import_table(_table(series.columns), wanted, expected_coverage)
    beside = ((FILE, encoded(table)),)
    return Continuous(imported._replace(provenance=made_by, beside=beside), table, outside)


def _wanted(
    instrument: Instrument, datasets: Sequence[StoredDataset], table: RollTable, name: str | None
) -> Wanted:
    """Return what the new dataset is, but for when it was made."""
    timeframe, codes = datasets[0].info.timeframe, ", ".join(table.bars)
    providers = {one.info.provider for one in datasets}
    plain = f"{instrument.id}_{timeframe}_{table.roll}_{table.adjust}".replace(":", "")
    return Wanted(
        symbol=instrument.id,
        name=dataset_name(plain) if name is None else check_name(name),
        instrument=instrument,
        timeframe=timeframe,
        provider=providers.pop() if len(providers) == 1 else "several",
        source=f"{codes}, rolled by {table.roll}, adjusted by {table.adjust}",
        synthetic=any(one.info.synthetic for one in datasets),
        allow_negative=True,  # what was taken once
    )


def roll_days(
    contracts: Sequence[Contract],
    before: int | None,
    calendar: str,
    registry: Registry = BUILT_IN,
) -> Int64:
    """Return the day from which each contract is not in front any more.

    That is `before` sessions of the calendar before its expiry; None: the first of the delivery
    month. Raises `Invalid` for a product whose expiry is not known, and for a month it has not.
    """
    product = registry.products.get(contracts[0].product)
    if product is None:
        raise Invalid(
            f"when contracts of {contracts[0].product} expire is not known: fks instruments set "
            f"{contracts[0].product} tick=... last_day=...; --roll volume needs no expiry",
            code="data.unknown_expiry",
        )
    days = []
    for one in contracts:
        check_month(product, one)
        if before is None:
            days.append((date(one.year, one.month, 1) - _EPOCH).days)
        else:
            days.append(sessions_before(product, one, before, calendar))
    return np.array(days, dtype=np.int64)


def _sessions_before(roll: str) -> int | None:
    """Return the sessions of `expiry:N`, None for the other rules. Raises `Invalid` for none."""
    if roll in ("first-of-month", "volume") or _OPEN_INTEREST.match(roll):
        return None
    match = _EXPIRY.match(roll)
    if match is None or int(match[1]) > _MOST_SESSIONS:
        raise Invalid(
            f"no roll rule {roll[:20]!r}; write expiry:N with N sessions from 0 to "
            f"{_MOST_SESSIONS}, first-of-month, volume or open-interest",
            code="data.bad_roll",
        )
    return int(match[1])


def _chain(
    datasets: Sequence[StoredDataset],
) -> tuple[tuple[Contract, ...], tuple[StoredDataset, ...]]:
    """Return contracts and their datasets by time. Raises `Invalid` where they make no chain."""
    found: dict[Contract, StoredDataset] = {}
    for one in datasets:
        info = one.info
        last_year = (_EPOCH + timedelta(info.last_ts_ns // DAY_NS)).year
        contract = contract_of(info.instrument.id, last_year)
        if contract in found:
            raise Invalid(
                f"{found[contract].info.name} and {info.name} are both {contract.code}; name each "
                "contract once",
                code="data.no_chain",
            )
        found[contract] = one
    frames = {one.info.timeframe for one in datasets}
    products = {one.product for one in found}
    if len(found) < 2 or len(products) > 1 or len(frames) > 1:
        have = f"{', '.join(sorted(products))} in {', '.join(sorted(frames))}"
        raise Invalid(
            "name at least two contracts of one product, with bars of one timeframe; these are "
            f"{len(found)}: {have}",
            code="data.no_chain",
        )
    if timeframe_ns(frames.pop()) > DAY_NS:
        raise Invalid("bars longer than a day hold more than a session", code="data.no_chain")
    contracts = tuple(sorted(found))
    return contracts, tuple(found[one] for one in contracts)


def _instrument(product: str, datasets: Sequence[StoredDataset]) -> Instrument:
    """Return the product's instrument. Raises `Invalid` where contracts differ in their sizes."""
    made = [msgspec.structs.replace(one.info.instrument, id=product) for one in datasets]
    for one, dataset in zip(made, datasets, strict=True):
        if msgspec.structs.replace(one, description=made[0].description) != made[0]:
            raise Invalid(
                f"{dataset.info.name} has another tick, lot, multiplier, currency or calendar "
                f"than {datasets[0].info.name}; import them alike",
                code="data.no_chain",
            )
    return made[0]


def _leg(contract: Contract, dataset: StoredDataset) -> tuple[Leg, int]:
    """Return a contract's bars with their sessions, and how many rows lie between sessions.

    A daily bar on a day without a session (a Sunday evening) belongs to the next one.
    """
    info, columns = dataset.info, dataset.columns()
    calendar = info.instrument.calendar
    if timeframe_ns(info.timeframe) >= DAY_NS:
        date_of = (columns.ts_ns + DAY_NS // 2) // DAY_NS
        sessions = np.array(
            sessions_between(int(date_of[0]), int(date_of[-1]) + 14, calendar), dtype=np.int64
        )
        return Leg(contract.code, columns, sessions[np.searchsorted(sessions, date_of)]), 0
    spans = session_spans(info.first_ts_ns, info.last_ts_ns, calendar)
    place = np.searchsorted(spans.begins, columns.ts_ns, side="right") - 1
    inside = (place >= 0) & (columns.ts_ns < spans.ends[place])
    kept = columns if inside.all() else _where(columns, np.flatnonzero(inside))
    return Leg(contract.code, kept, spans.stamps[place[inside]] // DAY_NS), int((~inside).sum())


def _where(columns: BarColumns, index: Int64) -> BarColumns:
    """Return some of the bars."""
    return BarColumns(
        ts_ns=columns.ts_ns[index],
        open_ticks=columns.open_ticks[index],
        high_ticks=columns.high_ticks[index],
        low_ticks=columns.low_ticks[index],
        close_ticks=columns.close_ticks[index],
        volume=columns.volume[index],
        tick_size=columns.tick_size,
    )


def _series(legs: Sequence[Leg], days: Int64, front: Int64, adjust: str) -> Rolled:
    """Join the contracts. Raises `Invalid` where prices cannot be compared or are none."""
    missing = None if adjust == "none" else unmeasured(legs, days, front)
    if missing is not None:
        raise Invalid(
            f"{legs[missing.before].code} and {legs[missing.after].code} have no bar of the same "
            f"time in the five sessions before the roll of {_iso_day(missing.day)}, so their "
            "prices cannot be compared: import more of them, or use --adjust none",
            code="data.unmeasured_roll",
        )
    lowest = [int(leg.columns.low_ticks.min(initial=1)) for leg in legs]
    if adjust == "ratio" and min(lowest) <= 0:
        code = legs[lowest.index(min(lowest))].code
        raise Invalid(
            f"prices of {code} are zero or below, and no ratio can be taken of them: use --adjust "
            "difference or none",
            code="data.bad_roll",
        )
    series = rolled(legs, days, front, adjust)
    if not len(series.columns):
        raise Invalid(
            "no contract has a bar while it is in front; other contracts, or another --roll",
            code="data.nothing_usable",
        )
    if int(series.columns.low_ticks.min()) <= 0 < min(lowest):
        raise Invalid(
            f"adjusted by {adjust}, prices of {legs[0].code} are not positive any more: use "
            "--adjust ratio, or fewer contracts",
            code="data.bad_roll",
        )
    return series


def _rows(series: Rolled, legs: Sequence[Leg], instrument: Instrument) -> tuple[RollRow, ...]:
    """Return the rolls for people: dates, codes and prices."""
    tick = instrument.tick_size
    rows = []
    for one in series.rolls:
        row = RollRow(
            session=_iso_day(one.day), before=legs[one.before].code, after=legs[one.after].code
        )
        if one.before_ticks is not None and one.after_ticks is not None:
            row = row.measured(one.measured_at_ns or 0, one.before_ticks, one.after_ticks, tick)
        rows.append(row)
    return tuple(rows)


def _iso_day(day: int) -> str:
    """Return a day since 1970-01-01 as a date."""
    return (_EPOCH + timedelta(day)).isoformat()


def _table(bars: BarColumns) -> RawTable:
    """Return columns as a table to check."""
    row = np.arange(1, len(bars) + 1, dtype=np.int64)
    return RawTable(row, bars.ts_ns, bars.open, bars.high, bars.low, bars.close, bars.volume)
