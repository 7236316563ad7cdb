"""Deribit's stream: a snapshot, then changes that name the one before.

Prices and amounts are JSON numbers, read from their digits and never as floats.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fks.contexts.data.domain.wires.reading import (
    EMPTY,
    MILLISECOND,
    Symbols,
    chosen,
    damaged,
    decoding,
    side_of,
    text_of,
)
from fks.contracts.data.providers import PageRequest
from fks.contracts.data.streams import (
    DEPTH,
    NO_ID,
    QUOTES,
    TRADES,
    BookRule,
    DepthUpdate,
    Heartbeat,
    Liveness,
    Notice,
    QuoteUpdate,
    Rejected,
    Scale,
    StreamUpdate,
    Subscribed,
    TradeUpdate,
    Unknown,
)
from fks.kernel.errors import Invalid

__all__ = ["DeribitWire"]

_CHANNELS = {DEPTH: ("book.{}.100ms",), TRADES: ("trades.{}.100ms",), QUOTES: ("quote.{}",)}
_QUIET = frozenset(
    (
        "estimated_expiration_price",
        "deribit_price_index",
        "deribit_price_ranking",
        "deribit_volatility_index",
        "instrument",
        "markprice",
        "perpetual",
        "platform_state",
        "rfq",
        "chart",
    )
)
_PING = msgspec.json.encode({"jsonrpc": "2.0", "id": 0, "method": "public/test", "params": {}})
_NULL = b"null"


class _Data(msgspec.Struct, gc=False):
    instrument_name: str = ""
    type: str = ""
    timestamp: int = 0
    change_id: int = NO_ID
    prev_change_id: int = NO_ID
    bids: msgspec.Raw = EMPTY
    asks: msgspec.Raw = EMPTY
    best_bid_price: msgspec.Raw = EMPTY
    best_bid_amount: msgspec.Raw = EMPTY
    best_ask_price: msgspec.Raw = EMPTY
    best_ask_amount: msgspec.Raw = EMPTY


class _Trade(msgspec.Struct, gc=False):
    instrument_name: str
    timestamp: int
    price: msgspec.Raw
    amount: msgspec.Raw
    direction: str
    trade_id: str


class _Params(msgspec.Struct, gc=False):
    channel: str = ""
    type: str = ""
    data: msgspec.Raw = EMPTY


class _Message(msgspec.Struct, gc=False):
    method: str = ""
    params: _Params | None = None
    id: msgspec.Raw = EMPTY
    result: msgspec.Raw = EMPTY
    error: msgspec.Raw = EMPTY


_read = decoding(_Message)
_read_data = decoding(_Data)
_read_trades = decoding(list[_Trade])
_read_names = decoding(list[str])


class DeribitWire:
    """Deribit, version 2; symbols such as `BTC-PERPETUAL`."""

    name = "deribit"
    url = "wss://www.deribit.com/ws/api/v2"
    snapshot_base_url = ""
    liveness = Liveness(ping=_PING, every_s=20.0)
    book_rule = BookRule(link="previous", snapshot="stream")

    def __init__(self, scales: Mapping[str, Scale] | None = None) -> None:
        self._symbols = Symbols(scales)

    def subscriptions(self, symbols: Sequence[str], channels: Iterable[str]) -> tuple[bytes, ...]:
        """Return requests for heartbeats and for all channels, at most 500 in one."""
        names = [
            form.format(symbol)
            for group in chosen(self.name, channels, _CHANNELS)
            for form in group
            for symbol in symbols
        ]
        beat = _request("public/set_heartbeat", {"interval": 10}, 1)
        asked = [
            _request("public/subscribe", {"channels": names[at : at + 500]}, at // 500 + 2)
            for at in range(0, len(names), 500)
        ]
        return (beat, *asked)

    def resync(self, symbol: str) -> tuple[bytes, ...]:
        """Return requests that end the symbol's changes and begin them again."""
        wanted = {"channels": [form.format(symbol) for form in _CHANNELS[DEPTH]]}
        return (
            _request("public/unsubscribe", wanted, 3),
            _request("public/subscribe", wanted, 4),
        )

    def snapshot_page(self, symbol: str) -> PageRequest | None:
        """Return None: snapshots come in the stream."""
        return None

    def read_snapshot(self, symbol: str, body: bytes, received_ns: int) -> DepthUpdate:
        """Refuse: snapshots come in the stream."""
        raise Invalid("Deribit's snapshots come in its stream", code="data.no_snapshot_page")

    def read(self, payload: bytes, received_ns: int) -> Sequence[StreamUpdate]:
        """Read one message."""
        message = _read(payload)
        params = message.params
        if message.method == "subscription" and params is not None:
            return self._notification(params, received_ns)
        if message.method == "heartbeat" and params is not None:
            answer = _PING if params.type == "test_request" else b""
            return (Heartbeat(received_ns, answer),)
        if message.error:
            return (Rejected(payload[:300].decode(errors="replace"), received_ns),)
        result = bytes(message.result)
        if result.startswith(b"["):
            return tuple(
                Subscribed(_symbol(name), name.partition(".")[0], received_ns)
                for name in _read_names(result)
            ) or (Notice("nothing subscribed", received_ns),)
        if result:
            return (Notice("an answer", received_ns),)
        return (Unknown(payload[:100].decode(errors="replace"), received_ns),)

    def _notification(self, params: _Params, received_ns: int) -> Sequence[StreamUpdate]:
        kind = params.channel.partition(".")[0]
        if kind == "book":
            return (self._depth(_read_data(params.data), received_ns),)
        if kind == "trades":
            return [self._trade(trade, received_ns) for trade in _read_trades(params.data)]
        if kind in ("ticker", "quote", "incremental_ticker"):
            data = _read_data(params.data)
            if not data.best_bid_price or not data.best_ask_price:
                return (Notice(kind, received_ns),)
            return (self._quote(data, received_ns),)
        if kind in _QUIET:
            return (Notice(kind, received_ns),)
        return (Unknown(params.channel, received_ns),)

    def _depth(self, data: _Data, received_ns: int) -> DepthUpdate:
        """Read changes, or a book in groups, which has no type and is whole."""
        units = self._symbols[data.instrument_name]
        at = 1 if data.type else 0
        if data.change_id == NO_ID or (data.type == "change" and data.prev_change_id == NO_ID):
            raise damaged("a book without its ids")
        bids, asks = units.sides(data.bids, data.asks, at, at + 1)
        return DepthUpdate(
            data.instrument_name,
            units.scale,
            bids,
            asks,
            data.change_id,
            data.change_id,
            data.prev_change_id,
            data.timestamp * MILLISECOND,
            received_ns,
            data.type != "change",
        )

    def _trade(self, trade: _Trade, received_ns: int) -> TradeUpdate:
        units = self._symbols[trade.instrument_name]
        price, quantity = units.trade(trade.price, trade.amount)
        return TradeUpdate(
            trade.instrument_name,
            units.scale,
            price,
            quantity,
            side_of(trade.direction),
            trade.trade_id,
            trade.timestamp * MILLISECOND,
            received_ns,
        )

    def _quote(self, data: _Data, received_ns: int) -> QuoteUpdate:
        """Read best prices; a side without an amount is empty, whatever its price."""
        units = self._symbols[data.instrument_name]
        bid, bid_quantity, ask, ask_quantity = units.quote(
            _there(data.best_bid_price, data.best_bid_amount),
            data.best_bid_amount,
            _there(data.best_ask_price, data.best_ask_amount),
            data.best_ask_amount,
        )
        return QuoteUpdate(
            data.instrument_name,
            units.scale,
            bid,
            bid_quantity,
            ask,
            ask_quantity,
            NO_ID,
            data.timestamp * MILLISECOND,
            received_ns,
        )


def _there(price: msgspec.Raw, amount: msgspec.Raw) -> msgspec.Raw | None:
    """Return the price of a side that has one."""
    if bytes(price) == _NULL or not text_of(amount).strip("0."):
        return None
    return price


def _symbol(channel: str) -> str:
    """Return the symbol in the name of a channel."""
    return channel.split(".")[1] if "." in channel else ""


def _request(method: str, params: Mapping[str, object], number: int) -> bytes:
    """Return a JSON-RPC request."""
    return msgspec.json.encode({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
