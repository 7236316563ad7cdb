"""The rig of both Binance venues: the local exchange, one user, and somebody else's orders."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.contexts.execution.venues.rig import Trouble

from fks.contexts.execution.adapters.venues.binance import spot, usdm
from fks.contexts.execution.adapters.venues.binance.venue import BinanceVenue
from fks.contracts.execution import VenueContext
from fks.contracts.values import Instrument
from fks.testing.exchange import Fault, Listing, LocalExchange, Market

SCALE = int(os.environ.get("FKS_TORTURE_SCALE", "1")) if os.environ.get("FKS_TORTURE") else 1
BTC = Listing(
    symbol="BTCUSDT", base="BTC", quote="USDT", tick=Decimal("0.01"), lot=Decimal("0.00001")
)
INSTRUMENT = Instrument(
    id="BTCUSDT",
    tick_size=BTC.tick,
    lot_size=BTC.lot,
    currency="USDT",
    venue="BINANCE",
)
STATES = {
    "NEW": "new",
    "PARTIALLY_FILLED": "partially_filled",
    "FILLED": "filled",
    "CANCELED": "cancelled",
    "EXPIRED": "expired",
}
FAST = {"recv_window_ms": 200, "timeout_s": 0.3, "heartbeat_s": 0.15, "first_pause_s": 0.02}


class BinanceRig:
    """A local exchange with one user whose venue is under test."""

    instrument = INSTRUMENT
    bid, ask, size = Decimal("30000.00"), Decimal("30000.10"), Decimal("0.002")
    troubles = frozenset(Trouble)

    def __init__(self, market: Market, **given: Any) -> None:
        self.market = market
        self.exchange = LocalExchange([BTC], market, **given)
        self.exchange.faults.late_s = 0.15
        self.user = self.exchange.add_user("me", {"USDT": Decimal(100_000), "BTC": Decimal(1)})
        name = f"FKS_TEST_{market.name}"
        os.environ[f"{name}_KEY"] = self.user.api_key
        os.environ[f"{name}_SECRET"] = self.user.api_secret
        self.keys = {"api_key_env": f"{name}_KEY", "api_secret_env": f"{name}_SECRET"}

    def venue(self, **settings: Any) -> BinanceVenue:
        """Return a venue that is not connected."""
        where = {"base_url": self.exchange.url, "stream_url": self.exchange.stream_url}
        return self.make({**self.keys, **where, **FAST, **settings})

    def make(self, settings: Mapping[str, Any]) -> BinanceVenue:
        """Return a venue of these settings alone."""
        factory = spot.make if self.market is Market.SPOT else usdm.make
        return factory(
            VenueContext(
                account="A",
                settings=settings,
                instruments=(INSTRUMENT,),
                wall_ns=time.time_ns,
                monotonic_ns=time.monotonic_ns,
            )
        )

    async def liquidity(self, quantity: Decimal) -> None:
        """Put a quantity at the bid and at the ask."""
        self.exchange.set_market(BTC.symbol, [(self.bid, quantity)], [(self.ask, quantity)])

    async def hit(self, price: Decimal, quantity: Decimal) -> None:
        """Let somebody else sell."""
        self.exchange.play_trade(BTC.symbol, "SELL", price, quantity)

    async def inject(self, trouble: Trouble) -> None:
        """Let the next order meet this."""
        if trouble is Trouble.CUT:
            self.exchange.cut()
        elif trouble is Trouble.SILENCE:
            self.exchange.silence()
        else:
            path = "" if trouble in STREAM else "/order"
            method = "" if trouble in STREAM else "POST"
            self.exchange.faults.script(Fault(trouble.value), method=method, path=path)

    def skew(self, offset_ns: int) -> None:
        """Set the exchange's clock."""
        self.exchange.faults.skew_ms = offset_ns // 1_000_000

    async def heal(self) -> None:
        """End all trouble."""
        self.exchange.faults.clear()

    async def unplug(self) -> None:
        """Stop the exchange."""
        await self.exchange.stop()

    def arrivals(self, client_order_id: str) -> int:
        """Count new orders under an id."""
        return sum(
            method == "POST"
            and client_order_id in (params.get("newClientOrderId"), params.get("clientAlgoId"))
            for method, _, params in self.exchange.asked
        )

    def truth(self, client_order_id: str) -> tuple[str, Decimal] | None:
        """Return what the exchange holds."""
        order = self.exchange.book.find(self.user, BTC.symbol, 0, client_order_id)
        if order is None:
            return None
        return STATES[order.status], BTC.quantity(order.filled)


STREAM = (Trouble.DUPLICATE_FILL, Trouble.FILL_BEFORE_ACK)
