"""Own acknowledgements and fills as a file: what `fks execution calibrate` reads.

One row per event, CSV or Parquet, in the order in which things happened to each order. Columns:
order_id, event, ts_ns, heard_ns, side, quantity, price, touch, maker; `OwnEvent` says what each
means for each event. Quantities and prices are in units and currency; what does not apply is empty.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv, parquet

from fks.contexts.execution.domain.simulation.calibration import OwnEvent
from fks.contexts.execution.domain.simulation.events import BUY, SELL
from fks.kernel.errors import Invalid, NotFound

__all__ = ["COLUMNS", "digest_of", "read_events", "write_events"]

COLUMNS = (
    "order_id",
    "event",
    "ts_ns",
    "heard_ns",
    "side",
    "quantity",
    "price",
    "touch",
    "maker",
)
_EVENTS = frozenset(
    {"sent", "cancel_sent", "acknowledged", "filled", "cancelled", "level", "trade"}
)
_TEXT = pa.string()


def read_events(path: Path, tick_size: Decimal, lot_size: Decimal) -> list[OwnEvent]:
    """Return the events of a file. Raises `NotFound`, or `Invalid` naming the row that is wrong."""
    if not path.exists():
        raise NotFound(f"there is no file {path}", code="execution.fills_not_found")
    try:
        table = (
            parquet.read_table(path)
            if path.suffix == ".parquet"
            else csv.read_csv(
                path,
                convert_options=csv.ConvertOptions(
                    column_types=dict.fromkeys(COLUMNS, _TEXT), strings_can_be_null=True
                ),
            )
        )
    except pa.ArrowInvalid as error:
        raise Invalid(f"{path.name}: {error}", code="execution.bad_fills") from error
    missing = [name for name in ("order_id", "event", "ts_ns") if name not in table.column_names]
    if missing:
        raise Invalid(
            f"{path.name} lacks the column {missing[0]}; it needs {', '.join(COLUMNS)}",
            code="execution.bad_fills",
        )
    columns = [
        table.column(name).cast(_TEXT).to_pylist()
        if name in table.column_names
        else [None] * table.num_rows
        for name in COLUMNS
    ]
    found = []
    for number, row in enumerate(zip(*columns, strict=True), start=1):
        try:
            found.append(_event(dict(zip(COLUMNS, row, strict=True)), tick_size, lot_size))
        except (ValueError, InvalidOperation) as error:
            raise Invalid(
                f"{path.name}, row {number}: {error}", code="execution.bad_fills"
            ) from error
    return found


def write_events(
    path: Path, events: Iterable[OwnEvent], tick_size: Decimal, lot_size: Decimal
) -> None:
    """Write events as CSV or, by the name's ending, Parquet; whole or not at all."""
    rows: list[dict[str, Any]] = [
        {
            "order_id": event.order_id,
            "event": event.event,
            "ts_ns": str(event.ts_ns),
            "heard_ns": None if event.heard_ns is None else str(event.heard_ns),
            "side": "sell" if event.side == SELL else "buy",
            "quantity": f"{event.lots * lot_size:f}",
            "price": None if event.price is None else f"{event.price * tick_size:f}",
            "touch": None if event.touch is None else f"{event.touch * tick_size:f}",
            "maker": "true" if event.maker else "false",
        }
        for event in events
    ]
    table = pa.Table.from_pylist(rows, schema=pa.schema([(name, _TEXT) for name in COLUMNS]))
    half = path.with_name(f".{path.name}.{os.getpid()}")
    if path.suffix == ".parquet":
        parquet.write_table(table, half)
    else:
        csv.write_csv(table, half)
    half.replace(path)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _event(row: dict[str, str | None], tick_size: Decimal, lot_size: Decimal) -> OwnEvent:
    """Return one row as a value. Raises ValueError for what it cannot be."""
    event, order_id, side = row["event"], row["order_id"], (row["side"] or "buy").lower()
    if event not in _EVENTS:
        raise ValueError(f"event {event!r} is none of {', '.join(sorted(_EVENTS))}")
    if not order_id:
        raise ValueError("order_id is empty")
    if side not in ("buy", "sell"):
        raise ValueError(f"side {side!r} is neither buy nor sell")
    return OwnEvent(
        order_id=order_id,
        event=event,
        ts_ns=int(row["ts_ns"] or ""),
        heard_ns=int(row["heard_ns"]) if row["heard_ns"] else None,
        side=SELL if side == "sell" else BUY,
        lots=_units(row["quantity"], lot_size) or 0,
        price=_units(row["price"], tick_size),
        touch=_units(row["touch"], tick_size),
        maker=(row["maker"] or "").lower() in ("true", "1"),
    )


def _units(text: str | None, unit: Decimal) -> int | None:
    """Return the nearest whole number of units; averages of fills lie between ticks."""
    if not text:
        return None
    return int((Decimal(text) / unit).to_integral_value(ROUND_HALF_EVEN))
