"""The venues that FKS brings itself; nothing is imported before one is used."""

from __future__ import annotations

from fks.contracts.execution import VenueSpec

__all__ = ["SPECS"]

_HERE = "fks.contexts.execution.adapters.venues"

SPECS = (
    VenueSpec(
        name="binance_spot",
        summary="Binance spot: signed REST, WebSocket user stream",
        factory=f"{_HERE}.binance.spot:make",
        live=True,
    ),
    VenueSpec(
        name="binance_usdm",
        summary="Binance USDT-margined futures: signed REST, WebSocket user stream",
        factory=f"{_HERE}.binance.usdm:make",
        live=True,
    ),
)
