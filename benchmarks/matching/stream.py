"""The stream that every contestant gets, read from columns of int64, and how one is timed."""

from __future__ import annotations

import gc
import json
import sys
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

ADD, CANCEL, REPLACE = 1, 2, 3
COLUMNS = ("kind", "id", "side", "price", "quantity", "account")


def read(path: Path, width: int) -> list[tuple[int, ...]]:
    """Return rows that were written as `width` columns, one after another."""
    numbers = array("q")
    numbers.frombytes(path.read_bytes())
    count = len(numbers) // width
    return list(zip(*(numbers[at * count : (at + 1) * count] for at in range(width)), strict=True))


def messages(folder: Path) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """Return the messages that fill the book, and those that are measured."""
    return read(folder / "filling.bin", len(COLUMNS)), read(folder / "measured.bin", len(COLUMNS))


def timed(run: Callable[[], Any]) -> float:
    """Return the seconds that a call takes, without collections of garbage."""
    gc.collect()
    gc.disable()
    began = time.perf_counter()
    run()
    taken = time.perf_counter() - began
    gc.enable()
    return taken


def tell(seconds: float, **found: int | None) -> None:
    """Print what a contestant took and what it came to."""
    print(json.dumps({"seconds": seconds, "found": found}))


def folder() -> Path:
    """Return the folder of the stream, the first argument."""
    return Path(sys.argv[1])
