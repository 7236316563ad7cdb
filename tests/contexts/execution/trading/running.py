"""A running app with trading accounts, fed with bars by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fks.contexts.execution.service.trading.trading import Trading
from fks.contracts.data import BarClosed
from fks.kernel.testing import RunningApp, running_app

FIRST_NS = 1_795_000_000_000_000_000
MINUTE_NS = 60_000_000_000
LIMITS = {"max_vix": "none", "stop_required": "none", "max_trade_risk": "none",
          "max_trades_day": "none", "loss_pause_after": "none", "loss_stop_after": "none",
          "max_position_risk": "none", "no_averaging_down": "none",
          "orders_per_minute": "none", "orders_burst": "none",
          "max_correlated_exposure": "none"}  # fmt: skip


class TradingApp:
    """An app, its HTTP in short words, and bars for gold."""

    bars = 0

    def __init__(self, app: RunningApp) -> None:
        self.app = app
        self.http = app.http

    @property
    def trading(self) -> Trading:
        """Return the trading of this process."""
        return self.app.runtime.singleton(Trading, lambda: Trading(self.app.runtime))

    async def call(
        self, method: str, path: str, body: object = None, want: int = 200, **headers: str
    ) -> Any:
        """Call a path below /api/v1, demand a status, return the JSON."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.http.request(method, f"/api/v1{path}", json=body, headers=named)
        assert answer.status_code == want, answer.text
        return answer.json()

    async def bar(self, low: float, high: float, last: float) -> None:
        """Publish a bar of gold that opens at its close, and let it be heard."""
        TradingApp.bars += 1
        await self.app.runtime.bus.publish(
            BarClosed(
                stream="test",
                index=TradingApp.bars,
                instrument="GC",
                timeframe="1m",
                provider="test",
                ts_ns=FIRST_NS + TradingApp.bars * MINUTE_NS,
                open=last,
                high=high,
                low=low,
                close=last,
                volume=1000.0,
            )
        )
        await self.settle()

    async def settle(self) -> None:
        """Wait until all that is on its way has been journaled and projected."""
        live = self.trading.live
        for _ in range(400):
            await asyncio.sleep(0.01)
            busy = live is not None and (
                live.writer.behind or any(link.sending for link in live.links.values())
            )
            if not busy and not self.trading.projecting:
                return
        raise AssertionError("trading does not come to rest")

    async def place(self, want: int = 201, **fields: object) -> Any:
        """Place an order for gold."""
        body = {"symbol": "GC", "side": "buy", "quantity": "1", **fields}
        found = await self.call("POST", "/orders", body, want)
        await self.settle()
        return found

    async def order(self, order_id: int) -> Any:
        """Return an order."""
        return await self.call("GET", f"/orders/{order_id}")


@asynccontextmanager
async def trading_app(
    home: Path,
    *,
    limits: Mapping[str, str] = LIMITS,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> AsyncIterator[TradingApp]:
    """Run data, execution and api in a home; the paper account has the given limits."""
    execution = {"paper_limits": dict(limits), "journal_segment_mib": 1}
    chosen = {"execution": {**execution, **(settings or {}).get("execution", {})}}
    chosen |= {k: dict(v) for k, v in (settings or {}).items() if k != "execution"}
    async with running_app(
        home=home, contexts=["data", "execution", "api"], settings=chosen
    ) as app:
        yield TradingApp(app)
