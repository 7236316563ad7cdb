"""Read a time for each bar: a CSV or Parquet file with `ts_ns` and one more column.

The other column is `end_ts_ns`, when the label of the bar ends, or `known_at_ns`, when the bar was
published.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from fks.contracts.columns import Int64
from fks.kernel.errors import Invalid, NotFound

__all__ = ["read_stamps"]

_MOST_BYTES = 2 << 30


def read_stamps(path: Path, ts_ns: Int64, column: str) -> Int64:
    """Return a column's time of each bar, UTC nanoseconds, shape (n,) as `ts_ns`.

    Rows of the file may be in any order, and may be more than the dataset's. Raises `NotFound`,
    and `Invalid` for a file that cannot be read, contradicts itself or lacks a row.
    """
    if not path.is_file():
        raise NotFound(f"no file {path}", code="data.no_file")
    if path.stat().st_size > _MOST_BYTES:
        raise Invalid(f"{path.name} is longer than 2 GiB", code="data.bad_stamps")
    try:
        if path.suffix in (".parquet", ".pq"):
            table = pq.read_table(path, columns=["ts_ns", column])
        else:
            table = pa.csv.read_csv(path)
        found, ends = (
            np.asarray(table[name].cast(pa.int64()).to_numpy(), dtype=np.int64)
            for name in ("ts_ns", column)
        )
    except (KeyError, ValueError, OSError, pa.ArrowException) as error:
        raise Invalid(
            f"{path.name}: {str(error).splitlines()[0][:120]}; its times are whole "
            f"nanoseconds in columns ts_ns and {column}",
            code="data.bad_stamps",
        ) from None
    order = np.argsort(found, kind="stable")
    found, ends = found[order], ends[order]
    if np.any(found[1:] == found[:-1]):
        raise Invalid(f"{path.name} has a time twice", code="data.bad_stamps")
    place = np.minimum(np.searchsorted(found, ts_ns), max(len(found) - 1, 0))
    lacking = len(ts_ns) if not len(found) else int((found[place] != ts_ns).sum())
    if lacking:
        raise Invalid(
            f"{path.name} has no {column} for {lacking:,} of {len(ts_ns):,} bars",
            code="data.bad_stamps",
        )
    return ends[place]
