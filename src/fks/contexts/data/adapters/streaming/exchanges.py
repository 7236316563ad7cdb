"""The exchanges whose streams are read, by the name that a command gives them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

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
from fks.contexts.data.domain.wires.polygon import Cluster, PolygonWire
from fks.contracts.data.providers import Limits
from fks.contracts.data.streams import Scale, StreamWire
from fks.kernel.errors import Invalid

__all__ = ["EXCHANGES", "Exchange", "exchange_named"]

_SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,39}\Z", re.ASCII)
_Case = Literal["upper", "lower"]


class Exchange(NamedTuple):
    """How a wire is made, what it lets through over HTTP, and how it writes its symbols.

    `key` names the provider whose key lets a stream in; `let_in` makes a wire that has it.
    """

    name: str
    make: Callable[[Mapping[str, Scale]], StreamWire]
    limits: Limits
    case: _Case = "upper"
    key: str = ""
    let_in: Callable[[Mapping[str, Scale], str], StreamWire] | None = None

    def symbols(self, given: Sequence[str]) -> list[str]:
        """Return symbols as the exchange writes them. Raises `Invalid` for what is none."""
        for symbol in given:
            if not _SYMBOL.match(symbol):
                raise Invalid(f"{symbol[:40]!r} is no symbol of {self.name}", code="data.no_symbol")
        return [symbol.lower() if self.case == "lower" else symbol.upper() for symbol in given]


def _binance(weight_per_minute: int) -> Limits:
    return Limits(
        weight_per_minute=weight_per_minute,
        used_weight_header="x-mbx-used-weight-1m",
        page_bytes=16 << 20,
    )


_FEW = Limits(weight_per_minute=60, page_bytes=16 << 20)


def _polygon(cluster: Cluster) -> Exchange:
    return Exchange(
        f"polygon_{cluster}",
        lambda scales: PolygonWire(cluster, scales),
        _FEW,
        key="polygon",
        let_in=lambda scales, key: PolygonWire(cluster, scales, key),
    )


EXCHANGES: dict[str, Exchange] = {
    one.name: one
    for one in (
        Exchange("binance", lambda scales: BinanceWire("spot", scales), _binance(6000)),
        Exchange("binance_us", lambda scales: BinanceWire("us", scales), _binance(1200)),
        Exchange("binance_usdm", lambda scales: BinanceWire("usdm", scales), _binance(2400)),
        Exchange("binance_coinm", lambda scales: BinanceWire("coinm", scales), _binance(2400)),
        Exchange("bitfinex", BitfinexWire, _FEW),
        Exchange("bitmex", BitmexWire, _FEW),
        Exchange("bitstamp", BitstampWire, _FEW, "lower"),
        Exchange("bybit", lambda scales: BybitWire("spot", scales=scales), _FEW),
        Exchange("bybit_linear", lambda scales: BybitWire("linear", scales=scales), _FEW),
        Exchange("coinbase", CoinbaseWire, _FEW),
        Exchange("deribit", DeribitWire, _FEW),
        Exchange("gateio", GateioWire, _FEW),
        Exchange("gemini", GeminiWire, _FEW),
        Exchange("kraken", lambda scales: KrakenWire(scales=scales), _FEW),
        Exchange("kraken_futures", KrakenFuturesWire, _FEW),
        Exchange("okx", OkxWire, _FEW),
        _polygon("crypto"),
        _polygon("forex"),
        _polygon("stocks"),
    )
}


def exchange_named(name: str) -> Exchange:
    """Return an exchange. Raises `Invalid` for one whose stream is not read."""
    if name not in EXCHANGES:
        raise Invalid(
            f"no stream of {name[:40]!r} is read; there are {', '.join(EXCHANGES)}",
            code="data.no_stream",
        )
    return EXCHANGES[name]
