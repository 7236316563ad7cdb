"""The hash of a dataset: its content, whatever file format holds it."""

from __future__ import annotations

import re

import msgspec
import numpy as np

from fks.contexts.data.domain.table import RawTable
from fks.contracts.columns import Int64
from fks.contracts.values import Instrument
from fks.kernel.ids import content_hash

__all__ = ["NAME", "dataset_hash", "dataset_name", "with_known_at"]

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")
"""What a dataset may be called."""

_LAYOUT = b"fks-dataset-1"
_KNOWN_AT = b"fks-known-at-1"


def dataset_hash(kept: RawTable, instrument: Instrument, timeframe: str, synthetic: bool) -> str:
    """Return the hash over instrument, timeframe, label and the six columns in order."""
    head = msgspec.json.encode((instrument, timeframe, synthetic), order="sorted")
    columns = (kept.ts_ns, kept.open, kept.high, kept.low, kept.close, kept.volume)
    return content_hash(_LAYOUT, head, *(np.ascontiguousarray(column).data for column in columns))


def with_known_at(plain: str, known_at_ns: Int64) -> str:
    """Return the hash of a dataset whose bars also say when each was known."""
    return content_hash(_KNOWN_AT, plain.encode(), np.ascontiguousarray(known_at_ns).data)


def dataset_name(text: str) -> str:
    """Return a name that a dataset may have, made of any text (such as a file's name)."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in text.lower())
    name = kept.strip("_-")[:64]
    return name or "dataset"
