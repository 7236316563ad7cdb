"""NinjaTrader's exports."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from tests.contexts.data import kit
from tests.contexts.data.formats.tick_kit import agree, epoch_ns, ticks

from fks.contracts.data.ticks import NO_ID
from fks.kernel.errors import Invalid

MINUTES = ["20240102 093100;10.5;11;10;10.75;7", "20240102 093200;10.5;11;10;10.75;7"]


@pytest.mark.parametrize(
    ("options", "first"),
    [
        ({}, "2024-01-02T09:30:00"),
        ({"columns": {"ts": "open"}}, "2024-01-02T09:31:00"),
        ({"timezone": "America/Chicago"}, "2024-01-02T15:30:00"),
    ],
)
def test_minutes_are_stamped_by_their_open(
    tmp_path: Path, options: dict[str, object], first: str
) -> None:
    """Lost: a strategy would see each minute before it was over."""
    path = kit.write(tmp_path / "ES 03-25.Last.txt", MINUTES, "")
    imported = kit.read(path, **options)
    assert imported.info.first_ts_ns == epoch_ns(first)
    assert (imported.info.instrument.id, imported.info.timeframe) == ("ESH25", "1m")
    assert ("by their end" in imported.info.source) == ("columns" not in options)


def test_days_keep_their_date(tmp_path: Path) -> None:
    """Lost: each day would be the one before."""
    lines = ["20240102;10.5;11;10;10.75;7", "20240103;10.5;11;10;10.75;7"]
    imported = kit.read(kit.write(tmp_path / "AAPL.Last.txt", lines, ""))
    assert imported.info.first_ts_ns == epoch_ns("2024-01-02")
    assert imported.info.timeframe == "1d"


def test_ticks_of_last_bid_and_ask(tmp_path: Path) -> None:
    """Lost: an export's bids would be trades, or its ticks rounded to the second."""
    t = epoch_ns("2024-01-02T09:30:00") + 123_456_700
    line = "20240102 093000 1234567;10.5;3"
    last, bid, ask = (
        kit.write(tmp_path / f"NQ 12-24.{side}.txt", [line], "") for side in ("Last", "Bid", "Ask")
    )
    agree(ticks(last), [(t, 10.5, 3, 0, NO_ID)])
    agree(ticks(bid), [(t, 10.5, 3, math.nan, 0)])
    agree(ticks(ask), [(t, math.nan, 0, 10.5, 3)])
    assert ticks(last).symbol == "NQZ24"
    lines = ["20240102 093000 1234567;10.5;10.25;10.75;3", "20240102 093000 1234567;x;10.25;;3"]
    both = kit.write(tmp_path / "x.txt", [*lines, "20240102 096000 1234567;10.5;1;2;3"], "")
    nothing = -(2**63)
    agree(
        ticks(both),
        [(t, 10.5, 3, 0, NO_ID), (t, math.nan, 3, 0, NO_ID), (nothing, 10.5, 3, 0, NO_ID)],
    )
    quoted = [(t, 10.25, 0, 10.75, 0), (t, 10.25, 0, math.nan, 0), (nothing, 1, 0, 2, 0)]
    agree(ticks(both, kind="quotes"), quoted)


def test_other_tables_are_refused_in_one_line(tmp_path: Path) -> None:
    """Lost: whatever has semicolons would be an export."""
    with pytest.raises(Invalid, match="2 columns; NinjaTrader's bars have 6, its ticks 3 or 5"):
        ticks(kit.write(tmp_path / "x.txt", ["20240102;1"], ""), "ninja")
