"""Gemini's market data, version 2: a first message with the whole book, then its changes.

Nothing in a change says which one came before, so a loss cannot be seen. The first message of a
symbol on a connection is its snapshot, and so is any that brings trades: they are of before, and
are left out. After a resync only those are: changes may still be on their way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fks.contexts.data.domain.wires.reading import (
    EMPTY,
    MILLISECOND,
    Symbols,
    chosen,
    decoding,
    side_of,
    text_of,
)
from fks.contracts.data.providers import PageRequest
from fks.contracts.data.streams import (
    BARS,
    DEPTH,
    NO_ID,
    TRADES,
    BarUpdate,
    BookRule,
    DepthUpdate,
    Heartbeat,
    Liveness,
    Notice,
    Rejected,
    Scale,
    StreamUpdate,
    TradeUpdate,
    Unknown,
)
from fks.kernel.errors import Invalid

__all__ = ["GeminiWire"]

_CHANNELS = {DEPTH: ("l2",), TRADES: ("l2",), BARS: ("candles_1m",)}
_QUIET = frozenset(
    (
        "auction_open",
        "auction_indicative",
        "auction_result",
        "auction_indicative_price",
        "block_trade",
        "mark_price_updates",
        "funding_rate_updates",
        "funding_amount_updates",
        "subscription_ack",
        "unsubscribe",
    )
)


class _Message(msgspec.Struct, gc=False):
    type: str = ""
    symbol: str = ""
    changes: msgspec.Raw = EMPTY
    trades: msgspec.Raw = EMPTY
    event_id: msgspec.Raw = EMPTY
    tid: msgspec.Raw = EMPTY
    timestamp: int = 0
    price: str = ""
    quantity: str = ""
    side: str = ""
    result: str = ""


_read = decoding(_Message)
_Row = tuple[int, msgspec.Raw, msgspec.Raw, msgspec.Raw, msgspec.Raw, msgspec.Raw]
_read_bars = decoding(list[_Row])


class GeminiWire:
    """Gemini; symbols such as `BTCUSD`."""

    name = "gemini"
    url = "wss://api.gemini.com/v2/marketdata"
    snapshot_base_url = ""
    liveness = Liveness(silence_s=20.0)
    book_rule = BookRule(link="none", snapshot="stream")

    def __init__(self, scales: Mapping[str, Scale] | None = None) -> None:
        self._symbols = Symbols(scales)
        self._begun: set[str] = set()

    def subscriptions(self, symbols: Sequence[str], channels: Iterable[str]) -> tuple[bytes, ...]:
        """Return one request. All books begin anew with it."""
        names = {name for group in chosen(self.name, channels, _CHANNELS) for name in group}
        self._begun.difference_update(symbols)
        return (_request("subscribe", sorted(names), symbols),)

    def resync(self, symbol: str) -> tuple[bytes, ...]:
        """Return requests that end the symbol's changes and begin them again."""
        return tuple(_request(word, ["l2"], [symbol]) for word in ("unsubscribe", "subscribe"))

    def snapshot_page(self, symbol: str) -> PageRequest | None:
        """Return None: snapshots come in the stream."""
        return None

    def read_snapshot(self, symbol: str, body: bytes, received_ns: int) -> DepthUpdate:
        """Refuse: snapshots come in the stream."""
        raise Invalid("Gemini's snapshots come in its stream", code="data.no_snapshot_page")

    def read(self, payload: bytes, received_ns: int) -> Sequence[StreamUpdate]:
        """Read one message."""
        message = _read(payload)
        kind = message.type
        if kind == "l2_updates":
            return (self._depth(message, received_ns),)
        if kind == "trade":
            return (self._trade(message, received_ns),)
        if kind == "heartbeat":
            return (Heartbeat(received_ns),)
        if kind.startswith("candles_") and kind.endswith("_updates"):
            return self._bars(message, kind.split("_")[1], received_ns)
        if kind in _QUIET:
            return (Notice(kind, received_ns),)
        if kind == "error" or message.result == "error":
            return (Rejected(payload[:300].decode(errors="replace"), received_ns),)
        return (Unknown(kind or payload[:100].decode(errors="replace"), received_ns),)

    def _depth(self, message: _Message, received_ns: int) -> DepthUpdate:
        symbol = message.symbol
        units = self._symbols[symbol]
        bids, asks = units.mixed(message.changes, 0, 1, 2)
        whole = bool(message.trades) or symbol not in self._begun
        self._begun.add(symbol)
        return DepthUpdate(
            symbol, units.scale, bids, asks, NO_ID, NO_ID, NO_ID, 0, received_ns, whole
        )

    def _trade(self, message: _Message, received_ns: int) -> TradeUpdate:
        units = self._symbols[message.symbol]
        price, quantity = units.trade(message.price, message.quantity)
        return TradeUpdate(
            message.symbol,
            units.scale,
            price,
            quantity,
            side_of(message.side),
            text_of(message.tid or message.event_id),
            message.timestamp * MILLISECOND,
            received_ns,
        )

    def _bars(self, message: _Message, timeframe: str, received_ns: int) -> Sequence[StreamUpdate]:
        """Read bars; Gemini does not say which are closed."""
        units = self._symbols[message.symbol]
        found: list[StreamUpdate] = []
        for stamp, first, high, low, last, volume in _read_bars(message.changes):
            _, traded = units.trade(last, volume)
            prices = units.prices(first, high, low, last)
            ts_ns = stamp * MILLISECOND
            found.append(
                BarUpdate(
                    message.symbol,
                    units.scale,
                    timeframe,
                    ts_ns,
                    prices[0],
                    prices[1],
                    prices[2],
                    prices[3],
                    traded,
                    False,
                    received_ns,
                )
            )
        return found


def _request(word: str, names: Sequence[str], symbols: Sequence[str]) -> bytes:
    """Return a request for channels of symbols."""
    wanted = [{"name": name, "symbols": list(symbols)} for name in names]
    return msgspec.json.encode({"type": word, "subscriptions": wanted})
