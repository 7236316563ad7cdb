"""Text files of many kinds become the same bars."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.contexts.data import kit

from fks.kernel.errors import Invalid, NotFound

PRICES = "100.25,101.5,99.75,100.5"
STAMPS = (
    # as written, zone, the UTC time meant
    ("1704103200", "UTC", "2024-01-01T10:00:00"),
    ("1704103200.0", "UTC", "2024-01-01T10:00:00"),
    ("1704103200000", "UTC", "2024-01-01T10:00:00"),
    ("1704103200000000", "UTC", "2024-01-01T10:00:00"),
    ("1704103200000000000", "America/New_York", "2024-01-01T10:00:00"),
    ("2024-01-01T10:00:00Z", "America/New_York", "2024-01-01T10:00:00"),
    ("2024-01-01 10:00:00.000 UTC", "America/New_York", "2024-01-01T10:00:00"),
    ("2024-01-01 10:00:00+02:00", "UTC", "2024-01-01T08:00:00"),
    ("2024-01-01 10:00:00+02", "UTC", "2024-01-01T08:00:00"),
    ("2024-01-01 10:00", "America/New_York", "2024-01-01T15:00:00"),
    ("2024-07-01 10:00:00", "America/New_York", "2024-07-01T14:00:00"),
    ("2024-01-01", "UTC", "2024-01-01T00:00:00"),
    ("20240101", "UTC", "2024-01-01T00:00:00"),
    ("20240101 10:00:00", "UTC", "2024-01-01T10:00:00"),
    ("20240101 100000", "UTC", "2024-01-01T10:00:00"),
    ("202401011000", "UTC", "2024-01-01T10:00:00"),
    ("20240101100000", "UTC", "2024-01-01T10:00:00"),
    ("2024.01.01 10:00", "UTC", "2024-01-01T10:00:00"),
    ("01.02.2024 10:00:00.000", "UTC", "2024-02-01T10:00:00"),
    ("1/2/2024 9:30", "America/New_York", "2024-01-02T14:30:00"),
)


@pytest.mark.parametrize(("text", "zone", "meant"), STAMPS)
def test_a_time_is_read_whatever_its_vendor_writes(
    tmp_path: Path, text: str, zone: str, meant: str
) -> None:
    """Lost: a vendor's stamps would be refused, or worse, read hours away."""
    path = kit.write(tmp_path / "x.csv", [f"{text},{PRICES},7"])
    (found,) = kit.read(path, timezone=zone, timeframe="1m").cleaned.kept.ts_ns.tolist()
    expected = datetime.fromisoformat(meant).replace(tzinfo=UTC)
    assert datetime.fromtimestamp(found / 1e9, UTC) == expected


@pytest.mark.parametrize(
    "header",
    [
        "timestamp,open,high,low,close,volume",
        "Date;Open;High;Low;Close;Volume",
        "open_time\to\th\tl\tc\tv",
        "<DATE>|<OPEN>|<HIGH>|<LOW>|<CLOSE>|<TICKVOL>",
        '"Gmt time","Open","High","Low","Close","Volume"',
        "\ufeffdatetime,open,high,low,close,vol",
    ],
)
def test_headers_and_delimiters_of_vendors_are_understood(tmp_path: Path, header: str) -> None:
    """Lost: users would have to rewrite files that any spreadsheet opens."""
    delimiter = next(mark for mark in ";\t|," if mark in header)
    row = f"2024-01-01 10:00:00,{PRICES},7".replace(",", delimiter)
    path = kit.write(tmp_path / "x.csv", [row], header + "\n")
    kept = kit.read(path).cleaned.kept
    assert (kept.open[0], kept.high[0], kept.low[0], kept.close[0]) == (100.25, 101.5, 99.75, 100.5)
    assert kept.volume[0] == 7


def test_date_and_time_of_day_may_stand_in_two_columns(tmp_path: Path) -> None:
    """Lost: MetaTrader's minutes would all lie at midnight and contradict one another."""
    header = "<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>\n"
    rows = [f"2024.01.01,10:{k:02d}:00,{PRICES},7" for k in range(3)]
    imported = kit.read(kit.write(tmp_path / "x.csv", rows, header))
    assert imported.info.rows == 3
    assert imported.info.timeframe == "1m"


@pytest.mark.parametrize(
    "rows",
    [
        [f"20240101 100000;{PRICES.replace(',', ';')};7"],
        [f"2024-01-01,10:00,{PRICES},7"],
        [f"1704103200,{PRICES}"],
    ],
)
def test_a_file_without_header_is_taken_by_position_and_says_so(
    tmp_path: Path, rows: list[str]
) -> None:
    """Lost: the first bar would be eaten as a header."""
    imported = kit.read(kit.write(tmp_path / "x.csv", rows, ""))
    assert imported.info.rows == 1
    assert imported.cleaned.kept.ts_ns[0] == 1_704_103_200_000_000_000
    assert "no header" in imported.info.source


def test_slashed_dates_are_read_day_first_when_months_would_not_exist(tmp_path: Path) -> None:
    """Lost: two thirds of a British file would be in quarantine."""
    rows = [f"{day:02d}/01/2024,{PRICES},7" for day in range(1, 32)]
    imported = kit.read(kit.write(tmp_path / "x.csv", rows))
    assert imported.info.rows == 31
    assert imported.info.last_ts_ns - imported.info.first_ts_ns == 30 * 86_400 * 10**9


def test_columns_of_any_name_can_be_mapped(tmp_path: Path) -> None:
    """Lost: a file in another language could not be imported at all."""
    path = kit.write(
        tmp_path / "x.csv", [f"2024-01-01,{PRICES},7"], "Zeit,Auf,Hoch,Tief,Zu,Menge\n"
    )
    with pytest.raises(Invalid, match=r"no column for ts, open, high, low, close.*Zeit.*--map ts="):
        kit.read(path)
    names = ("Zeit", "Auf", "hoch", "Tief", "Zu", "Menge")
    columns = dict(zip(("ts", "open", "high", "low", "close", "volume"), names, strict=True))
    assert kit.read(path, columns=columns).info.rows == 1
    with pytest.raises(Invalid, match="no column 'Nix'"):
        kit.read(path, columns={"ts": "Nix"})
    with pytest.raises(Invalid, match="map one of ts, open"):
        kit.read(path, columns={"bid": "Auf"})


def test_yahoos_adjusted_close_is_left_out_and_said_so(tmp_path: Path) -> None:
    """Lost: adjusted closes would contradict raw highs and lows."""
    rows = [f"2024-01-0{k},{PRICES},50.25,7" for k in (2, 3)]
    path = kit.write(tmp_path / "X.csv", rows, "Date,Open,High,Low,Close,Adj Close,Volume\n")
    imported = kit.read(path, form="yahoo")
    assert set(imported.cleaned.kept.close) == {100.5}
    assert "adjusted close was left out" in imported.info.source


@pytest.mark.parametrize("unit", [10**3, 10**6])
@pytest.mark.parametrize("header", [True, False])
def test_binance_klines_have_milliseconds_or_microseconds(
    tmp_path: Path, unit: int, header: bool
) -> None:
    """Lost: spot files since 2025 would lie fifty thousand years ahead."""
    rows = [
        f"{(1704067200 + 60 * k) * unit},{PRICES},7,{(1704067259 + 60 * k) * unit},1,2,3,4,0"
        for k in range(3)
    ]
    names = "open_time,open,high,low,close,volume,close_time,quote_volume,count,a,b,ignore\n"
    text = (names if header else "") + "\n".join(rows) + "\n"
    path = kit.zipped(tmp_path / "BTCUSDT-1m-2024-01.zip", x=text)
    imported = kit.read(path)
    assert imported.info.first_ts_ns == 1_704_067_200 * 10**9
    assert (imported.info.instrument.id, imported.info.timeframe) == ("BTCUSDT", "1m")
    assert (imported.info.rows, imported.info.instrument.calendar) == (3, "24/7")


def test_gzip_parquet_and_csv_of_the_same_bars_have_the_same_hash(tmp_path: Path) -> None:
    """Lost: a dataset's name would depend on how its file was written."""
    plain = kit.write(tmp_path / "x.csv", kit.lines(50))
    packed = tmp_path / "x.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    kept = kit.read(plain).cleaned.kept
    columns = {k: getattr(kept, k) for k in ("open", "high", "low", "close", "volume")}
    stamps = pa.array(kept.ts_ns).cast(pa.timestamp("ns"))
    pq.write_table(pa.table({"Date": stamps, **columns}), tmp_path / "x.parquet")
    hashes = {kit.read(path).info.hash for path in (plain, packed, tmp_path / "x.parquet")}
    assert len(hashes) == 1


def test_prices_that_were_32_bit_floats_are_read_as_the_decimals_they_were(tmp_path: Path) -> None:
    """Lost: a common library's downloads would have ticks of a billionth, or no usable row."""
    closes = [135.44, 27.1, 9.05]
    rows = [
        ",".join([f"2024-01-0{k + 1}", *(repr(float(np.float32(c))) for _ in range(4)), "5"])
        for k, c in enumerate(closes)
    ]
    imported = kit.read(kit.write(tmp_path / "x.csv", rows))
    assert imported.info.instrument.tick_size == Decimal("0.01")
    assert imported.cleaned.kept.close.tolist() == closes
    assert "rounded prices" in [finding.rule for finding in imported.report.findings]


def test_an_unknown_format_or_file_names_what_would_work(tmp_path: Path) -> None:
    """Lost: the user would guess."""
    path = kit.write(tmp_path / "x.csv", kit.lines(2))
    with pytest.raises(Invalid, match="csv, yahoo, binance, lean, parquet"):
        kit.read(path, form="xls")
    with pytest.raises(NotFound, match="no file"):
        kit.read(tmp_path / "y.csv")
    with pytest.raises(Invalid, match="is a folder"):
        kit.read(tmp_path)
