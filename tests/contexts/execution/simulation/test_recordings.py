"""Recorded feeds: what providers wrote is read as they mean it, and gives their own book again."""

from __future__ import annotations

import gzip
import struct
from decimal import Decimal
from pathlib import Path

import pytest

from fks.contexts.execution.adapters.recordings.databento import read_mbo
from fks.contexts.execution.adapters.recordings.lobster import read_book, read_messages
from fks.contexts.execution.domain.simulation.events import BUY, LAST, SELL, L3Kind
from fks.contexts.execution.domain.simulation.recorded import Level, RecordedBook
from fks.contexts.execution.domain.simulation.reproduction import inspect, reproduce
from fks.kernel.errors import Invalid, NotFound

SHARED = Path(__file__).resolve().parents[5] / "shared" / "data"
QUARTER = Decimal("0.25")
UNDEFINED = 2**63 - 1


def _shared(pattern: str) -> Path:
    """Return a recording of the shared folder, or skip."""
    found = next(iter(SHARED.glob(pattern)), None)
    if found is None:
        pytest.skip("the shared data folder is not beside this checkout")
    return found


def _dbn(
    path: Path, records: list[tuple[str, str, int, float, int, int]], version: int = 1
) -> Path:
    """Write (action, side, id, price, size, flags) as a DBN file, 10 ns apart."""
    meta = b"\0" * 100
    body = b""
    for number, (action, side, order, price, size, flags) in enumerate(records):
        nanos = UNDEFINED if price == UNDEFINED else int(price * 10**9)
        ts = 1_000_000 + 10 * number
        body += struct.pack("<BBHIQ", 14, 160, 1, 7, ts)
        body += struct.pack(
            "<QqIBBcc", order, nanos, size, flags, 0, action.encode(), side.encode()
        )
        body += struct.pack("<QiI", ts + 5, 0, number)
    path.write_bytes(b"DBN" + bytes([version]) + struct.pack("<I", len(meta)) + meta + body)
    return path


@pytest.mark.real_data
def test_lobsters_messages_give_lobsters_own_ten_levels_row_by_row() -> None:
    """Every level that the messages can tell comes out of them alone; the rest is counted."""
    events = read_messages(_shared("lobster/*_message_10.csv.gz"))
    recorded = read_book(_shared("lobster/*_orderbook_10.csv.gz"))
    found = reproduce(events, recorded, RecordedBook())
    assert found.differences == ()
    assert (found.rows, found.equal) == (999, 999)
    assert (found.seeded, found.revealed, found.corrected, found.vanished) == (19, 10, 2, 2)
    assert (found.strangers, found.hidden, found.halts, found.unknown) == (9, 61, 0, 0)


@pytest.mark.real_data
def test_a_wrong_level_in_the_recording_is_seen() -> None:
    """The comparison would notice one lot more at the best bid of one row."""
    events = read_messages(_shared("lobster/*_message_10.csv.gz"))
    recorded = read_book(_shared("lobster/*_orderbook_10.csv.gz"))
    recorded[500, 0, 3] += 1
    assert reproduce(events, recorded, RecordedBook()).equal == 998


@pytest.mark.real_data
def test_the_databento_file_gives_a_whole_uncrossed_book() -> None:
    """The ES snapshot holds 8,725 orders, best bid 4,799.00 under best ask 4,799.50."""
    book = RecordedBook()
    found = inspect(read_mbo(_shared("databento/*.mbo.dbn.zst"), QUARTER), book)
    assert (found.rows, found.orders_left, len(book)) == (8725, 8725, 8725)
    assert (found.checked, found.crossed, found.unknown, found.duplicates) == (1, 0, 0, 0)
    assert book.depth(BUY, 1) == (Level(4799 * 4, 16, 4),)
    assert book.depth(SELL, 1)[0].price == 19198


def test_a_market_by_order_event_fills_in_turn_and_changes_the_book_once(tmp_path: Path) -> None:
    """A trade and its fills leave the book alone; the cancels beside them are what shrinks it."""
    path = _dbn(
        tmp_path / "x.dbn",
        [
            ("R", "N", 0, UNDEFINED, 0, 40),
            ("A", "A", 1, 10.0, 5, 40),
            ("A", "A", 2, 10.0, 4, 168),
            ("A", "B", 3, 9.75, 2, 128),
            ("M", "A", 1, 10.0, 3, 128),  # fewer lots: keeps its place
            ("T", "B", 0, 10.0, 5, 0),
            ("F", "A", 1, 10.0, 3, 0),
            ("F", "A", 2, 10.0, 2, 0),
            ("C", "A", 1, 10.0, 3, 0),
            ("M", "A", 2, 10.0, 2, 128),
            ("M", "B", 3, 9.5, 2, 128),
        ],
    )
    book = RecordedBook()
    events = read_mbo(path, QUARTER)
    found = inspect(events, book)
    assert events["kind"].tolist()[5:8] == [L3Kind.TRADE, L3Kind.FILL, L3Kind.FILL]
    assert (found.fills, found.out_of_turn, found.crossed, found.checked) == (2, 0, 0, 5)
    assert book.queue(SELL, 40) == ((2, 2),)
    assert book.depth(BUY, 5) == (Level(38, 2, 1),)


def test_a_modify_with_more_lots_goes_to_the_end_and_a_fill_out_of_turn_is_counted(
    tmp_path: Path,
) -> None:
    """Priority follows the venue's rule, so a fill of the wrong order is noticed."""
    path = _dbn(
        tmp_path / "x.dbn",
        [
            ("A", "B", 1, 10.0, 5, 128),
            ("A", "B", 2, 10.0, 4, 128),
            ("M", "B", 1, 10.0, 6, 128),
            ("F", "B", 1, 10.0, 1, 128),
        ],
    )
    book = RecordedBook()
    assert inspect(read_mbo(path, QUARTER), book).out_of_turn == 1
    assert book.queue(BUY, 40) == ((2, 4), (1, 6))


def test_a_top_of_book_feed_replaces_its_side(tmp_path: Path) -> None:
    """Venues that show the best price only send an add for each new one, or an undefined one."""
    path = _dbn(
        tmp_path / "x.dbn",
        [
            ("A", "B", 0, 10.0, 5, 128 + 64),
            ("A", "B", 0, 10.25, 3, 128 + 64),
            ("A", "A", 0, 10.5, 1, 128 + 64),
            ("A", "A", 0, UNDEFINED, 0, 128 + 64),
        ],
    )
    book = RecordedBook()
    events = read_mbo(path, QUARTER)
    for _, order_id, price, lots, kind, side, _ in events.tolist():
        book.apply(kind, side, order_id, price, lots)
    assert book.depth(BUY, 5) == (Level(41, 3, 0),)
    assert book.depth(SELL, 5) == ()


def test_a_file_that_is_cut_of_another_kind_or_off_the_tick_is_refused(tmp_path: Path) -> None:
    """Bad files are named with what is wrong, before anything is replayed."""
    with pytest.raises(NotFound):
        read_mbo(tmp_path / "none.dbn", QUARTER)
    path = _dbn(tmp_path / "x.dbn", [("A", "B", 1, 10.1, 5, 128)])
    with pytest.raises(Invalid, match="off the tick"):
        read_mbo(path, QUARTER)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(Invalid, match="cut short"):
        read_mbo(path, QUARTER)
    path.write_bytes(b"PK")
    with pytest.raises(Invalid, match="not a DBN file"):
        read_mbo(path, QUARTER)


def test_lobster_types_and_times_mean_what_its_documentation_says(tmp_path: Path) -> None:
    """Hidden trades, crosses and halts do not touch the book; times are New York's, in UTC."""
    lines = [
        "34200.000000001,1,7,100,5000000,-1",
        "34200.5,5,0,10,5000050,-1",
        "34201,6,-1,50,5000000,1",
        "34202,7,0,0,-1,-1",
        "34203,7,0,0,1,-1",
        "34204,4,7,30,5000000,-1",
    ]
    path = tmp_path / "T_2012-06-21_34200000_57600000_message_10.csv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    events = read_messages(path)
    kinds = [L3Kind.ADD, L3Kind.HIDDEN, L3Kind.TRADE, L3Kind.HALT, L3Kind.RESUME, L3Kind.EXECUTE]
    assert events["kind"].tolist() == kinds
    assert int(events["ts_ns"][0]) == 1_340_285_400_000_000_001  # 13:30 UTC
    assert events["side"].tolist()[:3] == [SELL, BUY, 2]
    assert set(events["flags"].tolist()) == {LAST}
    book = RecordedBook()
    for _, order_id, price, lots, kind, side, _ in events.tolist():
        book.apply(kind, side, order_id, price, lots)
    assert book.depth(SELL, 2) == (Level(50000, 70, 1),)


def test_a_lobster_file_of_another_name_or_shape_is_refused(tmp_path: Path) -> None:
    """The day stands in the name, and six columns make a message file."""
    path = tmp_path / "messages.csv"
    path.write_text("1,2\n")
    with pytest.raises(Invalid, match="not named"):
        read_messages(path)
    path = tmp_path / "T_2012-06-21_34200000_57600000_message_10.csv"
    path.write_text("1,2\n")
    with pytest.raises(Invalid, match="2 columns"):
        read_messages(path)
    path.write_text("34200.1,1,7,100,5000050,1\n")
    with pytest.raises(Invalid, match="off the tick"):
        read_messages(path)
    path.write_text("34200.1,9,7,100,5000000,1\n")
    with pytest.raises(Invalid, match="message type 9"):
        read_messages(path)
