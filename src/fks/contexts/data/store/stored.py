"""A dataset on disk: its columns, its report, its windows.

Whole columns are read memory-mapped; DuckDB answers for windows of what is not in memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fks.contexts.data.domain.content import dataset_hash, with_known_at
from fks.contexts.data.domain.manifest import Recorded, manifest_of
from fks.contexts.data.domain.quality import iso
from fks.contexts.data.domain.table import RawTable, taken
from fks.contexts.data.domain.ticks.content import TickColumns, arrays_of, made, ticks_hash
from fks.contexts.data.store.bars import (
    AS_TICKS,
    BARS,
    prices_in_sql,
    read_bars,
    read_rows,
    read_times,
)
from fks.contexts.data.store.hot import HotColumns
from fks.contexts.data.store.ticks import read_ticks
from fks.contexts.data.store.ticks import read_times as read_tick_times
from fks.contexts.data.store.written import KNOWN_AT
from fks.contracts.columns import BarColumns, Int64
from fks.contracts.data import DatasetInfo, QualityReport
from fks.contracts.data.datasets import DatasetManifest
from fks.kernel.errors import Invalid, NotFound, Unavailable

__all__ = ["Guard", "StoredDataset", "load"]

_COLUMNS = ("ts_ns", "open", "high", "low", "close", "volume")
_WITHIN = "FROM read_parquet(?) WHERE ts_ns >= ? AND ts_ns < ?"
_COUNT = f"SELECT count(*) {_WITHIN}"
_SELECT = "SELECT {columns} " + _WITHIN + " ORDER BY ts_ns {order} LIMIT ?"
T = TypeVar("T")
_GLOB = re.compile(r"[*?\[\]]")  # what DuckDB would take for a pattern


Guard = Callable[[DatasetInfo, int, int], None]
"""What a read passes before it is answered; raises `Denied`."""


class StoredDataset:
    """A dataset on disk."""

    def __init__(self, info: DatasetInfo, folder: Path) -> None:
        self.guard: Guard | None = None
        self.hot: HotColumns | None = None
        self._info = info
        self._folder = folder
        self._columns: BarColumns | None = None
        self._ticks: tuple[TickColumns, Decimal] | None = None
        self._known: Any = None  # a mask of the bars that this view has

    @property
    def info(self) -> DatasetInfo:
        """Return the manifest's entry."""
        return self._info

    def columns(self, from_ts_ns: int = 0, to_ts_ns: int = 2**63 - 1) -> BarColumns:
        """Return the bars opening in `[from_ts_ns, to_ts_ns)`.

        Raises `Unavailable` when the file cannot be read any more, `Denied` for sealed bars.
        """
        self.allow(from_ts_ns, to_ts_ns)
        if self._columns is None:
            self._columns = self._opened()
        return _between(self._columns, from_ts_ns, to_ts_ns)

    def allow(self, from_ts_ns: int = 0, to_ts_ns: int = 2**63 - 1) -> None:
        """Let a read of bars pass. Raises `Denied` where the vault holds them."""
        if self.guard is not None:
            self.guard(self._info, from_ts_ns, to_ts_ns)

    def only_bars(self) -> None:
        """Raise `Invalid` where it holds no bars, before anything is read."""
        if self._info.kind != "bars":
            raise Invalid(
                f"{self._info.name} holds {self._info.kind}, not bars: make bars of it with fks "
                f"data aggregate {self._info.name}",
                code="data.not_bars",
            )

    def ticks(self, from_ts_ns: int = 0, to_ts_ns: int = 2**63 - 1) -> TickColumns:
        """Return the rows of a dataset of ticks in `[from_ts_ns, to_ts_ns)`.

        Raises `Invalid` for bars, `Unavailable` for a damaged file, `Denied` for sealed rows.
        """
        if self._info.kind == "bars":
            raise Invalid(
                f"{self._info.name} holds bars, no ticks: open its columns", code="data.not_ticks"
            )
        self.allow(from_ts_ns, to_ts_ns)
        if self._ticks is None:
            self._ticks = self._read_ticks()
        columns = self._ticks[0]
        begin = from_ts_ns if from_ts_ns > 0 else -(2**63)  # dividends are older than 1970
        within = (columns.ts_ns >= begin) & (columns.ts_ns < to_ts_ns)
        if bool(within.all()):
            return columns
        arrays = [one[within] for one in arrays_of(columns)]
        return made(self._info.kind, arrays, columns.tick_size, self._ticks[1])

    def _read_ticks(self) -> tuple[TickColumns, Decimal]:
        """Read all rows of ticks and the step of their quantities."""
        info = self._info
        return self._whole(lambda: read_ticks(self._folder, info.kind, info.instrument))

    def times(self) -> Int64:
        """Return the opens of all bars, or the times of all ticks, which no seal hides."""
        kind = self._info.kind
        if kind != "bars":
            return self._whole(lambda: read_tick_times(self._folder, kind))
        path = self._bars
        found = self._whole(lambda: read_times(path, self._rows))
        return found if self._known is None else found[self._known]

    def _opened(self) -> BarColumns:
        """Return the columns: mapped, where this version is opened often; else unpacked."""
        hot = self.hot if self._known is None else None
        found = None if hot is None else hot.open(self._info)
        if found is None:
            found = self._load()
            if hot is not None:
                hot.seen(self._info, found)
        return found

    @property
    def _bars(self) -> Path:
        """Return where the bars lie. Raises `Invalid` where it holds none."""
        self.only_bars()
        return self._folder / BARS

    @property
    def _rows(self) -> int:
        """Return how many rows the file holds, whatever is known of them."""
        return self._info.rows if self._known is None else len(self._known)

    def _load(self) -> BarColumns:
        """Read the columns. Raises `Unavailable` when the file cannot be read any more."""
        path, tick = self._bars, self._info.instrument.tick_size
        found = self._whole(lambda: read_bars(path, self._rows, tick))
        if self._known is None:
            return found
        known = {name: getattr(found, name)[self._known] for name in AS_TICKS}
        return BarColumns(**known, tick_size=tick)

    def table(self) -> RawTable:
        """Return the rows as they were kept. Raises `Unavailable` for a damaged file."""
        path, tick = self._bars, self._info.instrument.tick_size
        found = self._whole(lambda: read_rows(path, self._rows, tick))
        return found if self._known is None else taken(found, np.flatnonzero(self._known))

    def _known_at(self) -> Int64:
        """Return when each bar was known. Raises `Unavailable` for a damaged file."""
        path = self._folder / KNOWN_AT
        read = self._whole(lambda: pq.read_table(path, memory_map=True, use_threads=False))
        return np.asarray(read["known_at_ns"].to_numpy(), dtype=np.int64)

    def _whole(self, read: Callable[[], T]) -> T:
        """Return what is read of a file. Raises `Unavailable` when it cannot be read any more."""
        try:
            return read()
        except (OSError, KeyError, ArithmeticError, pa.ArrowException) as error:
            raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> Unavailable:
        """Say that a file of this dataset cannot be read any more."""
        return Unavailable(
            f"dataset {self._info.name} cannot be read: {str(error).splitlines()[0][:120]}",
            code="data.damaged",
        )

    def verify(self) -> bool:
        """Tell whether the content still has the hash of its name."""
        info = self._info
        if info.kind != "bars":
            columns, lot = self._read_ticks()
            return ticks_hash(info.kind, columns, lot, info.instrument, info.synthetic) == info.hash
        found = dataset_hash(self.table(), info.instrument, info.timeframe, info.synthetic)
        if self.has_known_at:
            found = with_known_at(found, self._known_at())
        return found == info.hash

    @property
    def has_known_at(self) -> bool:
        """Tell whether each bar says when it was known."""
        return (self._folder / KNOWN_AT).is_file()

    def known_by(self, as_of_ns: int) -> StoredDataset:
        """Return the bars that were known by a time, where they say so; else all of them.

        Raises `NotFound` where none was known yet.
        """
        if not self.has_known_at:
            return self
        known = self._known_at() <= as_of_ns
        if not known.any():
            raise NotFound(
                f"no bar of {self._info.name} was known on {iso(as_of_ns)}",
                code="data.not_known_then",
            )
        ts_ns = self.times()[known]
        info = msgspec.structs.replace(
            self._info,
            rows=len(ts_ns),
            first_ts_ns=int(ts_ns[0]),
            last_ts_ns=int(ts_ns[-1]),
        )
        made = StoredDataset(info, self._folder)
        made.guard, made._known = self.guard, known
        return made

    def quality(self) -> QualityReport:
        """Return the report written at import. Raises `Unavailable` when it cannot be read."""
        try:
            text = (self._folder / "quality.json").read_bytes()
            return msgspec.json.decode(text, type=QualityReport)
        except (OSError, msgspec.DecodeError) as error:
            raise self._damaged(error) from None

    def manifest(self) -> DatasetManifest:
        """Return its files and what made it, also where an older FKS wrote the manifest."""
        try:
            text = (self._folder / "manifest.json").read_bytes()
            return manifest_of(self._info, msgspec.json.decode(text, type=Recorded))
        except (OSError, msgspec.DecodeError) as error:
            raise self._damaged(error) from None

    def window(self, from_ts_ns: int, to_ts_ns: int, limit: int, *, tail: bool) -> dict[str, Any]:
        """Return up to `limit` rows as lists by column, and `total`.

        Columns that are in memory already are cut; else DuckDB reads only what it needs.
        """
        self.allow(from_ts_ns, to_ts_ns)
        path = str(self._bars)
        if self._columns is not None or self._known is not None or _GLOB.search(path):
            self._columns = self._columns or self._load()
            found = _between(self._columns, from_ts_ns, to_ts_ns)
            part = found[-limit:] if tail else found[:limit]
            return {"total": len(found), **{k: getattr(part, k).tolist() for k in _COLUMNS}}
        import duckdb

        try:
            with duckdb.connect(":memory:") as connection:
                connection.execute("SET threads = 1")
                connection.execute("SET allowed_paths = [?]", [path])
                connection.execute("SET enable_external_access = false")
                connection.execute("SET lock_configuration = true")
                bounds = [path, from_ts_ns, to_ts_ns]
                counted = connection.execute(_COUNT, bounds).fetchone()
                columns = prices_in_sql(Path(path), self._info.instrument.tick_size)
                query = _SELECT.format(columns=columns, order="DESC" if tail else "ASC")
                span = _narrowed(path, from_ts_ns, to_ts_ns, limit, tail=tail)
                rows = connection.execute(query, [path, *span, limit]).fetchnumpy()
        except (duckdb.Error, pa.ArrowException, ArithmeticError, OSError) as error:
            raise self._damaged(error) from None
        assert counted is not None
        step = -1 if tail else 1
        return {"total": int(counted[0]), **{k: rows[k][::step].tolist() for k in _COLUMNS}}


def load(folder: Path) -> StoredDataset | None:
    """Return the dataset of a folder, or None where there is none."""
    try:
        info = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=DatasetInfo)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except msgspec.DecodeError as error:
        raise Unavailable(
            f"{folder.name}: damaged manifest ({error})", code="data.damaged"
        ) from None
    return StoredDataset(msgspec.structs.replace(info, path=str(folder)), folder)


def _narrowed(path: str, begin: int, end: int, limit: int, *, tail: bool) -> tuple[int, int]:
    """Return a part of a span that holds the wanted rows, from what the row groups say of theirs.

    Sorting a long file for its last five hundred rows would read all of it.
    """
    metadata = pq.read_metadata(path)
    groups = [metadata.row_group(k) for k in range(metadata.num_row_groups)]
    rows = 0
    for group in reversed(groups) if tail else groups:
        reach = group.column(0).statistics
        if reach is None or reach.min < begin or reach.max >= end:
            continue
        rows += group.num_rows
        if rows >= limit:
            return (reach.min, end) if tail else (begin, reach.max + 1)
    return begin, end


def _between(columns: BarColumns, from_ts_ns: int, to_ts_ns: int) -> BarColumns:
    """Return a part by time."""
    low, high = np.searchsorted(columns.ts_ns, [from_ts_ns, to_ts_ns])
    if from_ts_ns <= 0:
        low = 0
    return columns if (low, high) == (0, len(columns)) else columns[int(low) : int(high)]
