"""The old paths that callers of the earlier services know, and /info."""

from __future__ import annotations

from typing import Any

from litestar import Controller, get
from litestar.params import FromQuery

from fks.contexts.api.http.inject import ApiDep
from fks.contracts.engine import CurrentSignals, Run, ScanSignals

__all__ = ["AliasController"]


class AliasController(Controller):
    """Paths kept from the services that FKS replaces."""

    path = "/"
    tags = ("aliases",)

    @get(["/info", "/api/v1/info"], summary="What is running")
    async def info(self, api: ApiDep) -> dict[str, Any]:
        """Return version, contexts, bus and database of this process."""
        return api.info()

    @get("/backtest", summary="Backtest a symbol with default parameters")
    async def backtest(
        self,
        api: ApiDep,
        symbol: FromQuery[str],
        period: FromQuery[str] = "2y",
        strategy: FromQuery[str] = "sma_cross",
    ) -> Run:
        """Run a strategy over the last `period` (30d, 6mo, 2y, max) and return its record."""
        return await api.backtest_symbol(symbol, period, strategy)

    @get("/signals", summary="Scan current signals")
    async def signals(self, api: ApiDep, symbol: FromQuery[str] = "") -> CurrentSignals:
        """Return what each strategy aims at after the last bar."""
        return await api.ask(ScanSignals(symbol=symbol))
