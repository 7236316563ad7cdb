"""Real files judged, and counted once more with plain readers and with SQL."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pytest
from tests.contexts.data import kit

from fks.contexts.data.domain.judging import judge
from fks.contexts.data.domain.quality import context_of
from fks.contexts.data.domain.rules.built_in import BUILT_IN
from fks.contexts.data.domain.sessions import Coverage, always_slots, coverage
from fks.contexts.data.service.importing import FileRequest, import_files
from fks.contexts.data.service.quality import Inspector
from fks.contexts.data.store import DatasetStore
from fks.contracts.data.reports import GetQualityDays


def stored(tmp_path: Path, *paths: Path, **options: Any) -> DatasetStore:
    """Store files as the dataset `real`."""
    request = FileRequest(path=paths[0], name="real", **options)
    (imported,) = import_files(paths, request, now_ns=1, code_version="test")
    store = DatasetStore(tmp_path / "home")
    store.save(imported)
    return store


def asked(store: DatasetStore, query: str) -> list[tuple[object, ...]]:
    """Ask DuckDB about the stored bars."""
    info = store.open("real").info
    path = Path(info.path) / "bars.parquet"
    prices = f"ts_ns, close_ticks * {info.instrument.tick_size} AS close, volume"
    with duckdb.connect(":memory:") as connection:
        connection.read_parquet(str(path)).project(prices).create_view("bars")
        return connection.execute(query).fetchall()


def test_a_million_expected_slots_are_a_million() -> None:
    """Lost: floats would lose the last slot of a long series, and a whole one look holed."""
    for count in (999_999, 1_000_000, 1_234_567):
        last = kit.START_NS + (count - 1) * kit.MINUTE_NS
        slots = always_slots(kit.START_NS, last, kit.MINUTE_NS, weekends=True)
        assert (len(slots), int(slots[-1])) == (count, last)
        found = coverage(slots, np.delete(slots, [5, count - 2]))
        assert (found.expected, found.missing, found.gaps) == (count, 2, 2)


@pytest.mark.real_data
def test_binance_minutes_without_volume_by_day(tmp_path: Path) -> None:
    """Lost: quiet minutes of a real market would be counted wrong, or called stale."""
    paths = [kit.real(f"binance/um_klines_1m/NEARUSDT-1m-2023-{m:02d}.zip") for m in (8, 9, 10)]
    store = stored(tmp_path, *paths)
    found = Inspector(store, BUILT_IN).inspect("real")
    rows = [row for path in paths for row in list(kit.raw_rows(path))[1:]]
    silent = [row for row in rows if Decimal(row[5]) == 0]
    assert found.report.zero_volume == len(silent) == 271
    by_day = {
        str(date(1970, 1, 1) + timedelta(milliseconds=int(day) * 86_400_000)): len(list(ours))
        for day, ours in groupby(silent, lambda row: int(row[0]) // 86_400_000)
    }
    told = {d.day: d.findings["zero_volume"] for d in found.days if "zero_volume" in d.findings}
    assert told == by_day
    assert {(d.expected, d.present, d.missing) for d in found.days} == {(1440, 1440, 0)}
    sums = asked(
        store,
        "SELECT strftime(make_timestamp_ns(ts_ns), '%Y-%m-%d'), sum(volume) FROM bars GROUP BY 1 "
        "ORDER BY 1",
    )
    assert [d.volume for d in found.days] == pytest.approx([volume for _, volume in sums])
    codes = {one.code: one.count for one in found.report.findings}
    assert codes == {"outlier": 228, "zero_volume": 271, "long_wick": 1}
    assert codes["outlier"] == len(
        asked(
            store,
            "WITH r AS (SELECT ln(close) - ln(lag(close) OVER (ORDER BY ts_ns)) AS r FROM bars) "
            "SELECT r FROM r WHERE abs(r - (SELECT avg(r) FROM r)) > "
            "5 * (SELECT stddev_pop(r) FROM r)",
        )
    )


@pytest.mark.real_data
def test_lean_minutes_of_a_share_lie_in_its_sessions(tmp_path: Path) -> None:
    """Lost: pre-market minutes would be faults, and a session without its open would not be one."""
    paths = sorted(kit.real("lean/equity/usa/minute/spy").glob("*_trade.zip"))
    store = stored(tmp_path, *paths)
    found = Inspector(store, BUILT_IN).inspect("real")
    outside, days = 0, {}
    for path in paths:
        day = datetime.strptime(path.name[:8], "%Y%m%d").replace(
            tzinfo=ZoneInfo("America/New_York")
        )
        minutes = [int(row[0]) // 60_000 for row in kit.raw_rows(path)]
        inside = [m for m in minutes if 570 <= m < 960]
        outside += len(minutes) - len(inside)
        days[f"{day:%Y-%m-%d}"] = (390, 390 - len(inside))
    codes = {one.code: one.count for one in found.report.findings}
    assert codes.get("outside_session", 0) == outside
    told = {d.day: (d.expected, d.missing) for d in found.days if d.present}
    assert told == days
    assert not {"summer_time", "off_grid", "weekend_bar", "stale_run"} & codes.keys()


@pytest.mark.real_data
def test_sixteen_years_of_days_have_no_holes_and_a_shifted_copy_has(tmp_path: Path) -> None:
    """Lost: holidays would look like holes, and holes like holidays."""
    path = kit.real("yahoo_csv/nvda-1999-2014.txt.gz")
    found = Inspector(stored(tmp_path, path, calendar="XNYS"), BUILT_IN).inspect("real")
    assert len(found.days) == sum(d.expected for d in found.days) == 4012
    assert sum(d.missing for d in found.days) == 0
    rows = list(kit.raw_rows(path))
    gone = {rows[k][0] for k in (100, 101, 2000)}
    saturday = "2010-05-15"
    shifted = [row for row in rows if row[0] not in gone]
    shifted.insert(1, [saturday, *rows[50][1:]])
    copy = tmp_path / "NVDA.csv"
    copy.write_text("\n".join(",".join(row) for row in shifted) + "\n")
    holed = Inspector(stored(tmp_path, copy, calendar="XNYS"), BUILT_IN).inspect("real")
    assert {d.day for d in holed.days if d.missing} == gone
    codes = {one.code: one.examples for one in holed.report.findings}
    for code in ("weekend_bar", "no_session"):
        assert codes[code] == (f"{saturday}T00:00:00Z",)


@pytest.mark.real_data
def test_prints_far_from_the_market_are_found_in_a_real_session(tmp_path: Path) -> None:
    """Lost: trades reported late, dollars from the market, would be the day's highs and lows."""
    path = kit.real("lean/equity/usa/minute/spy/20131008_trade.zip")
    dataset = stored(tmp_path, path).open("real")
    report = {one.code: one.count for one in dataset.quality().findings}
    assert (report["bad_print"], report["long_wick"]) == (6, 6)
    context = context_of(dataset.info.instrument, "1m", Coverage(0, 0, 0))
    found = {one.rule.code: one.marked.rows for one in judge(dataset.columns(), context, BUILT_IN)}
    marked = {*found["bad_print"].tolist(), *found["long_wick"].tolist()}
    highs = [int(row[2]) for row in kit.raw_rows(path)]  # ten-thousandths
    far = [
        k for k in range(1, len(highs) - 1) if highs[k] - max(highs[k - 1], highs[k + 1]) > 10_000
    ]
    assert len(far) == 10, "a dollar beyond both neighbours, in minutes that move by a dime"
    assert set(far) <= marked


@pytest.mark.real_data
def test_the_days_of_a_real_future_are_those_of_a_plain_reading(tmp_path: Path) -> None:
    """Lost: what a trader calls Monday would begin on Monday at midnight in Greenwich."""
    path = kit.real("futures_csv/6EH4.XCME_1min_bars_20240101_20240131.csv.gz")
    store = stored(tmp_path, path)
    inspector = Inspector(store, BUILT_IN)
    found = inspector.inspect("real")
    chicago = ZoneInfo("America/Chicago")

    def trading_day(ts_ns: int) -> str:
        """Return the date seven hours after a time on Chicago's clock: sessions open at 17:00."""
        local = datetime.fromtimestamp(ts_ns // 10**9, chicago).replace(tzinfo=None)
        return f"{local + timedelta(hours=7):%Y-%m-%d}"

    plain = Counter(trading_day(one) for one in store.open("real").columns().ts_ns.tolist())
    assert found.by_sessions
    assert {one.day: one.present for one in found.days if one.present} == plain
    by_day = {one.day: one for one in found.days}
    assert len(by_day) == 23
    first = by_day["2024-01-03"]
    assert (first.expected, first.present - first.expected + first.missing) == (1380, 1)
    # Sunday evening is asked for by its time, and pages follow one another.
    evening_ns = int(datetime(2024, 1, 7, 17, tzinfo=chicago).timestamp()) * 10**9
    asked = GetQualityDays(dataset="real", from_ts_ns=evening_ns, to_ts_ns=evening_ns + 10**9)
    assert [one.day for one in inspector.days(asked).days] == ["2024-01-08"]
    page = inspector.days(GetQualityDays(dataset="real", limit=3))
    after = GetQualityDays(dataset="real", limit=3, from_ts_ns=page.next_from_ts_ns)
    names = [one.day for one in (*page.days, *inspector.days(after).days)]
    assert names == sorted(by_day)[:6]
    early = GetQualityDays(dataset="real", to_ts_ns=evening_ns - 30 * 86_400 * 10**9)
    assert inspector.days(early).days == ()
