"""Which wire reads a recorded connection, by the address that it begins with."""

from __future__ import annotations

from collections.abc import Callable

from fks.contexts.data.domain.wires.binance import BinanceWire
from fks.contexts.data.domain.wires.bitfinex import BitfinexWire
from fks.contexts.data.domain.wires.bitmex import BitmexWire
from fks.contexts.data.domain.wires.bitstamp import BitstampWire
from fks.contexts.data.domain.wires.bybit import BybitWire
from fks.contexts.data.domain.wires.coinbase import CoinbaseWire
from fks.contexts.data.domain.wires.deribit import DeribitWire
from fks.contexts.data.domain.wires.gateio import GateioWire
from fks.contexts.data.domain.wires.gemini import GeminiWire
from fks.contexts.data.domain.wires.kraken import KrakenWire
from fks.contexts.data.domain.wires.kraken_futures import KrakenFuturesWire
from fks.contexts.data.domain.wires.okx import OkxWire
from fks.contracts.data.streams import StreamWire
from fks.kernel.errors import Invalid

__all__ = ["MakeWire", "wire_of"]

MakeWire = Callable[[], StreamWire]
# The first address that a connection's begins with says how its messages are read.
_WIRES: tuple[tuple[str, MakeWire], ...] = (
    ("wss://stream.binance.com", BinanceWire),
    ("wss://stream.binance.us", lambda: BinanceWire("us")),
    ("wss://fstream.binance.com", lambda: BinanceWire("usdm")),
    ("wss://dstream.binance.com", lambda: BinanceWire("coinm")),
    ("wss://api.bitfinex.com/ws/2", BitfinexWire),
    ("wss://api-pub.bitfinex.com/ws/2", BitfinexWire),
    ("wss://www.bitmex.com/realtime", BitmexWire),
    ("wss://ws.bitmex.com/realtime", BitmexWire),
    ("wss://ws.bitstamp.net", BitstampWire),
    ("wss://stream.bybit.com/v5/public/spot", BybitWire),
    ("wss://stream.bybit.com/v5/public/linear", lambda: BybitWire("linear")),
    ("wss://stream.bybit.com/v5/public/inverse", lambda: BybitWire("inverse")),
    ("wss://stream.bybit.com/realtime_public", lambda: BybitWire("linear", version=2)),
    ("wss://stream.bybit.com/realtime", lambda: BybitWire("inverse", version=2)),
    ("wss://ws-feed.pro.coinbase.com", CoinbaseWire),
    ("wss://ws-feed.exchange.coinbase.com", CoinbaseWire),
    ("wss://www.deribit.com/ws", DeribitWire),
    ("wss://api.gateio.ws/ws/v4", GateioWire),
    ("wss://api.gemini.com", GeminiWire),
    ("wss://futures.kraken.com/ws/v1", KrakenFuturesWire),
    ("wss://ws.kraken.com/v2", KrakenWire),
    ("wss://ws.kraken.com", lambda: KrakenWire(1)),
    ("wss://ws.okx.com", OkxWire),
)


def wire_of(address: str, name: str) -> MakeWire:
    """Return the maker of the wire of a connection's address. Raises `Invalid` for an unknown."""
    for begins, make in _WIRES:
        if address.startswith(begins):
            return make
    raise Invalid(
        f"{name} is a connection to {address[:60]}, whose messages are not known here",
        code="data.wrong_columns",
    )
