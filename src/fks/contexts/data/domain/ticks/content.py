"""The columns of ticks by kind, and the hash that names their content."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np

from fks.contracts.data.ticks import (
    ActionColumns,
    ActionRows,
    DepthColumns,
    DepthRows,
    FundingColumns,
    FundingRows,
    QuoteColumns,
    QuoteRows,
    TradeColumns,
    TradeRows,
    ValueColumns,
    ValueRows,
)
from fks.contracts.values import Instrument
from fks.kernel.ids import content_hash

__all__ = [
    "COLUMNS",
    "KIND_OF",
    "MarketRows",
    "TickColumns",
    "TickRows",
    "arrays_of",
    "made",
    "ticks_hash",
]

MarketRows = TradeRows | QuoteRows | DepthRows | FundingRows | ValueRows
TickRows = MarketRows | ActionRows
TickColumns = (
    TradeColumns | QuoteColumns | DepthColumns | FundingColumns | ActionColumns | ValueColumns
)

KIND_OF: dict[type[Any], str] = {
    TradeRows: "trades",
    QuoteRows: "quotes",
    DepthRows: "depth",
    FundingRows: "funding",
    ActionRows: "actions",
    ValueRows: "values",
}
_MADE: dict[str, Any] = {
    "trades": TradeColumns,
    "quotes": QuoteColumns,
    "depth": DepthColumns,
    "funding": FundingColumns,
    "actions": ActionColumns,
    "values": ValueColumns,
}
COLUMNS: dict[str, tuple[str, ...]] = {
    kind: tuple(name for name in of._fields if name not in ("tick_size", "lot_size"))
    for kind, of in _MADE.items()
}
"""The arrays of each kind, in the order in which they are stored and hashed."""

_LAYOUT = b"fks-ticks-1"


def made(kind: str, arrays: Sequence[Any], tick_size: Decimal, lot_size: Decimal) -> TickColumns:
    """Return the columns of a kind made of its arrays."""
    sizes = (tick_size,) if kind in ("funding", "actions", "values") else (tick_size, lot_size)
    found: TickColumns = _MADE[kind](*arrays, *sizes)
    return found


def arrays_of(columns: TickColumns) -> tuple[Any, ...]:
    """Return the arrays of some columns."""
    count = sum(name not in ("tick_size", "lot_size") for name in columns._fields)
    return tuple(columns)[:count]


def ticks_hash(
    kind: str, columns: TickColumns, lot_size: Decimal, instrument: Instrument, synthetic: bool
) -> str:
    """Return the hash over kind, instrument, sizes, label and all arrays in order."""
    head = msgspec.json.encode((kind, instrument, str(lot_size), synthetic), order="sorted")
    arrays = (np.ascontiguousarray(column).data for column in arrays_of(columns))
    return content_hash(_LAYOUT, head, *arrays)
