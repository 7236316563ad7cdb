"""Binance's own minutes, served as Binance serves them."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import msgspec
import pytest

from fks.contexts.data.store import DatasetStore

from .backfills import fetched, query
from .served import BinanceSpot, served

SHARED = Path(__file__).parents[5] / "shared" / "data" / "binance" / "um_klines_1m"


@pytest.mark.real_data
@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared market data are not here")
async def test_a_month_of_minutes_arrives_as_it_was_published(tmp_path: Path) -> None:
    """Lost: a digit on the way from JSON text to ticks."""
    path = sorted(SHARED.rglob("*.zip"))[0]
    with zipfile.ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    rows = [row for row in csv.reader(io.StringIO(text)) if row[0].isdigit()]
    served_rows = [
        [int(row[0]), *row[1:6], int(row[6]), row[7], int(row[8]), *row[9:12]] for row in rows
    ]
    exchange = BinanceSpot("BTCUSDT", served_rows, "0.00010000", "1")
    asked = msgspec.structs.replace(query(), start_ns=int(rows[0][0]) * 1_000_000)
    with served(exchange) as server:
        info, done = await fetched(tmp_path, server.url, asked=asked)
    assert (info.rows, done.imported.report.rows_quarantined) == (len(rows), 0)
    bars = DatasetStore(tmp_path).open(info.name).columns()
    for name, place in (("open", 1), ("high", 2), ("low", 3), ("close", 4), ("volume", 5)):
        assert getattr(bars, name).tolist() == [float(row[place]) for row in rows]
