"""Instruments of the registry, and what a symbol means on a day."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, get
from litestar.params import FromPath, QueryParameter

from fks.contexts.api.http.inject import ApiDep
from fks.contracts.data.instruments import (
    GetInstrumentDetails,
    GetResolvedSymbol,
    InstrumentDetails,
    InstrumentRegistry,
    ListInstruments,
    ResolvedSymbol,
)

__all__ = ["InstrumentController"]

Symbol = Annotated[str, QueryParameter(max_length=64, description="Such as ES 03-25, or ES=F.")]
Day = Annotated[str, QueryParameter(max_length=10, description="An ISO date; today without it.")]


class InstrumentController(Controller):
    """Products, contracts and their spellings."""

    path = "/instruments"
    tags = ("data",)

    @get("/", summary="List instruments")
    async def list_instruments(self, api: ApiDep) -> InstrumentRegistry:
        """Return all products of the registry, and the hash of what they say."""
        return await api.ask(ListInstruments())

    @get("/resolve", summary="Tell what a symbol means")
    async def resolve(self, api: ApiDep, symbol: Symbol, on: Day = "") -> ResolvedSymbol:
        """Return what a spelling means on a day: product, contract, or the one in front."""
        return await api.ask(GetResolvedSymbol(symbol=symbol, on=on))

    @get("/{symbol:str}", summary="Get an instrument")
    async def details(self, api: ApiDep, symbol: FromPath[str]) -> InstrumentDetails:
        """Return what is known of a product."""
        return await api.ask(GetInstrumentDetails(symbol=symbol))
