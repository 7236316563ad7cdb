"""Numbers and times as spreadsheets, web pages and people write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.contexts.data import kit
from tests.contexts.data.formats.tick_kit import epoch_ns

from fks.kernel.errors import Invalid

Bar = tuple[float, ...]
DAYS = ("2024-01-02", "2024-01-03")


def _bars(path: Path, cells: str, delimiter: str) -> list[Bar]:
    rows = [delimiter.join([day, cells]) for day in DAYS]
    header = delimiter.join(["date", "open", "high", "low", "close", "volume"]) + "\n"
    kept = kit.read(kit.write(path, rows, header)).cleaned.kept
    return list(zip(*(column.tolist() for column in kept[2:7]), strict=True))


@pytest.mark.parametrize(
    ("cells", "delimiter", "bar"),
    [
        ("1,5;2,5;1,25;2,0;10", ";", (1.5, 2.5, 1.25, 2, 10)),
        ("1.234,5;1.235,5;1.234,25;1.235;1.000", ";", (1234.5, 1235.5, 1234.25, 1235, 1000)),
        (
            '"41,234.5","41,235.5","41,234","41,235","1,000"',
            ",",
            (41234.5, 41235.5, 41234, 41235, 1000),
        ),
        ('"1,5","2,5","1,25","2","10"', ",", (1.5, 2.5, 1.25, 2, 10)),
        (
            "$184.22,$185.88,$183.43,$184.255,58414460",
            ",",
            (184.22, 185.88, 183.43, 184.255, 58414460),
        ),
        (
            '"2,069.40","2,073.30","2,038.60","2,042.80",232.36K',
            ",",
            (2069.4, 2073.3, 2038.6, 2042.8, 232360),
        ),
        ('12.5,12.75,12,12.25,"3,743,050,000"', ",", (12.5, 12.75, 12, 12.25, 3743050000)),
        ("12.5,12.75,12,12.25,1.21M", ",", (12.5, 12.75, 12, 12.25, 1210000)),
        ('42.123,42.125,42.121,42.122,"1,000"', ",", (42.123, 42.125, 42.121, 42.122, 1000)),
        ("0,712\t0,713\t0,711\t0,712\t0", "\t", (0.712, 0.713, 0.711, 0.712, 0)),
        ("1\u00a0234,5;1 235,5;1 234,25;1 235,0;10", ";", (1234.5, 1235.5, 1234.25, 1235, 10)),
    ],
)
def test_a_number_is_read_as_its_table_writes_numbers(
    tmp_path: Path, cells: str, delimiter: str, bar: Bar
) -> None:
    """Lost: European tables and those of web pages are refused, or read a thousandfold."""
    assert _bars(tmp_path / "A.csv", cells, delimiter) == [bar, bar]


def test_a_comma_that_could_be_either_is_refused(tmp_path: Path) -> None:
    """Lost: 1,234 is guessed, and every figure made of it is wrong by a thousand."""
    with pytest.raises(Invalid, match="1,234 may be a thousand or a fraction"):
        _bars(tmp_path / "A.csv", "1,234;1,235;1,233;1,234;5", ";")


def test_one_such_cell_costs_its_row_only(tmp_path: Path) -> None:
    """Lost: a file of whole numbers is refused for one odd cell."""
    rows = [f'{kit.START_NS},"1,234",130,1,100,5', f"{kit.START_NS + kit.MINUTE_NS},9,9,9,9,5"]
    assert kit.read(kit.write(tmp_path / "A.csv", rows)).report.rows_quarantined == 1


@pytest.mark.parametrize("cell", ["112'185", "1,23,4", "12,5.0,1", "1.2.3", "12K5"])
def test_what_is_no_number_stays_none(tmp_path: Path, cell: str) -> None:
    """Lost: bonds in 32nds, or rubbish, become prices."""
    path = kit.write(tmp_path / "A.csv", [f'{kit.START_NS},"{cell}",130,1,100,5'])
    with pytest.raises(Invalid, match="not a number"):
        kit.read(path)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("01/15/2024 09:30:00 AM", "2024-01-15T09:30:00"),
        ("01/15/2024 12:05 am", "2024-01-15T00:05:00"),
        ("1/5/2024 1:05 PM", "2024-01-05T13:05:00"),
        ("01/15/2024 12:05:30 p.m.", "2024-01-15T12:05:30"),
        ("15-01-2024 09:30", "2024-01-15T09:30:00"),
        ("15-Jan-2024 09:30:00", "2024-01-15T09:30:00"),
        ("15-Jan-99", "1999-01-15T00:00:00"),
        ('"January 15, 2024"', "2024-01-15T00:00:00"),
        ('"Jan 5, 2024 09:30:00"', "2024-01-05T09:30:00"),
        ('"Mon, 15 Jan 2024 09:30:00 GMT"', "2024-01-15T09:30:00"),
        ("01/15/24 09:30", "2024-01-15T09:30:00"),
        ("01/15/99", "1999-01-15T00:00:00"),
        ("2024/1/5 09:30:00", "2024-01-05T09:30:00"),
        ("2024-1-5", "2024-01-05T00:00:00"),
        ("20240115T093000Z", "2024-01-15T09:30:00"),
        ("20240115  09:30:00", "2024-01-15T09:30:00"),
        ("20240115 09:30:00 US/Eastern", "2024-01-15T14:30:00"),
        ("20240715 09:30:00 America/New_York", "2024-07-15T13:30:00"),
        ("2024-01-15 09:30:00 EST", "2024-01-15T14:30:00"),
    ],
)
def test_a_time_is_read_as_people_write_it(tmp_path: Path, text: str, meant: str) -> None:
    """Lost: exports of brokers and spreadsheets are refused, or are hours away."""
    path = kit.write(tmp_path / "A.csv", [f"{text},1,2,1,2,3"])
    (found,) = kit.read(path, timeframe="1m").cleaned.kept.ts_ns.tolist()
    assert found == epoch_ns(meant)


@pytest.mark.parametrize(
    "text",
    [
        "01/15/2024 13:30 PM",
        "01/15/2024 0:30 AM",
        "20240115 09:30:00 Mars/Olympus",
        "15-Foo-2024",
        "32-01-2024",
    ],
)
def test_what_is_no_time_stays_none(tmp_path: Path, text: str) -> None:
    """Lost: a time that does not exist, or of a zone that nobody knows, is read as another."""
    path = kit.write(tmp_path / "A.csv", [f"{text},1,2,1,2,3"])
    with pytest.raises(Invalid, match="unreadable time"):
        kit.read(path)
