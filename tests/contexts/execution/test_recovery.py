"""Sessions outlive their process: killed, restarted, cut off from the database."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

CHILD = Path(__file__).with_name("recovery_child.py")
BARS = 600
KILLS = 17
TABLES = {
    "execution_orders": "id, side, type, lots, limit_ticks, stop_ticks, status, reason, "
    "created_ts_ns, substr(signal_id, 27)",
    "execution_fills": "id, order_id, side, lots, price_ticks, fee_nanos, ts_ns, position_lots, "
    "realised_nanos",
    "execution_equity": "bar_index, ts_ns, equity_nanos, position_lots",
}


def begin(home: Path, journal: Path) -> subprocess.Popen[str]:
    """Start the process."""
    return subprocess.Popen(
        [sys.executable, str(CHILD), str(home), str(BARS), str(journal)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )


def finished(child: subprocess.Popen[str]) -> None:
    """Let a process run to its end."""
    out, err = child.communicate(timeout=180)
    assert child.returncode == 0 and out.endswith("finished"), err


def rows(home: Path) -> dict[str, list[Any]]:
    """Return all records of the session, without its id."""
    with closing(sqlite3.connect(home / "fks.db", timeout=10)) as database:
        return {
            table: database.execute(f"SELECT {columns} FROM {table} ORDER BY 1").fetchall()
            for table, columns in TABLES.items()
        }


def bars_done(home: Path) -> int:
    """Return how many bars are stored; 0 while there is no database."""
    if not (home / "fks.db").exists():
        return 0
    with closing(sqlite3.connect(home / "fks.db", timeout=10)) as database:
        found = database.execute(
            "SELECT name FROM sqlite_master WHERE name = 'execution_equity'"
        ).fetchone()
        if found is None:
            return 0
        return int(database.execute("SELECT count(*) FROM execution_equity").fetchone()[0])


def acknowledged(journal: Path) -> set[tuple[str, int]]:
    """Return what listeners were told."""
    if not journal.exists():
        return set()
    lines = (line.split() for line in journal.read_text().splitlines())
    return {(kind, int(number)) for kind, number in lines}


@pytest.mark.e2e
def test_killed_at_any_moment_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    """Lost: a crash would lose an order that was acknowledged, or place one twice."""
    seed = random.SystemRandom().randrange(2**32)
    draw = random.Random(seed)
    home, journal = tmp_path / "killed", tmp_path / "journal"
    straight, other = tmp_path / "straight", tmp_path / "other"
    undisturbed = begin(straight, other)
    kills = 0
    for _ in range(KILLS):
        child = begin(home, journal)
        aim = bars_done(home) + draw.randint(1, BARS // KILLS)
        while bars_done(home) < aim and child.poll() is None:
            time.sleep(0.002)
        time.sleep(draw.random() * 0.02)
        kills += child.poll() is None
        child.send_signal(signal.SIGKILL)
        child.communicate(timeout=30)
        stored = rows(home)
        known = {("order", r[0]) for r in stored["execution_orders"]}
        known |= {("fill", r[0]) for r in stored["execution_fills"]}
        assert acknowledged(journal) <= known, f"seed {seed}"
    assert kills >= 15, f"seed {seed}: only {kills} kills hit a running process"
    finished(begin(home, journal))
    finished(undisturbed)
    assert rows(home) == rows(straight), f"seed {seed}"
    assert len(rows(home)["execution_equity"]) == BARS
    assert acknowledged(journal) == acknowledged(other)
