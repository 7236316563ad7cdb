"""How a stored dataset was adjusted: `adjustment.json` beside its bars."""

from __future__ import annotations

from pathlib import Path

import msgspec

from fks.contexts.data.domain.adjustments import FILE, AdjustmentTable
from fks.contracts.data import DatasetInfo
from fks.kernel.errors import Unavailable

__all__ = ["adjustment_of"]


def adjustment_of(info: DatasetInfo) -> AdjustmentTable | None:
    """Return how a stored dataset was adjusted, None for one that was not.

    Raises `Unavailable` when that cannot be read.
    """
    try:
        return msgspec.json.decode((Path(info.path) / FILE).read_bytes(), type=AdjustmentTable)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise Unavailable(
            f"the adjustment of {info.name} cannot be read: {str(error)[:120]}",
            code="data.damaged",
        ) from None
