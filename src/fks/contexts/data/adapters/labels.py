"""Read when labels end: a CSV or Parquet file with the columns `ts_ns` and `end_ts_ns`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from fks.contracts.columns import Int64
from fks.kernel.errors import Invalid, NotFound

__all__ = ["read_label_ends"]

_COLUMNS = ("ts_ns", "end_ts_ns")
_MOST_BYTES = 2 << 30


def read_label_ends(path: Path, ts_ns: Int64) -> Int64:
    """Return the end of each row's label, UTC nanoseconds, shape (n,) as `ts_ns`.

    Rows of the file may be in any order, and may be more than the dataset's. Raises `NotFound`,
    and `Invalid` for a file that cannot be read, contradicts itself or lacks a row.
    """
    if not path.is_file():
        raise NotFound(f"no file {path}", code="data.no_file")
    if path.stat().st_size > _MOST_BYTES:
        raise Invalid(f"{path.name} is longer than 2 GiB", code="data.bad_labels")
    try:
        if path.suffix in (".parquet", ".pq"):
            table = pq.read_table(path, columns=list(_COLUMNS))
        else:
            table = pa.csv.read_csv(path)
        found, ends = (
            np.asarray(table[name].cast(pa.int64()).to_numpy(), dtype=np.int64) for name in _COLUMNS
        )
    except (KeyError, ValueError, OSError, pa.ArrowException) as error:
        raise Invalid(
            f"{path.name}: {str(error).splitlines()[0][:120]}; labels are whole nanoseconds in "
            "columns ts_ns and end_ts_ns",
            code="data.bad_labels",
        ) from None
    order = np.argsort(found, kind="stable")
    found, ends = found[order], ends[order]
    if np.any(found[1:] == found[:-1]):
        raise Invalid(f"{path.name} labels a time twice", code="data.bad_labels")
    place = np.minimum(np.searchsorted(found, ts_ns), max(len(found) - 1, 0))
    lacking = len(ts_ns) if not len(found) else int((found[place] != ts_ns).sum())
    if lacking:
        raise Invalid(
            f"{path.name} has no label for {lacking:,} of {len(ts_ns):,} bars",
            code="data.bad_labels",
        )
    return ends[place]
