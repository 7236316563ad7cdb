"""Which wire reads a recorded connection, by the address that it begins with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

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
from fks.contracts.data.streams import Scale, StreamWire
from fks.kernel.errors import Invalid

__all__ = ["MakeWire", "wire_of"]


class MakeWire(Protocol):
    """Makes a wire, with the scales that are known."""

    def __call__(self, scales: Mapping[str, Scale] | None = None) -> StreamWire:
        """Make one."""
        ...


# The first address that a connection's begins with says how its messages are read.
_WIRES: tuple[tuple[str, MakeWire], ...] = (
    ("wss://stream.binance.com", lambda scales=None: BinanceWire("spot", scales)),
    ("wss://stream.binance.us", lambda scales=None: BinanceWire("us", scales)),
    ("wss://fstream.binance.com", lambda scales=None: BinanceWire("usdm", scales)),
    ("wss://dstream.binance.com", lambda scales=None: BinanceWire("coinm", scales)),
    ("wss://api.bitfinex.com/ws/2", BitfinexWire),
    ("wss://api-pub.bitfinex.com/ws/2", BitfinexWire),
    ("wss://www.bitmex.com/realtime", BitmexWire),
    ("wss://ws.bitmex.com/realtime", BitmexWire),
    ("wss://ws.bitstamp.net", BitstampWire),
    ("wss://stream.bybit.com/v5/public/spot", lambda scales=None: BybitWire("spot", scales=scales)),
    (
        "wss://stream.bybit.com/v5/public/linear",
        lambda scales=None: BybitWire("linear", scales=scales),
    ),
    (
        "wss://stream.bybit.com/v5/public/inverse",
        lambda scales=None: BybitWire("inverse", scales=scales),
    ),
    ("wss://stream.bybit.com/realtime_public", lambda scales=None: BybitWire("linear", 2, scales)),
    ("wss://stream.bybit.com/realtime", lambda scales=None: BybitWire("inverse", 2, scales)),
    ("wss://ws-feed.pro.coinbase.com", CoinbaseWire),
    ("wss://ws-feed.exchange.coinbase.com", CoinbaseWire),
    ("wss://www.deribit.com/ws", DeribitWire),
    ("wss://api.gateio.ws/ws/v4", GateioWire),
    ("wss://api.gemini.com", GeminiWire),
    ("wss://futures.kraken.com/ws/v1", KrakenFuturesWire),
    ("wss://ws.kraken.com/v2", lambda scales=None: KrakenWire(scales=scales)),
    ("wss://ws.kraken.com", lambda scales=None: KrakenWire(1, scales=scales)),
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
