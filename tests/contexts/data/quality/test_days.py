"""Days, their picture, the page, and the rows that were refused."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from tests.contexts.data import kit

from fks.cli import program
from fks.contexts.data.domain.coverage_bars import Cell, block_of, coverage_lines
from fks.contexts.data.service.quality import Inspector, rules_of
from fks.contexts.data.service.vault import seal_range
from fks.contexts.data.store import DatasetStore
from fks.contracts.data.reports import DayQuality, GetQualityDays, QualityDays
from fks.kernel.errors import Invalid
from fks.kernel.testing import running_app

DAY_MINUTES = 1440
TIMEOUT_S = 10.0


def holed(tmp_path: Path) -> DatasetStore:
    """Store four days of minutes: one whole, one with 40 holes, one gone, one with two bad rows."""
    rows = kit.lines(4 * DAY_MINUTES)
    gone = {*range(DAY_MINUTES + 100, DAY_MINUTES + 140), *range(2 * DAY_MINUTES, 3 * DAY_MINUTES)}
    for k, bad in ((3 * DAY_MINUTES + 5, "NaN"), (3 * DAY_MINUTES + 9, "-5")):
        cells = rows[k].split(",")
        rows[k] = ",".join((*cells[:4], bad, cells[5]))
    kept = [row for k, row in enumerate(rows) if k not in gone]
    kept[7:7] = ["=cmd|' /C calc'!A0,1,2"]
    store = DatasetStore(tmp_path / "home")
    path = kit.write(tmp_path / "AAA.csv", kept)
    store.save(kit.read(path, calendar="24/7", name="aaa", timeframe="1m"))
    return store


def run(store: DatasetStore, *arguments: str) -> str:
    """Run the program and return its output."""
    result = CliRunner().invoke(program, ["--home", str(store.home), "data", *arguments])
    assert result.exception is None, result.output
    return result.stdout


async def test_days_are_answered_over_the_bus_by_pages(tmp_path: Path) -> None:
    """Lost: the screen would show a score and nobody would know which day it fell."""
    store = holed(tmp_path)
    async with running_app(home=store.home, contexts=["data"]) as app:

        async def ask(**options: Any) -> QualityDays:
            query = GetQualityDays(dataset="aaa", **options)
            return await app.runtime.bus.ask(query, timeout_s=TIMEOUT_S)

        found = await ask()
        told = [(d.day, d.expected, d.present, d.missing, d.faults) for d in found.days]
        assert told == [
            ("2024-01-01", 1440, 1440, 0, 0),
            ("2024-01-02", 1440, 1400, 40, 0),
            ("2024-01-03", 1440, 0, 1440, 0),
            ("2024-01-04", 1440, 1438, 2, 3),
        ]
        assert found.days[3].findings == {"outlier": 1, "quarantine": 2}
        assert found.days[0].volume == sum(range(1, 1441))
        first = await ask(limit=3)
        rest = await ask(limit=3, from_ts_ns=first.next_from_ts_ns)
        assert (first.days + rest.days, first.total, rest.next_from_ts_ns) == (found.days, 4, 0)
        day_ns = DAY_MINUTES * kit.MINUTE_NS
        one = await ask(from_ts_ns=kit.START_NS + day_ns, to_ts_ns=kit.START_NS + 2 * day_ns)
        assert [day.day for day in one.days] == ["2024-01-02"]
        with pytest.raises(Invalid, match="1 to 4,000 days"):
            await ask(limit=5000)


def test_a_stored_report_judged_again_is_the_same(tmp_path: Path) -> None:
    """Lost: the same bars would have two scores."""
    from fks.app import load_host

    store = holed(tmp_path)
    inspector = Inspector(store, rules_of(load_host(entry_points=False).hook))
    assert inspector.inspect("aaa").report == store.open("aaa").quality()
    for name in ("sp500_daily", "nasdaq_daily"):
        stored, again = store.open(name).quality(), inspector.inspect(name).report
        assert (again.outliers, again.gaps, again.missing_bars, again.zero_volume) == (
            stored.outliers,
            stored.gaps,
            stored.missing_bars,
            stored.zero_volume,
        )
        assert again.score == stored.score, "scores from before the rules are the same"


def test_sealed_bars_are_counted_but_not_looked_at(tmp_path: Path) -> None:
    """Lost: asking for quality would show held-out prices, or use up a granted look."""
    store = holed(tmp_path)
    before = store.open("aaa").quality()
    seal_range(store.home, "aaa", kit.START_NS, 2**62, by="test")
    store.vault.open("aaa", "a look of its own", "test")
    found = Inspector(DatasetStore(store.home), ()).inspect("aaa")
    assert found.report == before
    assert "sealed" in found.note
    assert [(d.missing, d.volume) for d in found.days] == [(0, 0), (40, 0), (1440, 0), (2, 0)]
    (seal,) = store.vault.state("aaa").seals
    assert (seal.looks, seal.reads_left) == (0, 1)


def test_a_person_sees_the_holes(tmp_path: Path) -> None:
    """Lost: a day that is not there would look like one that is."""
    out = run(holed(tmp_path), "quality", "aaa", "--days")
    line = next(line for line in out.splitlines() if line.startswith("2024-01 "))
    assert line.split()[1][:4] == "█▇×▇"
    assert line.split()[2:] == ["74.3%", "4,278", "1,482", "3"]
    assert "3 of 4 days of UTC have missing or doubtful bars" in out
    document = json.loads(run(holed(tmp_path), "quality", "aaa", "--days", "--json"))
    assert [day["missing"] for day in document["days"]] == [0, 40, 1440, 2]
    lost = sum(round(100 * part["points_lost"]) for part in document["quality"]["parts"])
    assert lost + round(100 * document["quality"]["score"]) == 10_000


def test_blocks_are_full_only_without_holes_and_long_spans_go_by_years() -> None:
    """Lost: one missing bar of thousands would vanish in a full block."""
    assert block_of(Cell(1440, 1439, 1)) == "▇"
    assert block_of(Cell(1440, 1, 1439)) == "▁"
    assert [block_of(c) for c in (Cell(), Cell(0, 3), Cell(5, 0, 5), Cell(5, 5))] == list("·+×█")
    days = [
        DayQuality(
            day=f"{year}-{month:02d}-03", expected=1, present=1, missing=0, faults=0, volume=1
        )
        for year in range(2000, 2008)
        for month in range(1, 13)
    ]
    lines = coverage_lines(days)
    assert [line.name for line in lines] == [str(year) for year in range(2000, 2008)]
    assert {len(line.cells) for line in lines} == {37}
    assert sum(line.total.expected for line in lines) == len(days)


def test_the_page_is_whole_needs_nothing_and_escapes_what_data_say(tmp_path: Path) -> None:
    """Lost: a hostile file name would run in the browser of whoever opens a report."""
    store = DatasetStore(tmp_path / "home")
    path = kit.write(tmp_path / "<script>alert(1).csv", kit.lines(3000)[:-100:2])
    store.save(kit.read(path, name="aaa", timeframe="1m"))
    page = tmp_path / "page.html"
    run(store, "quality", "aaa", "--html", str(page))
    text = page.read_text(encoding="utf-8")
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert not re.search(r"(src|href)\s*=|https?:|@import|url\(", text)
    assert "prefers-color-scheme:dark" in text
    body = text[text.index("<body>") : text.index("</body>") + 7]
    tree = ElementTree.fromstring(body)  # our own page
    cells = [one for one in tree.iter("rect") if one.find("title") is not None]
    told = [(one.findtext("title") or "").partition(":")[0] for one in cells]
    assert told == ["2024-01-01", "2024-01-02", "2024-01-03"]


def test_refused_rows_are_told_by_pages_and_as_csv_that_no_spreadsheet_computes(
    tmp_path: Path,
) -> None:
    """Lost: whoever asks why rows are missing would have to read Parquet."""
    store = holed(tmp_path)
    found = json.loads(run(store, "quarantine", "aaa", "--rows", "2", "--json"))
    rest = json.loads(run(store, "quarantine", "aaa", "--rows", "2", "--page", "2", "--json"))
    assert (found["total"], found["pages"], len(found["rows"]), len(rest["rows"])) == (3, 2, 2, 1)
    rows = found["rows"] + rest["rows"]
    report = store.open("aaa").quality()
    assert Counter(row["reason"] for row in rows).total() == report.rows_quarantined == 3
    assert {"not a number", "price not positive"} < {row["reason"] for row in rows}
    assert "not a number" in run(store, "quarantine", "aaa")
    (shaped, *_) = [row for row in rows if row["text"]]
    assert shaped["text"].startswith("=cmd")
    cells = list(csv.reader(io.StringIO(run(store, "quarantine", "aaa", "--csv"))))
    assert len(cells) == 4
    assert not [cell for row in cells for cell in row if cell.startswith(("=", "+", "@"))]
    stamp = datetime.fromtimestamp(kit.START_NS // 10**9 + (3 * 1440 + 5) * 60, UTC)
    assert f"{stamp:%Y-%m-%dT%H:%M:%SZ}" in {row["time"] for row in rows}
