"""The roll table of a stored dataset: `rolls.json` beside its bars."""

from __future__ import annotations

from pathlib import Path

import msgspec

from fks.contexts.data.domain.rolls import RollTable
from fks.contracts.data import DatasetInfo
from fks.kernel.errors import Unavailable

__all__ = ["FILE", "encoded", "rolls_of"]

FILE = "rolls.json"


def encoded(table: RollTable) -> bytes:
    """Return a roll table as readable JSON."""
    return msgspec.json.format(msgspec.json.encode(table), indent=1) + b"\n"


def rolls_of(info: DatasetInfo) -> RollTable | None:
    """Return the roll table of a stored dataset, None for one that is no continuous series.

    Raises `Unavailable` when it cannot be read.
    """
    try:
        return msgspec.json.decode((Path(info.path) / FILE).read_bytes(), type=RollTable)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise Unavailable(
            f"the roll table of {info.name} cannot be read: {str(error)[:120]}", code="data.damaged"
        ) from None
