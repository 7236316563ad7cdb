"""`fks bench stream` measures what it says: every message, through a book that is live."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.contexts.data import kit

from fks.contexts.data.adapters.streaming.workloads import made_stream
from fks.contexts.data.service.bench_stream import run, through
from fks.kernel.errors import Invalid, NotFound


def test_the_made_stream_keeps_its_book_alive_and_is_the_same_again() -> None:
    """Lost: a figure for messages that no book took."""
    messages = made_stream(3_000)
    assert messages == made_stream(3_000)
    done = through(messages)
    assert len(done.each_ns) == 3_001
    assert 1_500 < done.changes < 2_100


def test_a_stream_with_a_gap_is_no_workload() -> None:
    """Lost: a fast figure, because the book was empty."""
    messages = made_stream(500)
    changes = [k for k, one in enumerate(messages) if b"depthUpdate" in one.payload]
    with pytest.raises(Invalid, match="never came to life"):
        through([one for k, one in enumerate(messages) if k != changes[-2]])


def test_its_rows_compare_with_decoding_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost: the reference that makes the figure mean something on another machine."""
    monkeypatch.setattr("fks.contexts.data.service.bench_stream._QUICK", 300)
    rows = {row["name"]: row for row in run(quick=True, rate=0)}
    whole = rows["messages to best prices"]
    assert whole["ratio"] is not None
    assert whole["reference"] is not None
    assert whole["ratio"] == pytest.approx(whole["value"] / whole["reference"])
    assert rows["a message, 99 of 100"]["value"] >= rows["a message, median"]["value"]


def test_a_file_that_is_no_recording_is_told(tmp_path: Path) -> None:
    """Lost: a traceback for a mistyped name."""
    with pytest.raises(NotFound):
        run(quick=True, file=str(tmp_path / "nothing.gz"))
    (tmp_path / "a.txt").write_text("hello\n")
    with pytest.raises(Invalid, match="no recording"):
        run(quick=True, file=str(tmp_path / "a.txt"))


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["spot_ethusdt_20240808.gz", "cm_ethusd_perp_20240808.gz"])
def test_binances_own_streams_can_be_measured(name: str) -> None:
    """Lost: the figure for what an exchange really sends."""
    rows = run(quick=True, rate=0, file=str(kit.real(f"binance/ws_capture/{name}")))
    assert rows[0]["value"] > 0
