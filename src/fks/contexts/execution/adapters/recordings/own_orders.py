"""Orders to be simulated, as a CSV file.

Columns: id, ts_ns, side, quantity, and where they apply type (limit), price, stop_price,
time_in_force (gtc), cancel_ts_ns, display_quantity, expire_ts_ns, post_only, reduce_only.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from fks.contexts.execution.domain.matching.layout import OrderKind, Tif
from fks.contexts.execution.domain.simulation.events import BUY, SELL
from fks.contexts.execution.domain.simulation.orders import SimOrder
from fks.contexts.execution.domain.simulation.runs import Planned
from fks.kernel.errors import Invalid, NotFound

__all__ = ["read_orders"]

_SIDES = {"buy": BUY, "sell": SELL}


def read_orders(path: Path, tick_size: Decimal, lot_size: Decimal) -> list[Planned]:
    """Return the orders of a file. Raises `NotFound`, or `Invalid` naming the row that is wrong."""
    if not path.exists():
        raise NotFound(f"there is no file {path}", code="execution.orders_not_found")
    try:
        names = csv.read_csv(path).column_names
        options = csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True
        )
        rows = csv.read_csv(path, convert_options=options).to_pylist()
    except pa.ArrowInvalid as error:
        raise Invalid(f"{path.name}: {error}", code="execution.bad_orders") from error
    found = []
    for number, row in enumerate(rows, start=1):
        try:
            found.append(_planned(row, tick_size, lot_size))
        except (KeyError, ValueError, InvalidOperation) as error:
            raise Invalid(
                f"{path.name}, row {number}: {error}", code="execution.bad_orders"
            ) from error
    return found


def _planned(row: dict[str, str | None], tick_size: Decimal, lot_size: Decimal) -> Planned:
    """Return one row as a value. Raises KeyError or ValueError for what it cannot be."""

    def units(name: str, unit: Decimal) -> int:
        text = row.get(name)
        value = Decimal(text) / unit if text else Decimal(0)
        if value != value.to_integral_value():
            raise ValueError(f"{name} {text} is no whole number of {unit}")
        return int(value)

    def needed(name: str) -> str:
        text = row.get(name)
        if not text:
            raise ValueError(f"{name} is missing")
        return text

    cancel = row.get("cancel_ts_ns")
    order = SimOrder(
        id=int(needed("id")),
        side=_SIDES[needed("side").lower()],
        type=OrderKind[(row.get("type") or "limit").upper()],
        lots=units("quantity", lot_size),
        price=units("price", tick_size),
        stop=units("stop_price", tick_size),
        tif=Tif[(row.get("time_in_force") or "gtc").upper()],
        display=units("display_quantity", lot_size),
        expire_ns=int(row.get("expire_ts_ns") or 0),
        post_only=(row.get("post_only") or "").lower() in ("1", "true"),
        reduce_only=(row.get("reduce_only") or "").lower() in ("1", "true"),
    )
    return Planned(order, int(needed("ts_ns")), int(cancel) if cancel else None)
