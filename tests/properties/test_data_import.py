"""Properties of importing: nothing is lost, nothing depends on chunks, content makes the hash."""

from __future__ import annotations

import io
import math
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fks.contexts.data.adapters import tabular
from fks.contexts.data.adapters.stamps import local_to_utc, zone_of
from fks.contexts.data.domain.imports import Imported
from fks.contexts.data.domain.table import NO_TIME, RawTable
from fks.contexts.data.domain.validation import REASONS, clean
from fks.contexts.data.service.importing import FileRequest, import_file
from fks.kernel.errors import FksError

CELLS = st.sampled_from(
    ["100", "101.5", "99.25", "-1", "0", "NaN", "inf", "", "x", "1e400", "1e-12", " 100 ", '"7"']
)
TIMES = st.sampled_from(["1704067200", "1704067260", "1704067320", "1704067380", "soon", "", "1"])
ROWS = st.lists(
    st.one_of(
        st.tuples(TIMES, CELLS, CELLS, CELLS, CELLS, CELLS).map(",".join),
        st.tuples(TIMES, st.just("100,102,98,101,5")).map(",".join),
        st.sampled_from(["", ",", "1,2,3", "1704067200,100,102,98,101,5,6", "a,b,c,d,e,f"]),
    ),
    max_size=30,
)
GOOD = [f"{1704067200 + 60 * k},100.{k:02d},102,98,101,{k}" for k in range(40, 43)]


def read(path: Path) -> Imported:
    """Import a file."""
    return import_file(FileRequest(path=path), now_ns=0, code_version="test")


@settings(max_examples=150, deadline=None)
@given(rows=ROWS)
def test_every_row_of_a_corrupted_file_is_kept_or_quarantined(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str]
) -> None:
    """Lost: a row could vanish between reading and report."""
    path = tmp_path_factory.mktemp("x") / "x.csv"
    path.write_text("ts,open,high,low,close,volume\n" + "\n".join([*rows, *GOOD]) + "\n")
    imported = read(path)
    report = imported.report
    written = [row for row in [*rows, *GOOD] if row != ""]
    assert report.rows_read == len(written)
    assert report.rows_read == report.rows_kept + report.rows_quarantined
    numbers = [
        *imported.cleaned.kept.row.tolist(),
        *imported.cleaned.quarantined.row.tolist(),
        *(one.row for one in imported.table.refused),
    ]
    assert len(set(numbers)) == len(written), "each row is in one place only"
    ts = imported.cleaned.kept.ts_ns
    assert (np.diff(ts) > 0).all()
    assert 0 <= report.score <= 100


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=ROWS, block=st.integers(60, 400))
def test_any_chunking_of_the_reader_gives_the_same_dataset(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    rows: list[str],
    block: int,
) -> None:
    """Lost: what a dataset holds would depend on where blocks happen to end."""
    path = tmp_path_factory.mktemp("x") / "x.csv"
    path.write_text("ts,open,high,low,close,volume\n" + "\n".join([*rows, *GOOD]) + "\n")
    monkeypatch.setattr(tabular, "BLOCK_BYTES", 2 << 20)
    whole = read(path)
    monkeypatch.setattr(tabular, "BLOCK_BYTES", block)
    parts = read(path)
    assert parts.info == whole.info
    assert parts.report == whole.report
    assert parts.table.refused == whole.table.refused
    assert np.array_equal(parts.cleaned.quarantined.row, whole.cleaned.quarantined.row)


ZONES = ("America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")


@settings(max_examples=200, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    minutes=st.lists(st.integers(10_000_000, 33_000_000), min_size=1, max_size=20),
)
def test_local_times_become_utc_as_the_time_zone_database_says(
    zone: str, minutes: list[int]
) -> None:
    """Lost: bars would lie an hour off in half of each year, or around a change of the clock."""
    naive = np.array(minutes, dtype=np.int64) * 60 * 10**9
    expected = [
        int(datetime.fromtimestamp(m * 60, UTC).replace(tzinfo=ZoneInfo(zone)).timestamp())
        for m in minutes
    ]
    assert (local_to_utc(naive, zone_of(zone)) // 10**9).tolist() == expected


NUMBERS = st.one_of(st.integers(-2, 12).map(float), st.sampled_from([math.nan, math.inf, 2.5]))
BARS = st.lists(st.tuples(st.sampled_from([NO_TIME, 0, 60, 120, 180]), *[NUMBERS] * 5), max_size=25)


def slow_clean(rows: list[tuple[float, ...]]) -> tuple[list[int], dict[int, str]]:
    """Part rows one by one, as the rules say; return kept rows in time order, and reasons."""
    reasons: dict[int, str] = {}
    for k, (ts, first, high, low, last, volume) in enumerate(rows):
        prices = (first, high, low, last)
        if ts == NO_TIME:
            reasons[k] = REASONS[1]
        elif not all(map(math.isfinite, (*prices, volume))):
            reasons[k] = REASONS[2]
        elif min(prices) <= 0:
            reasons[k] = REASONS[3]
        elif high < max(first, last) or low > min(first, last):
            reasons[k] = REASONS[4]
        elif volume < 0:
            reasons[k] = REASONS[5]
        elif any(price % 1 for price in prices):
            reasons[k] = REASONS[8]
    left = [k for k in range(len(rows)) if k not in reasons]
    for ts in {rows[k][0] for k in left}:
        same = [k for k in left if rows[k][0] == ts]
        if len({rows[k] for k in same}) > 1:
            reasons.update(dict.fromkeys(same, REASONS[7]))
        else:
            reasons.update(dict.fromkeys(same[1:], REASONS[6]))
    return sorted(set(left) - set(reasons), key=lambda k: rows[k][0]), reasons


@settings(max_examples=300, deadline=None)
@given(rows=BARS)
def test_fast_validation_agrees_with_the_slow_one(rows: list[tuple[float, ...]]) -> None:
    """Lost: the columnar rules could differ from what they say."""
    columns = list(zip(*rows, strict=True)) or [()] * 6
    first, high, low, last, volume = (np.array(column, dtype=np.float64) for column in columns[1:])
    row, ts_ns = np.arange(len(rows), dtype=np.int64), np.array(columns[0], dtype=np.int64)
    table = RawTable(row, ts_ns, first, high, low, last, volume)
    found = clean(table, Decimal(1))
    kept, reasons = slow_clean(rows)
    assert found.kept.row.tolist() == kept
    quarantined = zip(found.quarantined.row.tolist(), found.reason.tolist(), strict=True)
    assert {row: REASONS[code] for row, code in quarantined} == reasons
    assert sum(Counter(reasons.values()).values()) + len(kept) == len(rows)


@settings(max_examples=60, deadline=None)
@given(order=st.permutations(range(12)), again=st.booleans())
def test_the_hash_is_of_the_content_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], again: bool
) -> None:
    """Lost: rebuilding a dataset would give it another name."""
    rows = [f"{1704067200 + 60 * k},100.5,102,98,101,{k}" for k in range(12)]
    folder = tmp_path_factory.mktemp("x")
    path = folder / "x.csv"
    text = io.StringIO()
    text.write("ts;open;high;low;close;volume\n")
    for k in order:
        text.write(rows[k].replace(",", ";") + "\n")
        if again and k == order[0]:
            text.write(rows[k].replace(",", ";") + "\n")
    path.write_text(text.getvalue())
    plain = folder / "plain" / "x.csv"
    plain.parent.mkdir()
    plain.write_text("ts,open,high,low,close,volume\n" + "\n".join(rows))
    assert read(path).info.hash == read(plain).info.hash


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    """Lost: some file would end in a traceback."""
    folder = tmp_path_factory.mktemp("x")
    for name in ("x.csv", "x.zip", "x.parquet", "x.csv.gz", "x.feather"):
        (folder / name).write_bytes(data)
        try:
            read(folder / name)
        except FksError as error:
            assert error.code.startswith("data.")
            assert "\n" not in error.message
