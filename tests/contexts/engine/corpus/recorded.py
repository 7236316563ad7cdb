"""Recorded bars: the samples that are shipped, and files of the folder beside the checkout."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, partial
from pathlib import Path

from tests.contexts.engine import kit
from tests.contexts.engine.corpus.case import Market
from tests.contexts.engine.corpus.markets import Row, columns

from fks.contracts.values import Instrument

__all__ = ["coin_minutes", "euro_minutes", "nasdaq_daily", "sp500_daily", "spy_daily"]

SHARED = Path(__file__).parents[5] / "shared" / "data"


def _sample(name: str) -> Market:
    dataset = kit.backtester().datasets.open(name)
    return Market(dataset.info.instrument, dataset.columns())


sp500_daily = cache(partial(_sample, "sp500_daily"))
nasdaq_daily = cache(partial(_sample, "nasdaq_daily"))


def _rows(lines: Iterable[list[str]], tick: Decimal, scale: Decimal = Decimal(1)) -> list[Row]:
    """Return rows of (time, open, high, low, close, volume) in ticks."""
    rows = []
    for moment, *prices, volume in lines:
        opened, high, low, close = (int(Decimal(price) * scale / tick) for price in prices)
        rows.append((_ts_ns(moment), opened, high, low, close, float(volume)))
    return rows


def _ts_ns(moment: str) -> int:
    """Return UTC nanoseconds of a count of milliseconds, or of one of two forms of a time."""
    if moment.isdigit():
        return int(moment) * 1_000_000
    form = "%Y-%m-%d %H:%M:%S" if "-" in moment else "%Y%m%d %H:%M"
    return int(datetime.strptime(moment, form).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


@cache
def spy_daily() -> Market | None:
    """Return days of SPY (LEAN's form: ten-thousandths of a dollar, not adjusted)."""
    path = SHARED / "lean/equity/usa/daily/spy.zip"
    if not path.exists():
        return None
    with zipfile.ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    tick = Decimal("0.0001")
    instrument = Instrument(id="SPY", tick_size=tick, calendar="XNYS")
    rows = _rows(csv.reader(io.StringIO(text)), tick, tick)
    return Market(instrument, columns(rows[-1500:], tick))


@cache
def euro_minutes() -> Market | None:
    """Return minutes of the euro future of March 2024."""
    path = SHARED / "futures_csv/6EH4.XCME_1min_bars_20240101_20240131.csv.gz"
    if not path.exists():
        return None
    with gzip.open(path, "rt") as file:
        lines = list(csv.reader(file))[1:3001]
    tick = Decimal("0.00005")
    instrument = Instrument(id="6EH4", tick_size=tick, multiplier=Decimal(125_000), calendar="CMES")
    return Market(instrument, columns(_rows(lines, tick), tick))


@cache
def coin_minutes() -> Market | None:
    """Return the first two days of minutes of LINKUSDT, February 2023."""
    path = SHARED / "binance/um_klines_1m/LINKUSDT-1m-2023-02.zip"
    if not path.exists():
        return None
    with zipfile.ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    lines = [line[:6] for line in csv.reader(io.StringIO(text)) if line[0].isdigit()]
    tick = Decimal("0.001")
    instrument = Instrument(id="LINKUSDT", tick_size=tick, lot_size=Decimal("0.01"))
    return Market(instrument, columns(_rows(lines[:2880], tick), tick))
