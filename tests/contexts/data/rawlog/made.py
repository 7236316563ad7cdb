"""Records for the tests of the raw log, and the log after its index was lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from fks.contexts.data.store.rawlog import RawLog, RawRecord

CHILD = Path(__file__).with_name("appending_child.py")


def record(number: int = 1, body: bytes = b"[]", **changes: Any) -> RawRecord:
    """Return a record."""
    told: dict[str, Any] = {
        "provider": "binance",
        "job": "btc-1",
        "number": number,
        "path": "/api/v3/klines",
        "params": (("symbol", "BTCUSDT"),),
        "requested_at_ns": 1,
        "received_at_ns": 2,
        "status": 200,
        "headers": (("date", "Mon, 23 Nov 2026 09:00:00 GMT"),),
        "body": body,
    }
    return RawRecord(**{**told, **changes})


def without_index(home: Path) -> RawLog:
    """Return the log after its index was lost."""
    for path in (home / "raw").glob("index.db*"):
        path.unlink()
    return RawLog(home)


def segment(home: Path, number: int = 1) -> Path:
    """Return the file of a segment."""
    return home / "raw" / "binance" / f"{number:08d}.log"


def appending(home: Path, first: int, job: str) -> subprocess.Popen[str]:
    """Start a process that appends and says of each record that it is kept, until it is killed."""
    path = os.pathsep.join(sys.path)
    return subprocess.Popen(
        [sys.executable, str(CHILD), str(home), str(first), job],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
