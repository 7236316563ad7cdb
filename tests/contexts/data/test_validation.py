"""What is kept, what is quarantined and why, and what the report says of it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from tests.contexts.data import kit

from fks.contexts.data.adapters.calendars import expected_coverage, expected_stamps
from fks.contexts.data.domain.instruments import BUILT_IN, known_instrument, with_sizes
from fks.contexts.data.domain.precision import Precision, precision_of
from fks.contexts.data.domain.timeframes import DAY_NS, detect_timeframe, timeframe_ns
from fks.contexts.data.domain.validation import REASONS
from fks.contracts.values import NANOS
from fks.kernel.errors import Invalid

HOUR_NS = 3600 * 10**9
S = kit.START_NS // 10**9

BAD_ROWS = {
    "unreadable time": f"x{S},100,101,99,100,5",
    "time out of range": "8000000000,100,101,99,100,5",
    "not a number": f"{S + 900},100,101,NaN,100,5",
    "price not positive": f"{S + 900},100,101,-99,100,5",
    "high or low inconsistent": f"{S + 900},100,99,98,100,5",
    "volume negative": f"{S + 900},100,101,99,100,-5",
}


@pytest.mark.parametrize("reason", BAD_ROWS)
def test_a_bad_row_is_quarantined_with_its_reason_and_the_rest_is_kept(
    tmp_path: Path, reason: str
) -> None:
    """Lost: one bad row would cost the file, or pass into a backtest."""
    path = kit.write(tmp_path / "x.csv", [*kit.lines(5), BAD_ROWS[reason]])
    imported = kit.read(path)
    report = imported.report
    assert (report.rows_read, report.rows_kept, report.rows_quarantined) == (6, 5, 1)
    assert [REASONS[code] for code in imported.cleaned.reason] == [reason]
    (finding,) = [finding for finding in report.findings if finding.severity == "error"]
    assert (finding.rule, finding.count, finding.examples) == (reason, 1, ("row 6",))


def test_a_row_of_another_shape_keeps_its_text(tmp_path: Path) -> None:
    """Lost: nobody could find out what stood there."""
    rows = kit.lines(3)
    rows[1] += ",more"
    imported = kit.read(kit.write(tmp_path / "x.csv", rows))
    (refused,) = imported.table.refused
    assert (refused.row, refused.text) == (2, rows[1])
    assert imported.report.rows_quarantined == 1


def test_an_equal_repeat_is_kept_once_and_contradicting_rows_not_at_all(tmp_path: Path) -> None:
    """Lost: a bar would count twice, or one of two stories be believed without ground."""
    rows = kit.lines(6)
    other = rows[2].replace("100.52", "100.53")
    assert other != rows[2]
    imported = kit.read(kit.write(tmp_path / "x.csv", [*rows, rows[4], other]))
    kept = (imported.cleaned.kept.ts_ns - kit.START_NS) // kit.MINUTE_NS
    assert kept.tolist() == [0, 1, 3, 4, 5]
    reasons = {
        int(row): REASONS[code]
        for row, code in zip(imported.cleaned.quarantined.row, imported.cleaned.reason, strict=True)
    }
    conflict = "contradicts another row of the same time"
    assert reasons == {3: conflict, 7: "duplicate of an earlier row", 8: conflict}
    assert imported.report.duplicates == 3


def test_rows_out_of_order_are_moved_to_their_place_and_counted(tmp_path: Path) -> None:
    """Lost: a strategy would see the past after the future, or bars would vanish."""
    rows = kit.lines(6)
    shuffled = [rows[k] for k in (0, 2, 1, 5, 3, 4)]
    imported = kit.read(kit.write(tmp_path / "x.csv", shuffled))
    assert imported.report.out_of_order == 3
    assert imported.report.rows_quarantined == 0
    sorted_rows = kit.read(kit.write(tmp_path / "x.csv", rows))
    assert imported.info.hash == sorted_rows.info.hash


def test_the_same_rows_under_another_instrument_are_another_dataset(tmp_path: Path) -> None:
    """Lost: one hash would stand for two things that trade differently."""
    path = kit.write(tmp_path / "x.csv", kit.lines(6))
    plain = kit.read(path, instrument="AAA").info.hash
    assert kit.read(path, instrument="BBB").info.hash != plain
    assert kit.read(path, instrument="AAA", timeframe="5m").info.hash != plain
    assert kit.read(path, instrument="AAA").info.hash == plain


def test_outliers_and_silence_lower_the_score_but_keep_the_bars(tmp_path: Path) -> None:
    """Lost: a crash would be thrown out of history, or nobody told of a bad tick."""
    rows = kit.lines(200)
    ts = kit.START_NS + 200 * kit.MINUTE_NS
    rows += [f"{ts},102.00,150.00,101.00,150.00,0"]
    imported = kit.read(kit.write(tmp_path / "x.csv", rows))
    assert (imported.report.outliers, imported.report.zero_volume) == (1, 1)
    assert imported.report.rows_kept == 201
    assert 98 < imported.report.score < 100


@pytest.mark.parametrize(
    ("calendar", "step_ns", "first", "last", "slots"),
    [
        ("24/7", DAY_NS, "2024-01-01", "2024-01-31", 31),
        ("weekdays", DAY_NS, "2024-01-01", "2024-01-31", 23),
        ("XNYS", DAY_NS, "2024-01-01", "2024-01-31", 21),  # New Year, King's day
        ("XNYS", kit.MINUTE_NS, "2024-01-02", "2024-01-03", 390),
        ("XNYS", kit.MINUTE_NS, "2024-07-03", "2024-07-04", 210),  # closes at 13:00
        ("CMES", HOUR_NS, "2024-01-09", "2024-01-10", 23),  # an hour's pause a day
        ("24/5", HOUR_NS, "2024-01-06", "2024-01-07", 0),
    ],
)
def test_calendars_expect_bars_when_markets_are_open(
    calendar: str, step_ns: int, first: str, last: str, slots: int
) -> None:
    """Lost: weekends and holidays would be gaps, or real gaps would not be seen."""
    begin, end = (int(np.datetime64(day, "ns").astype(np.int64)) for day in (first, last))
    if step_ns >= DAY_NS:
        end += DAY_NS
    stamps = expected_stamps(begin, end - 1, step_ns, calendar)
    assert len(stamps) == slots
    if slots > 5:
        holey = np.delete(stamps, [2, 3, 5])
        found = expected_coverage(holey, step_ns, calendar)
        assert (found.expected, found.missing, found.gaps) == (slots, 3, 2)
        assert found.first_ns == (int(stamps[2]), int(stamps[5]))


def test_hours_need_not_begin_when_a_session_does() -> None:
    """Lost: hourly bars of New York would all be missing, since it opens at half past."""
    day = int(np.datetime64("2024-01-02", "ns").astype(np.int64))
    hours = day + np.arange(14, 21, dtype=np.int64) * HOUR_NS
    assert expected_coverage(hours, HOUR_NS, "XNYS").missing == 0
    halves = day + 30 * kit.MINUTE_NS + np.arange(14, 21, dtype=np.int64) * HOUR_NS
    assert expected_coverage(halves, HOUR_NS, "XNYS").missing == 0


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ([1.0, 250.0], Precision(0, True)),
        ([100.25, 99.5], Precision(2, True)),
        ([0.00001234, 1.5], Precision(8, True)),
        ([17.938499999999998], Precision(4, True)),
        ([30000.123456], Precision(6, True)),
        ([1 / 3, 2 / 3], Precision(8, False)),
        ([50000 / 3], Precision(4, False)),
        ([float("nan"), float("inf")], Precision(0, True)),
    ],
)
def test_ticks_are_as_fine_as_the_prices_and_no_finer(
    prices: list[float], expected: Precision
) -> None:
    """Lost: prices would be rounded in silence, or a tick of a billionth overflow the desk."""
    assert precision_of([np.array(prices)]) == expected


@pytest.mark.parametrize(
    ("symbol", "product", "named"),
    [
        ("ES", "ES", "ES"),
        ("GC=F", "GC", "GC"),
        ("ESH5", "ES", "ESH5"),
        ("6EH4", "6E", "6EH4"),
        ("ES 03-25", "ES", "ESH25"),
        ("ES202503", "ES", "ES202503"),
        ("^GSPC", "SPX", "SPX"),
    ],
)
def test_a_contract_has_the_sizes_of_its_product(symbol: str, product: str, named: str) -> None:
    """Lost: a futures contract would be worth a fiftieth of itself."""
    found = known_instrument(symbol)
    assert found is not None
    assert (found.id, found.tick_size, found.multiplier) == (
        named,
        BUILT_IN[product].tick_size,
        BUILT_IN[product].multiplier,
    )


def test_every_built_in_tick_is_a_whole_number_of_nanos() -> None:
    """Lost: the desk would refuse an instrument that FKS itself offers."""
    for instrument in BUILT_IN.values():
        worth = instrument.tick_size * instrument.lot_size * instrument.multiplier * NANOS
        assert worth % 1 == 0, instrument.id
    assert known_instrument("SPXH5") is None
    assert known_instrument("BTCUSDT") is None


def test_a_files_name_alone_does_not_make_its_prices_a_future(tmp_path: Path) -> None:
    """Lost: BTC.csv of a spot exchange would be off the future's five-dollar ticks, every row."""
    imported = kit.read(kit.write(tmp_path / "BTC.csv", kit.lines(30)))
    assert imported.info.instrument.tick_size == Decimal("0.01")
    assert imported.info.instrument.multiplier == 1
    with pytest.raises(Invalid, match="off the tick size"):
        kit.read(tmp_path / "BTC.csv", instrument="BTC")


def test_sizes_can_be_given_and_must_be_exact(tmp_path: Path) -> None:
    """Lost: an instrument that cannot be accounted for would be stored and fail at its backtest."""
    path = kit.write(tmp_path / "x.csv", kit.lines(5))
    given = kit.read(path, tick_size="0.005", lot_size="0.001", multiplier="10").info.instrument
    assert (given.tick_size, given.lot_size, given.multiplier) == (
        Decimal("0.005"),
        Decimal("0.001"),
        Decimal(10),
    )
    for sizes in ({"tick_size": "x"}, {"lot_size": "-1"}, {"multiplier": "NaN"}):
        with pytest.raises(Invalid, match=r"not a number|must be positive"):
            kit.read(path, **sizes)
    with pytest.raises(Invalid, match="finer than 1e-9"):
        with_sizes(given, lot_size="0.0000000001")
    assert kit.read(path, tick_size="0.25").report.rows_quarantined == 5 - 1


def test_timeframes_are_found_and_written_plainly() -> None:
    """Lost: five-minute bars would be taken for minutes with four of five missing."""
    for text, step in (("1s", 1), ("5m", 300), ("4h", 4 * 3600), ("1d", 86400), ("1w", 7 * 86400)):
        stamps = np.arange(50, dtype=np.int64) * step * 10**9
        assert detect_timeframe(np.delete(stamps, [7, 8, 20])) == text
        assert timeframe_ns(text) == step * 10**9
    for text in ("", "0m", "1y", "m1", "1.5h"):
        with pytest.raises(Invalid, match="such as 1m"):
            timeframe_ns(text)
    with pytest.raises(Invalid, match="not bars of whole seconds"):
        detect_timeframe(np.arange(9, dtype=np.int64) * 7)


def test_a_symbol_read_off_a_name_gives_way_to_the_prices(tmp_path: Path) -> None:
    """Lost: a perpetual's file is refused row by row, for it is no future of the same name."""
    rows = [f"{kit.START_NS + k * kit.MINUTE_NS},46200.5,46210,46190.5,46205,1" for k in range(30)]
    found = kit.read(kit.write(tmp_path / "btc-perp_1m.csv", rows))
    assert (found.info.rows, found.info.quarantined) == (30, 0)
    assert str(found.info.instrument.tick_size) == "0.1"
    with pytest.raises(Invalid, match="off the tick size"):
        kit.read(kit.write(tmp_path / "told.csv", rows), instrument="BTC")
