"""LOBSTER's message and order book files.

A message file has six columns without a header: seconds after midnight in New York, type, order
id, size, price in 1e-4 dollars, direction of the *resting* order. Types: 1 new, 2 partial cancel,
3 deletion, 4 execution of a visible order, 5 of a hidden one, 6 cross trade, 7 halt (price -1),
quoting resumed (0), trading resumed (1). Row k of the order book file is the book after message k:
(ask price, ask size, bid price, bid size) per level. Source: lobsterdata.com, "Output structure".
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from fks.contexts.execution.domain.simulation.events import BUY, LAST, SELL, L3Kind, rows
from fks.kernel.errors import Invalid, NotFound

__all__ = ["day_of", "read_book", "read_messages"]

_NAME = re.compile(r"_(\d{4}-\d{2}-\d{2})_\d+_\d+_(?:message|orderbook)_(\d+)\.csv(?:\.gz)?$")
_ZONE = ZoneInfo("America/New_York")
_PER_DOLLAR = 10_000
_EMPTY = 9_999_999_999
_KINDS = {
    1: L3Kind.ADD,
    2: L3Kind.CANCEL,
    3: L3Kind.CANCEL,
    4: L3Kind.EXECUTE,
    5: L3Kind.HIDDEN,
    6: L3Kind.TRADE,
}


def day_of(path: Path) -> date:
    """Return the trading day that a file's name states. Raises `Invalid` where it has none."""
    found = _NAME.search(path.name)
    if found is None:
        raise Invalid(
            f"{path.name} is not named as LOBSTER names its files, "
            "like AAPL_2012-06-21_34200000_57600000_message_10.csv",
            code="execution.recording_name",
        )
    return date.fromisoformat(found[1])


def read_messages(path: Path, tick_size: Decimal = Decimal("0.01")) -> npt.NDArray[Any]:
    """Return a message file as rows of `L3_EVENT`, times in UTC ns.

    Raises `NotFound` where there is no such file, `Invalid` for one of another shape or a price
    off the tick.
    """
    day = day_of(path)
    columns = _columns(path)
    if len(columns) != 6:
        raise Invalid(
            f"{path.name} has {len(columns)} columns, a message file has 6",
            code="execution.recording_shape",
        )
    seconds, types, ids, sizes, prices, directions = columns
    unknown = sorted(set(types.astype(np.int64).tolist()) - {*_KINDS, 7})
    if unknown:
        raise Invalid(f"{path.name}: message type {unknown[0]}", code="execution.recording_shape")
    midnight = datetime(day.year, day.month, day.day, tzinfo=_ZONE)
    found = rows(len(seconds))
    # a double holds seconds of a day to 1e-11, so the nearest nanosecond is the written one
    found["ts_ns"] = int(midnight.timestamp()) * 10**9 + np.rint(seconds * 1e9).astype(np.int64)
    found["id"] = ids.astype(np.uint64)
    found["lots"] = sizes.astype(np.int64)
    found["side"] = np.where(directions > 0, BUY, SELL)
    found["flags"] = LAST
    types = types.astype(np.int64)
    for number, kind in _KINDS.items():
        found["kind"][types == number] = kind
    halted = types == 7
    found["kind"][halted] = np.where(prices[halted] < 0, L3Kind.HALT, L3Kind.RESUME)
    hidden = types == 5  # the row names the resting side, a HIDDEN the aggressor's
    found["side"][hidden] = 1 - found["side"][hidden]
    found["side"][types == 6] = 2
    booked = (types <= 4) | hidden
    # a hidden order may rest between two ticks, at the midpoint: its trade is put at the tick below
    found["price"][hidden] = prices[hidden].astype(np.int64) // _unit(tick_size)
    found["price"][types == 6] = prices[types == 6].astype(np.int64) // _unit(tick_size)
    exact = booked & ~hidden
    found["price"][exact] = _ticks(prices[exact].astype(np.int64), tick_size, path)
    return found


def read_book(path: Path, tick_size: Decimal = Decimal("0.01")) -> npt.NDArray[np.int64]:
    """Return an order book file as int64[rows, levels, 4]: ask price, ask lots, bid price, lots.

    Prices are ticks; a level that does not exist has 0 lots. Raises as `read_messages`.
    """
    columns = _columns(path)
    if not columns or len(columns) % 4:
        raise Invalid(
            f"{path.name} has {len(columns)} columns, an order book file has 4 a level",
            code="execution.recording_shape",
        )
    table = np.stack(columns, axis=1).astype(np.int64).reshape(len(columns[0]), -1, 4)
    for price, lots in ((0, 1), (2, 3)):
        there = np.abs(table[:, :, price]) < _EMPTY
        table[:, :, lots][~there] = 0
        table[:, :, price][~there] = 0
        table[:, :, price][there] = _ticks(table[:, :, price][there], tick_size, path)
    return table


def _columns(path: Path) -> list[npt.NDArray[np.float64]]:
    """Return the columns of a CSV file without a header, plain or gzipped."""
    if not path.exists():
        raise NotFound(f"there is no file {path}", code="execution.recording_not_found")
    try:
        table = csv.read_csv(path, read_options=csv.ReadOptions(autogenerate_column_names=True))
        return [column.cast(pa.float64()).to_numpy() for column in table.columns]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise Invalid(
            f"{path.name} cannot be read as CSV of numbers: {error}",
            code="execution.recording_shape",
        ) from error


def _unit(tick_size: Decimal) -> int:
    """Return how many 1e-4 dollars a tick is."""
    unit = tick_size * _PER_DOLLAR
    if unit != unit.to_integral_value() or unit < 1:
        raise Invalid(
            f"LOBSTER's prices are whole 0.0001 dollars; a tick of {tick_size} is not",
            code="execution.bad_instrument",
        )
    return int(unit)


def _ticks(prices: npt.NDArray[np.int64], tick_size: Decimal, path: Path) -> npt.NDArray[np.int64]:
    """Return prices in ticks, refusing one that is no whole number of them."""
    unit = _unit(tick_size)
    off = prices % unit != 0
    if off.any():
        raise Invalid(
            f"{path.name}: a price of {int(prices[off][0]) / _PER_DOLLAR:.4f} is off the tick of "
            f"{tick_size}; give the instrument's own tick size",
            code="execution.recording_off_tick",
        )
    return prices // unit
