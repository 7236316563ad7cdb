"""A local exchange: speaks Binance's REST and WebSocket wire, matches with our own engine.

    async with LocalExchange([Listing(symbol="BTCUSDT", ...)]) as exchange:
        user = exchange.add_user("me", {"USDT": Decimal(10_000)})
        exchange.set_market("BTCUSDT", bids=[...], asks=[...])
        ...  # trade at exchange.url and exchange.stream_url with user.api_key and user.api_secret

Its faults (`exchange.faults`) lose, delay, double and garble what it says, by script or by seed.
"""

from __future__ import annotations

from fks.testing.exchange.faults import Fault, Faults
from fks.testing.exchange.listings import Listing, Market
from fks.testing.exchange.orders import Order, Trade, User
from fks.testing.exchange.server import LocalExchange

__all__ = ["Fault", "Faults", "Listing", "LocalExchange", "Market", "Order", "Trade", "User"]
