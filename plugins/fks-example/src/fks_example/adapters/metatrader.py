"""Read the CSV files that MetaTrader 5 exports.

A file `EURUSD_M1.csv` holds tab-separated columns headed `<DATE> <TIME> <OPEN> <HIGH> <LOW>
<CLOSE> <TICKVOL> <VOL> <SPREAD>`, dates as `2024.01.31`, times in the broker's own clock and at
the bar's open; daily files have no `<TIME>`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np

from fks.contracts.columns import BarColumns
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid, NotFound
from fks_example.settings import MetaTraderSettings

_SUFFIX = {"1m": "M1", "5m": "M5", "15m": "M15", "30m": "M30", "1h": "H1", "4h": "H4", "1d": "D1"}
_SYMBOL = re.compile(r"[A-Za-z0-9._#-]{1,32}\Z")
_PRICES = ("<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>")
_CHUNK = 50_000
_NS = 1_000_000_000


class MetaTraderProvider:
    """Bars from a folder of exports."""

    def __init__(self, settings: MetaTraderSettings) -> None:
        self._folder = Path(settings.folder)
        self._offset_ns = settings.utc_offset_minutes * 60 * _NS

    def fetch(
        self, symbol: str, timeframe: str, start_ns: int, end_ns: int
    ) -> Iterator[tuple[Instrument, BarColumns]]:
        """Yield the bars opening in `[start_ns, end_ns)`; raises NotFound and Invalid."""
        path = self._path(symbol, timeframe)
        tick_size = _tick_size(path)
        instrument = Instrument(
            id=symbol.upper(), tick_size=tick_size, venue="MT5", description="MetaTrader export"
        )
        rows: list[tuple[int, ...]] = []
        for row in _rows(path, tick_size, self._offset_ns):
            if start_ns <= row[0] < end_ns:
                rows.append(row)
            if len(rows) == _CHUNK:
                yield instrument, _columns(rows, tick_size)
                rows = []
        if rows:
            yield instrument, _columns(rows, tick_size)

    def _path(self, symbol: str, timeframe: str) -> Path:
        """Return the export of a symbol and timeframe."""
        suffix = _SUFFIX.get(timeframe)
        if suffix is None:
            known = ", ".join(_SUFFIX)
            raise Invalid(f"MetaTrader exports have no timeframe {timeframe!r}; use one of {known}")
        if not _SYMBOL.match(symbol):
            raise Invalid(f"{symbol[:32]!r} is not a MetaTrader symbol")
        path = self._folder / f"{symbol}_{suffix}.csv"
        if not path.is_file():
            raise NotFound(f"no export {path.name} in {self._folder} (setting metatrader.folder)")
        return path


def _tick_size(path: Path) -> Decimal:
    """Return the tick size that the written digits of the first closing prices show."""
    with path.open(newline="", encoding="utf-8-sig") as lines:
        places = 0
        for row, _ in zip(_reader(path, lines), range(1000), strict=False):
            places = max(places, -_decimal(path, row["<CLOSE>"]).as_tuple().exponent)  # type: ignore[operator]  # finite
    return Decimal(1).scaleb(-places)


def _rows(path: Path, tick_size: Decimal, offset_ns: int) -> Iterator[tuple[int, ...]]:
    """Yield (ts_ns, four prices in ticks, volume) a line."""
    with path.open(newline="", encoding="utf-8-sig") as lines:
        for row in _reader(path, lines):
            text = f"{row['<DATE>']} {row.get('<TIME>') or '00:00:00'}"
            try:
                stamp = datetime.strptime(text, "%Y.%m.%d %H:%M:%S").replace(tzinfo=UTC)
            except ValueError:
                raise Invalid(f"{path.name}: cannot read the time {text!r}") from None
            ticks = (int(_decimal(path, row[name]) / tick_size) for name in _PRICES)
            volume = int(row.get("<VOL>") or 0) or int(row.get("<TICKVOL>") or 0)
            yield (int(stamp.timestamp()) * _NS - offset_ns, *ticks, volume)


def _reader(path: Path, lines: Iterator[str]) -> csv.DictReader[str]:
    """Return the rows by column name; a file without the columns is Invalid."""
    reader = csv.DictReader(lines, delimiter="\t")
    missing = {"<DATE>", *_PRICES} - set(reader.fieldnames or ())
    if missing:
        raise Invalid(f"{path.name} is not a MetaTrader export: no column {sorted(missing)[0]}")
    return reader


def _decimal(path: Path, text: str) -> Decimal:
    """Return a finite decimal."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise Invalid(f"{path.name}: {text!r} is not a price") from None
    if not value.is_finite():
        raise Invalid(f"{path.name}: {text!r} is not a price")
    return value


def _columns(rows: list[tuple[int, ...]], tick_size: Decimal) -> BarColumns:
    """Return the rows as columns."""
    table = np.array(rows, dtype=np.int64).T
    return BarColumns(
        ts_ns=np.ascontiguousarray(table[0]),
        open_ticks=np.ascontiguousarray(table[1]),
        high_ticks=np.ascontiguousarray(table[2]),
        low_ticks=np.ascontiguousarray(table[3]),
        close_ticks=np.ascontiguousarray(table[4]),
        volume=table[5].astype(np.float64),
        tick_size=tick_size,
    )
