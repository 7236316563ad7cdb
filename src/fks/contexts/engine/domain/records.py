"""Columns of a desk turned into records in units and currency, for those that somebody reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fks.contracts.columns import Float64, Int64
from fks.contracts.execution import Fill
from fks.contracts.values import NANOS, Instrument, Side

__all__ = ["fills_of", "quantities"]


def quantities(lots: Int64, instrument: Instrument) -> Float64:
    """Return lots as units of the instrument, each rounded once."""
    numerator, denominator = instrument.lot_size.as_integer_ratio()
    return (lots * numerator) / float(denominator)


def fills_of(
    columns: Mapping[str, Any], instrument: Instrument, *, last: int | None = None
) -> tuple[Fill, ...]:
    """Return the fills, or the last so many of them, from the columns of `Desk.fill_columns`."""
    total = len(columns["id"])
    begin = 0 if last is None else max(0, total - last)
    numerator, denominator = instrument.tick_size.as_integer_ratio()
    lot, lots_a_unit = instrument.lot_size.as_integer_ratio()
    rows = zip(
        *(
            columns[name][begin:].tolist()
            for name in (
                "id",
                "order_id",
                "side",
                "lots",
                "price_ticks",
                "fee_nanos",
                "ts_ns",
                "position_lots",
                "realised_nanos",
            )
        ),
        strict=True,
    )
    return tuple(
        Fill(
            id=number,
            order_id=order,
            side=Side.BUY if side > 0 else Side.SELL,
            quantity=lots * lot / lots_a_unit,
            price=ticks * numerator / denominator,
            fee=fee / NANOS,
            ts_ns=ts_ns,
            position=position * lot / lots_a_unit,
            realised_pnl=realised / NANOS,
        )
        for number, order, side, lots, ticks, fee, ts_ns, position, realised in rows
    )
