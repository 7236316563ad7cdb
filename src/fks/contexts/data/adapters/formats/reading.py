"""What all formats take and give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from fks.contexts.data.domain.table import RawTable
from fks.contracts.values import Instrument

__all__ = ["FORMAT_NAMES", "Found", "Progress", "ReadOptions", "silent"]

FORMAT_NAMES = ("csv", "yahoo", "binance", "lean", "parquet")
"""The names of all formats, in the order in which help texts give them."""

Progress = Callable[[int], None]
"""Told how many rows were read since it was last told."""


def silent(rows: int) -> None:
    """Tell nobody."""


class ReadOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to read a file, where the file itself does not say.

    `columns` maps a canonical column (`ts`, `open`, ...) to the file's own name for it.
    `timezone` applies to naive times. `member` chooses a file of an archive.
    """

    timezone: str = "UTC"
    columns: Mapping[str, str] = {}
    member: str | None = None
    bar_shift_ns: int = 0


class Found(NamedTuple):
    """A table, and what the format knows beyond it (None where it knows nothing)."""

    table: RawTable
    symbol: str
    timeframe: str | None = None
    instrument: Instrument | None = None
    notes: tuple[str, ...] = ()
    sources: tuple[Path, ...] = ()
