"""The venues that FKS brings itself; nothing is imported before one is used."""

from __future__ import annotations

from fks.contracts.execution import VenueSpec

__all__ = ["SPECS"]

_HERE = "fks.contexts.execution.adapters.venues"

SPECS = (
    VenueSpec(
        name="paper",
        summary="live market data, simulated fills, our clock",
        factory=f"{_HERE}.paper:make",
        live=False,
    ),
    VenueSpec(
        name="simulated",
        summary="replayed market data, simulated fills, the data's clock",
        factory=f"{_HERE}.paper:make_simulated",
        live=False,
    ),
    VenueSpec(
        name="binance_spot",
        summary="Binance spot: signed REST, WebSocket user stream",
        factory=f"{_HERE}.binance.spot:make",
        live=True,
        extra="binance",
    ),
    VenueSpec(
        name="binance_usdm",
        summary="Binance USDT-margined futures: signed REST, WebSocket user stream",
        factory=f"{_HERE}.binance.usdm:make",
        live=True,
        extra="binance",
    ),
    VenueSpec(
        name="fix44",
        summary="FIX 4.4 over TCP",
        factory=f"{_HERE}.fix.venue:make",
        live=True,
        extra="fix",
    ),
    VenueSpec(
        name="ninja",
        summary="NinjaTrader over its bridge: one TCP port an account, lines of JSON",
        factory=f"{_HERE}.ninja.venue:make",
        live=True,
    ),
    VenueSpec(
        name="ccxt",
        summary="an exchange through ccxt: REST, polled",
        factory=f"{_HERE}.ccxt.venue:make",
        live=True,
        extra="ccxt",
    ),
)
