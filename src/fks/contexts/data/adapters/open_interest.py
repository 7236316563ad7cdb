"""Read open interest by contract: LEAN's daily zips, and CSV or Parquet by columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from fks.contexts.data.adapters.archives import members_of, opened
from fks.contexts.data.adapters.stamps import read_times, zone_of
from fks.contexts.data.domain.expiries import Contract, contract_of
from fks.contexts.data.domain.table import NO_TIME
from fks.contexts.data.domain.timeframes import DAY_NS
from fks.contracts.columns import Float64, Int64
from fks.kernel.errors import Invalid, NotFound

__all__ = ["Told", "read_open_interest"]

_MOST_BYTES = 256 << 20
_MOST_ROWS = 5_000_000
_LEAN = re.compile(r"(?:.*/)?([a-z0-9]+)_openinterest_(\d{6})\.csv\Z")
_LEAN_ROW = re.compile(r"(\d{8}) 00:00,(\d+(?:\.0+)?)\Z")
_TIMES = ("ts", "ts_ns", "date", "time", "datetime", "timestamp")
_CONTRACTS = ("contract", "symbol", "instrument", "ticker")
_VALUES = ("open_interest", "openinterest", "oi")
_EPOCH = date(1970, 1, 1)


class Told(NamedTuple):
    """Open interest of a contract by time, ascending: when it was told, and how many contracts.

    `dates` says that times are midnights UTC of dates.
    """

    ts_ns: Int64
    interest: Float64
    dates: bool


def read_open_interest(path: Path, year: int) -> Mapping[Contract, Told]:
    """Return the open interest of each contract of a file; `year` is that of the last bar.

    Times are those at which it was told, naive ones UTC; a date is the day on which it was told.
    Raises `NotFound`, and `Invalid` for a file that is none or contradicts itself.
    """
    if not path.is_file():
        raise NotFound(f"no file {path}", code="data.no_file")
    if path.stat().st_size > _MOST_BYTES:
        raise _bad(path, f"it is longer than {_MOST_BYTES >> 20} MiB")
    if path.suffix == ".zip" and any(_LEAN.match(name) for name in members_of(path)):
        return _lean(path)
    names, ts_ns, interest = _table(path)
    found = {}
    for name in sorted(set(names.tolist())):
        contract = contract_of(name, year)
        rows = names == name
        if contract in found:
            raise _bad(path, f"two names are both {contract.code}")
        found[contract] = _told(path, contract.code, ts_ns[rows], interest[rows])
    return found


def _told(path: Path, code: str, ts_ns: Int64, interest: Float64) -> Told:
    """Return values in the order of their times. Raises `Invalid` for two of one time."""
    if bool((ts_ns == NO_TIME).any()) or not bool(np.isfinite(interest).all()):
        raise _bad(path, f"a time or number of {code} cannot be read")
    if bool((interest < 0).any()):
        raise _bad(path, f"open interest of {code} is below 0")
    order = np.argsort(ts_ns, kind="stable")
    ts_ns, interest = ts_ns[order], interest[order]
    if bool((ts_ns[1:] == ts_ns[:-1]).any()):
        raise _bad(path, f"it tells {code} twice at one time")
    return Told(ts_ns, interest, bool((ts_ns % DAY_NS == 0).all()))


def _table(path: Path) -> tuple[np.ndarray[tuple[int], np.dtype[np.object_]], Int64, Float64]:
    """Return contracts, times and values of a table."""
    try:
        if path.suffix in (".parquet", ".pq"):
            if pq.ParquetFile(path).metadata.num_rows > _MOST_ROWS:
                raise _bad(path, f"it has more than {_MOST_ROWS:,} rows")
            table = pq.read_table(path, use_threads=False)
        else:
            with opened(path) as stream:
                content = stream.read(_MOST_BYTES + 1)
            if len(content) > _MOST_BYTES:
                raise _bad(path, f"it is longer than {_MOST_BYTES >> 20} MiB")
            table = pyarrow.csv.read_csv(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        raise _bad(path, str(error).splitlines()[0][:120]) from None
    there = {name.strip().lower(): name for name in table.column_names}
    columns = [
        next((there[one] for one in words if one in there), None)
        for words in (_CONTRACTS, _TIMES, _VALUES)
    ]
    if None in columns:
        raise _bad(path, "it needs columns date (or ts), contract and open_interest")
    if table.num_rows > _MOST_ROWS:
        raise _bad(path, f"it has more than {_MOST_ROWS:,} rows")
    names, times, values = (table[name].combine_chunks() for name in columns)
    try:
        numbers = pc.cast(values, pa.float64())
    except pa.ArrowException:
        raise _bad(path, "its open interest is no number") from None
    if pa.types.is_timestamp(times.type) or pa.types.is_date(times.type):
        utc = pa.timestamp("ns", tz="UTC" if getattr(times.type, "tz", None) else None)
        stamps = pc.fill_null(pc.cast(pc.cast(times, utc), pa.int64()), NO_TIME)
        ts_ns = np.asarray(stamps.to_numpy(zero_copy_only=False), dtype=np.int64)
    else:
        ts_ns = read_times(pc.fill_null(pc.cast(times, pa.string()), ""), zone_of("UTC"))
    texts = pc.fill_null(pc.cast(names, pa.string()), "")
    interest = numbers.to_numpy(zero_copy_only=False).astype(np.float64)
    return texts.to_numpy(zero_copy_only=False), ts_ns, interest


def _lean(path: Path) -> Mapping[Contract, Told]:
    """Return the open interest of LEAN's zip of days: a file of dates a contract."""
    found = {}
    for member in members_of(path):
        match = _LEAN.match(member)
        if match is None or not 1 <= int(match[2][4:]) <= 12:
            continue
        contract = Contract(match[1].upper(), int(match[2][:4]), int(match[2][4:]))
        with opened(path, member) as stream:
            text = stream.read(_MOST_BYTES).decode("ascii", "replace")
        rows = [_LEAN_ROW.match(line) for line in text.splitlines()]
        try:
            days = [date.fromisoformat(row[1]) for row in rows if row is not None]
        except ValueError:
            days = []
        if not days or len(days) != len(rows):
            raise _bad(path, f"{member[:60]} is none of LEAN's daily files of open interest")
        ts_ns = np.array([(day - _EPOCH).days * DAY_NS for day in days], dtype=np.int64)
        interest = np.array([float(row[2]) for row in rows if row is not None])
        found[contract] = _told(path, contract.code, ts_ns, interest)
    return found


def _bad(path: Path, why: str) -> Invalid:
    """Return the error of a file."""
    return Invalid(f"{path.name}: {why}", code="data.bad_open_interest")
