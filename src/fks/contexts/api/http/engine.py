"""Strategies on offer."""

from __future__ import annotations

from litestar import Controller, get
from litestar.params import FromQuery

from fks.contexts.api.http.inject import ApiDep
from fks.contracts.engine import (
    CurrentSignals,
    ListStrategies,
    ScanSignals,
    StrategyList,
)

__all__ = ["StrategyController"]


class StrategyController(Controller):
    """Strategies and what they say now."""

    path = "/"
    tags = ("engine",)

    @get("/strategies", summary="List strategies")
    async def list_strategies(self, api: ApiDep) -> StrategyList:
        """Return all strategies with their typed parameters."""
        return await api.ask(ListStrategies())

    @get("/signals", summary="Scan current signals")
    async def scan_signals(self, api: ApiDep, symbol: FromQuery[str] = "") -> CurrentSignals:
        """Return what each strategy aims at after the last bar, for one symbol or all."""
        return await api.ask(ScanSignals(symbol=symbol))
