"""Make the sample datasets of the package from the data files of the `arch` package.

    pip download --no-deps arch && unzip arch-*.whl 'arch/data/*'
    python tools/make_samples.py arch/data

The figures are daily index levels of the S&P 500 and the NASDAQ Composite, 1999 to 2018, rounded
to 0.01 as both indices are quoted. Run it again only to change the layout: the hashes are tested.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from fks.contexts.data.service.importing import FileRequest, import_file
from fks.contexts.data.store import SAMPLES
from fks.contexts.data.store.written import write_dataset

_SOURCE = "daily index levels as shipped by the Python package arch 8.0 (NCSA licence)"


def main(folder: Path) -> None:
    """Write both samples."""
    for name, part, symbol in (
        ("sp500_daily", "sp500", "SPX"),
        ("nasdaq_daily", "nasdaq", "COMP"),
    ):
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / f"{part}.csv"
            path.write_text(rounded(folder / part / f"{part}.csv.gz"))
            request = FileRequest(path=path, name=name, instrument=symbol, timeframe="1d")
            imported = import_file(request, now_ns=1_577_836_800_000_000_000, code_version="0.1.0")
        info = msgspec.structs.replace(imported.info, source=_SOURCE, provider="sample")
        target = SAMPLES / name
        target.mkdir(parents=True, exist_ok=True)
        write_dataset(imported._replace(info=info), target)
        sys.stdout.write(f"{name}: {info.rows} bars, {info.hash}\n")


def rounded(path: Path) -> str:
    """Return the file with prices rounded to 0.01, highs and lows still enclosing the others."""
    out = io.StringIO()
    out.write("date,open,high,low,close,volume\n")
    with gzip.open(path, "rt") as lines:
        for row in csv.DictReader(lines):
            day = datetime.strptime(row["Date"], "%m/%d/%Y").replace(tzinfo=UTC).date()
            prices = [round(float(row[k]), 2) for k in ("Open", "High", "Low", "Close")]
            text = ",".join(f"{price:.2f}" for price in prices)
            out.write(f"{day},{text},{row['Volume']}\n")
    return out.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
