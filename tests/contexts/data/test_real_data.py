"""Files of real providers, counted a second time with nothing but the standard library."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from tests.contexts.data import kit

from fks.contexts.data.domain.imports import Imported

pytestmark = pytest.mark.real_data

Row = tuple[int, Sequence[Decimal], float]


def agree(imported: Imported, rows: Iterable[Row]) -> None:
    """Compare a dataset with rows of (UTC ns, four prices, volume), read independently."""
    expected = sorted(rows)
    kept = imported.cleaned.kept
    assert imported.report.rows_read == len(expected)
    assert imported.report.rows_quarantined == 0
    assert kept.ts_ns.tolist() == [ts for ts, _, _ in expected]
    for k, name in enumerate(("open", "high", "low", "close")):
        assert getattr(kept, name).tolist() == [float(prices[k]) for _, prices, _ in expected]
    assert kept.volume.tolist() == [volume for _, _, volume in expected]
    tick = imported.info.instrument.tick_size
    assert all(price % tick == 0 for _, prices, _ in expected for price in prices)


def nanoseconds(text: str, zone: str = "UTC") -> int:
    """Return UTC nanoseconds of an ISO time."""
    stamp = datetime.fromisoformat(text)
    stamp = stamp if stamp.tzinfo else stamp.replace(tzinfo=ZoneInfo(zone))
    return int(stamp.astimezone(UTC).timestamp()) * 10**9


def decimals(cells: Sequence[str], scale: int = 1) -> list[Decimal]:
    """Return exact numbers."""
    return [Decimal(cell) / scale for cell in cells]


@pytest.mark.parametrize(
    "name", ["AVAXUSDT-1m-2023-02", "LINKUSDT-1m-2023-02", "NEARUSDT-1m-2023-08"]
)
def test_binance_klines(name: str) -> None:
    """Lost: the report would count other rows than the exchange sold."""
    path = kit.real(f"binance/um_klines_1m/{name}.zip")
    rows = list(kit.raw_rows(path))[1:]
    imported = kit.read(path)
    agree(imported, ((int(r[0]) * 10**6, decimals(r[1:5]), float(r[5])) for r in rows))
    assert imported.report.zero_volume == sum(float(r[5]) == 0 for r in rows)
    assert (imported.report.missing_bars, imported.info.timeframe) == (0, "1m")


def test_three_months_of_klines_are_one_dataset() -> None:
    """Lost: a backtest over a quarter would need files glued together by hand."""
    from fks.contexts.data.service.importing import FileRequest, import_files

    paths = [kit.real(f"binance/um_klines_1m/NEARUSDT-1m-2023-{m:02d}.zip") for m in (8, 9, 10)]
    request = FileRequest(path=paths[0])
    (imported,) = import_files(paths, request, now_ns=1, code_version="test")
    assert imported.info.rows == (31 + 30 + 31) * 1440 == imported.report.rows_read
    assert (imported.report.missing_bars, imported.report.out_of_order) == (0, 0)


def test_yahoo_daily() -> None:
    """Lost: adjusted and raw prices would be mixed."""
    path = kit.real("yahoo_csv/nvda-1999-2014.txt.gz")
    rows = list(kit.raw_rows(path))[1:]
    imported = kit.read(path, calendar="XNYS")
    agree(imported, ((nanoseconds(r[0]), decimals(r[1:5]), float(r[6])) for r in rows))
    assert imported.info.rows == 4012
    assert imported.report.missing_bars == 0, "every session of sixteen years is there"


def test_minutes_of_a_currency_future() -> None:
    """Lost: a generic file of another vendor would need its own reader."""
    path = kit.real("futures_csv/6EH4.XCME_1min_bars_20240101_20240131.csv.gz")
    rows = list(kit.raw_rows(path))[1:]
    imported = kit.read(path)
    agree(imported, ((nanoseconds(r[0]), decimals(r[1:5]), float(r[5])) for r in rows))
    assert imported.info.instrument.tick_size == Decimal("0.00005")
    assert imported.report.missing_bars < 0.02 * len(rows), "nights and weekends are no gaps"


@pytest.mark.parametrize("side", ["bid", "ask"])
def test_minutes_of_a_currency_pair_with_zoned_times(side: str) -> None:
    """Lost: files without volume would be refused."""
    path = kit.real(f"fxcm_csv/usdjpy-m1-{side}-2013.csv.gz")
    rows = list(kit.raw_rows(path))[1:]
    imported = kit.read(path)
    agree(imported, ((nanoseconds(r[0]), decimals(r[1:5]), 0.0) for r in rows))
    assert "no volume" in imported.info.source


def midnight_plus(day: str, millis: str, zone: str) -> int:
    """Return UTC nanoseconds of milliseconds since midnight on a wall clock."""
    start = datetime.fromisoformat(f"{day[:4]}-{day[4:6]}-{day[6:]}")
    local = (start + timedelta(milliseconds=int(millis))).replace(tzinfo=ZoneInfo(zone))
    return int(local.astimezone(UTC).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("place", "zone", "scale", "member"),
    [
        ("lean/equity/usa/minute/spy/*_trade.zip", "America/New_York", 10_000, None),
        ("lean/equity/usa/second/ibm/*_trade.zip", "America/New_York", 10_000, None),
        ("lean/crypto/coinbase/minute/btcusd/*_trade.zip", "UTC", 1, None),
        ("lean/cryptofuture/binance/minute/btcusd/*_trade.zip", "UTC", 1, None),
        ("lean/future/cme/minute/es/*_trade.zip", "UTC", 1, "201312"),
    ],
)
def test_lean_folders_of_trades(place: str, zone: str, scale: int, member: str | None) -> None:
    """Lost: bars would be hours off, or ten thousand times too dear."""
    folder = kit.real(str(Path(place).parent))
    rows: list[Row] = []
    for path in sorted(folder.glob(Path(place).name)):
        with zipfile.ZipFile(path) as archive:
            if member is not None and not any(member in name for name in archive.namelist()):
                continue
        rows.extend(
            (midnight_plus(path.name[:8], r[0], zone), decimals(r[1:5], scale), float(r[5]))
            for r in kit.raw_rows(path, member)
        )
    assert rows
    agree(kit.read(folder, member=member), rows)


@pytest.mark.parametrize(
    ("place", "zone"),
    [
        ("lean/forex/fxcm/minute/eurusd", "Etc/GMT+5"),
        ("lean/forex/oanda/minute/eurusd", "UTC"),
        ("lean/cfd/oanda/minute/xauusd", "UTC"),
    ],
)
def test_lean_folders_of_quotes(place: str, zone: str) -> None:
    """Lost: one side of the market would be taken for its middle."""
    folder = kit.real(place)
    rows: list[Row] = []
    for path in sorted(folder.glob("*_quote.zip")):
        for r in kit.raw_rows(path):
            middle = [(Decimal(r[k]) + Decimal(r[k + 5])) / 2 for k in range(1, 5)]
            rows.append((midnight_plus(path.name[:8], r[0], zone), middle, 0.0))
    imported = kit.read(folder)
    agree(imported, rows)
    # The market is closed from Friday to Sunday evening: the right zone has no bar then.
    new_york = [datetime.fromtimestamp(ts / 1e9, ZoneInfo("America/New_York")) for ts, _, _ in rows]
    assert not [t for t in new_york if t.weekday() == 5 or (t.weekday() == 4 and t.hour >= 17)]


@pytest.mark.parametrize(
    ("place", "zone", "scale"),
    [
        ("lean/equity/usa/daily/spy.zip", "America/New_York", 10_000),
        ("lean/equity/usa/daily/aapl.zip", "America/New_York", 10_000),
        ("lean/equity/usa/hour/spy.zip", "America/New_York", 10_000),
        ("lean/crypto/coinbase/daily/btcusd_trade.zip", "UTC", 1),
    ],
)
def test_lean_zips_of_hours_and_days(place: str, zone: str, scale: int) -> None:
    """Lost: decades of history in one zip would be read like a single day."""
    path = kit.real(place)
    rows = [
        (nanoseconds(f"{r[0][:4]}-{r[0][4:6]}-{r[0][6:8]}T{r[0][9:]}", zone), r)
        for r in kit.raw_rows(path)
    ]
    imported = kit.read(path)
    agree(imported, ((ts, decimals(r[1:5], scale), float(r[5])) for ts, r in rows))
    if "spy" in place:
        assert imported.report.missing_bars <= 2, "every session of the exchange is there"


def test_a_feather_file() -> None:
    """Lost: another platform's downloads would have to be fetched again."""
    import pyarrow.feather as feather

    path = kit.real("freqtrade/ETH_BTC-5m.feather")
    table = feather.read_table(path).to_pydict()
    imported = kit.read(path)
    assert imported.info.rows == len(table["date"]) == 5760
    # The file holds 0.09969000000000001 where the exchange said 0.09969: ticks are exact again.
    assert imported.cleaned.kept.close.tolist() == pytest.approx(table["close"], abs=1e-15)
    stamps = [int(stamp.timestamp()) * 10**9 for stamp in table["date"]]
    assert imported.cleaned.kept.ts_ns.tolist() == stamps
    assert imported.info.instrument.id == "ETH-BTC"


def test_ticks_books_and_trades_are_refused_and_not_taken_for_bars() -> None:
    """Lost: quotes would become a dataset of nonsense."""
    from fks.kernel.errors import Invalid

    for place in (
        "fxcm_csv/truefx-usdjpy-ticks.csv.gz",
        "lobster/AAPL_2012-06-21_34200000_57600000_message_10.csv.gz",
        "freqtrade/XRP_ETH-trades.json.gz",
        "tardis/binance-futures_book_snapshot_25_BTCUSDT.csv",
        "lean/equity/usa/tick/ibm/20131007_trade.zip",
        "databento/esh4-glbx-mdp3-20231224.mbo.dbn.zst",
    ):
        with pytest.raises(Invalid) as refused:
            kit.read(kit.real(place))
        assert "\n" not in refused.value.message


def test_the_loaded_prices_are_those_of_the_file() -> None:
    """Lost: ticks and back would move a price by a hair."""
    from fks.contexts.data.domain.imports import columns_of

    imported = kit.read(kit.real("yahoo_csv/nvda-1999-2014.txt.gz"))
    bars = columns_of(imported.cleaned.kept, imported.info.instrument)
    for name in ("open", "high", "low", "close"):
        assert np.array_equal(getattr(bars, name), getattr(imported.cleaned.kept, name))
