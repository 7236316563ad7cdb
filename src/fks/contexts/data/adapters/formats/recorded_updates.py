"""Updates of the live path as rows: whole units become the decimals that the exchange wrote."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fks.contexts.data.adapters.formats.depth_rows import Books, Collected
from fks.contracts.data.streams import (
    LEVEL,
    NO_PRICE,
    DepthUpdate,
    QuoteUpdate,
    TradeUpdate,
)
from fks.contracts.data.ticks import NO_ID

__all__ = ["Fallen", "take_update"]

Fallen = tuple[Sequence[str], Sequence[str]]
"""Prices, as decimals, of bids and of asks."""


def take_update(
    rows: Collected,
    row: int,
    update: DepthUpdate | TradeUpdate | QuoteUpdate,
    *,
    exchange: bool,
    fallen: Fallen = ((), ()),
) -> None:
    """Take one update of the kind that is collected, by the receiver's clock or the exchange's.

    `fallen` are prices of bids and asks that left a book of a fixed depth with this update.
    """
    ts_ns = update.ts_ns if exchange else update.received_ns
    if not 0 < ts_ns < 1 << 63:
        rows.refuse(row, "a message without the exchange's time", "")
        return
    price, quantity = update.scale
    if isinstance(update, TradeUpdate):
        name = int(update.id) if update.id.isdigit() and len(update.id) < 19 else NO_ID
        cells = (_decimal(update.price, price), _decimal(update.quantity, quantity))
        rows.add(row, ts_ns, *cells, update.side, name)
    elif isinstance(update, QuoteUpdate):
        sides = ((update.bid, update.bid_quantity), (update.ask, update.ask_quantity))
        texts: list[str] = []
        for units, size in sides:
            texts.append("" if units == NO_PRICE else _decimal(units, price))
            texts.append(_decimal(size, quantity))
        rows.add(row, ts_ns, *texts)
    else:
        assert isinstance(rows, Books)
        bids, asks = (
            [
                (_decimal(int(level["price"]), price), _decimal(int(level["quantity"]), quantity))
                for level in np.frombuffer(side, LEVEL)
            ]
            for side in (update.bids, update.asks)
        )
        for side, left in zip((bids, asks), fallen, strict=True):
            side += [(price_text, "0") for price_text in left]
        rows.levels(row, ts_ns, update.last_id, bids, asks, snapshot=update.snapshot)


def _decimal(units: int, digits: int) -> str:
    """Return whole units of `10**-digits` as a decimal number."""
    return f"{units}e-{digits}"
