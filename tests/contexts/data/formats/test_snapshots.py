"""Snapshots of Polygon: what was last of each symbol."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.contexts.data.formats.tick_kit import agree, ticks

from fks.kernel.errors import Invalid

QUOTE = {"P": 120.47, "S": 4, "p": 120.46, "s": 8, "t": 1605195918507251700}
TRADE = {"c": [14, 41], "i": "4046", "p": 120.47, "s": 236, "t": 1605195918306274000, "x": 10}
BARS = {"day": {"c": 120.42, "h": 120.53, "l": 118.81, "o": 119.62, "v": 28727868, "vw": 119.725}}


def saved(path: Path, *rows: dict[str, Any]) -> Path:
    """Write a snapshot of one symbol, or of several."""
    held = {"ticker": rows[0]} if len(rows) == 1 else {"tickers": list(rows)}
    path.write_text(json.dumps({"status": "OK", **held}))
    return path


def test_the_last_quote_of_a_snapshot_is_read(tmp_path: Path) -> None:
    """Lost: a snapshot would be refused although it says when each thing in it was."""
    one = {**BARS, "lastQuote": QUOTE, "lastTrade": TRADE, "ticker": "AAPL"}
    found = ticks(saved(tmp_path / "one.json", one))
    assert found.symbol == "AAPL"
    agree(found, [(1605195918507251700, 120.46, 8.0, 120.47, 4.0)])
    assert "of a snapshot the last quotes were read" in found.notes[0]


def test_one_of_several_is_chosen_and_trades_stand_in_for_quotes(tmp_path: Path) -> None:
    """Lost: two companies would be one instrument; a plan without quotes would give nothing."""
    names = ("AAPL", "BCAT")
    path = saved(tmp_path / "all.json", *({"lastTrade": TRADE, "ticker": one} for one in names))
    with pytest.raises(Invalid, match="--instrument"):
        ticks(path)
    found = ticks(path, symbol="BCAT")
    assert found.symbol == "BCAT"
    assert len(found.rows.ts_ns) == 1
    assert found.rows.ts_ns[0] == TRADE["t"]


def test_a_snapshot_without_a_time_is_refused_in_one_line(tmp_path: Path) -> None:
    """Lost: a broken answer would be a traceback."""
    with pytest.raises(Invalid, match="lacks a part of it"):
        ticks(saved(tmp_path / "bad.json", {"lastTrade": {"p": 1}, "ticker": "AAPL"}))
