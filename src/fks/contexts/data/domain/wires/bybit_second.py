"""Version 2 of Bybit's stream: levels are objects, in what is deleted, updated and inserted.

Inverse contracts send their numbers as numbers and a snapshot as a list; linear ones send text, and
a snapshot within an object.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fks.contexts.data.domain.wires.reading import (
    EMPTY,
    MILLISECOND,
    Symbols,
    damaged,
    decimals_of,
    decoding,
    side_of,
    text_of,
)
from fks.contracts.data.streams import (
    NO_ID,
    DepthUpdate,
    Notice,
    Pong,
    Rejected,
    StreamUpdate,
    Subscribed,
    TradeUpdate,
    Unknown,
)

__all__ = ["SecondReader"]

_MICROSECOND = 1000
_QUIET = frozenset(("instrument_info", "klineV2", "candle", "insurance", "liquidation"))
_ZERO = msgspec.Raw(b"0")


class _Level(msgspec.Struct, gc=False):
    price: msgspec.Raw
    side: str
    size: msgspec.Raw = _ZERO


class _Changes(msgspec.Struct, gc=False):
    delete: list[_Level] = []
    update: list[_Level] = []
    insert: list[_Level] = []
    order_book: list[_Level] | None = None


class _Trade(msgspec.Struct, gc=False):
    symbol: str
    side: str
    size: msgspec.Raw
    price: msgspec.Raw
    trade_id: str
    trade_time_ms: msgspec.Raw


class _Request(msgspec.Struct, gc=False):
    op: str = ""
    args: list[str] | None = None


class _Message(msgspec.Struct, gc=False):
    topic: str = ""
    type: str = ""
    data: msgspec.Raw = EMPTY
    cross_seq: msgspec.Raw = EMPTY
    timestamp_e6: msgspec.Raw = EMPTY
    success: bool | None = None
    ret_msg: str = ""
    request: _Request | None = None


_read = decoding(_Message)
_read_levels = decoding(list[_Level])
_read_changes = decoding(_Changes)
_read_trades = decoding(list[_Trade])


class SecondReader:
    """Reads version 2."""

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols

    def read(self, payload: bytes, received_ns: int) -> Sequence[StreamUpdate]:
        """Read one message."""
        message = _read(payload)
        kind, _, symbol = message.topic.partition(".")
        if kind.startswith("orderBook"):
            return (self._depth(symbol.rpartition(".")[2], message, received_ns),)
        if kind == "trade":
            return [self._trade(trade, received_ns) for trade in _read_trades(message.data)]
        if kind in _QUIET:
            return (Notice(kind, received_ns),)
        request = message.request or _Request()
        if message.ret_msg == "pong":
            return (Pong(received_ns),)
        if message.success is False:
            return (Rejected(payload[:300].decode(errors="replace"), received_ns),)
        if message.success and request.op == "subscribe":
            topics = request.args or [""]
            return [
                Subscribed(topic.rpartition(".")[2], topic.partition(".")[0], received_ns)
                for topic in topics
            ]
        if message.success:
            return (Notice(request.op, received_ns),)
        return (Unknown(message.topic or payload[:100].decode(errors="replace"), received_ns),)

    def _depth(self, symbol: str, message: _Message, received_ns: int) -> DepthUpdate:
        """Read a snapshot, or changes in the order in which Bybit wants them done."""
        whole = message.type == "snapshot"
        if whole and bytes(message.data).startswith(b"["):
            levels = _read_levels(message.data)
        else:
            changes = _read_changes(message.data)
            for gone in changes.delete:
                gone.size = _ZERO
            levels = changes.order_book or [*changes.delete, *changes.update, *changes.insert]
        if any(level.side not in ("Buy", "Sell") for level in levels):
            raise damaged("a level without its side")
        units = self._symbols[symbol]
        bids, asks = units.pairs(
            [(level.price, level.size) for level in levels if level.side == "Buy"],
            [(level.price, level.size) for level in levels if level.side == "Sell"],
        )
        number = decimals_of(text_of(message.cross_seq), 0) if message.cross_seq else NO_ID
        stamp = decimals_of(text_of(message.timestamp_e6), 0) if message.timestamp_e6 else 0
        return DepthUpdate(
            symbol,
            units.scale,
            bids,
            asks,
            number,
            number,
            NO_ID,
            stamp * _MICROSECOND,
            received_ns,
            whole,
        )

    def _trade(self, trade: _Trade, received_ns: int) -> TradeUpdate:
        units = self._symbols[trade.symbol]
        price, quantity = units.trade(trade.price, trade.size)
        return TradeUpdate(
            trade.symbol,
            units.scale,
            price,
            quantity,
            side_of(trade.side),
            trade.trade_id,
            decimals_of(text_of(trade.trade_time_ms), 0) * MILLISECOND,
            received_ns,
        )
