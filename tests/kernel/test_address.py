"""Where a server answers is found from its home folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fks.kernel.address import announced, announcing

URL = "http://127.0.0.1:8123"


def test_a_server_is_found_while_it_runs(tmp_path: Path) -> None:
    """Lost: commands that must be told a port that the server itself chose."""
    assert announced(tmp_path) is None
    with announcing(tmp_path, URL):
        assert announced(tmp_path) == URL
    assert announced(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_the_newest_server_stays_when_an_older_one_stops(tmp_path: Path) -> None:
    """Lost: stopping one server hides the one that still runs."""
    note = tmp_path / "server.json"
    with announcing(tmp_path, URL):
        newer = json.dumps(
            {"url": "http://127.0.0.1:9", "pid": json.loads(note.read_text())["pid"]}
        )
        note.write_text(newer)
    assert announced(tmp_path) == "http://127.0.0.1:9"


def test_what_a_killed_server_left_counts_for_nothing(tmp_path: Path) -> None:
    """Lost: orders sent to whoever got the port of a server that was killed."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / "server.json").write_text(json.dumps({"url": URL, "pid": gone.pid}))
    assert announced(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": 1, "pid": 1}', '{"url": "x"}', "\xff"])
def test_a_note_that_is_none_is_passed_over(tmp_path: Path, text: str) -> None:
    """Lost: a command that fails by a damaged file instead of trying the settings."""
    (tmp_path / "server.json").write_bytes(text.encode("latin-1"))
    assert announced(tmp_path) is None
