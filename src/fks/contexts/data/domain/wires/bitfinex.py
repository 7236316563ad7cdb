"""Bitfinex's stream, version 2: lists whose first item says which subscription they belong to.

After the data may come a number that all messages of the connection share and the exchange's
milliseconds, as the connection was asked for them; a message that is missing empties all books,
since nobody knows whose it was. A book of other precision than `P0` is another book of the symbol,
and named so: `BTCUSD/P1`, and `BTCUSD/R0` for the one of orders, which `bitfinex_orders` adds up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fks.contexts.data.domain.wires.bitfinex_orders import Orders
from fks.contexts.data.domain.wires.reading import (
    EMPTY,
    MILLISECOND,
    Identifier,
    Millis,
    Symbols,
    chosen,
    damaged,
    decoding,
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
    Pong,
    QuoteUpdate,
    ReconnectAsked,
    Rejected,
    Scale,
    StreamUpdate,
    Subscribed,
    TradeUpdate,
    Unknown,
)
from fks.kernel.errors import Invalid, Unavailable

__all__ = ["BitfinexWire"]

_CHANNELS = {DEPTH: ("book",), TRADES: ("trades",), QUOTES: ("ticker",)}
_FLAGS = 32768 + 65536 + 131072  # times, numbers and checksums
_MOST_CHANNELS = 1000
_LONG_AGO_MS = 10**12  # no number of a message is as large as a time
_RECONNECT = 20051
_LOST = -2
_QUIET = frozenset(("candles", "status"))


class _Event(msgspec.Struct, gc=False):
    event: str
    channel: str = ""
    chanId: Identifier = NO_ID  # noqa: N815  # the exchange's name
    symbol: str = ""
    prec: str = ""
    version: msgspec.Raw = EMPTY
    code: msgspec.Raw = EMPTY


class _Channel:
    """A subscription; `last` is the number of the book's last message."""

    __slots__ = ("last", "name", "orders", "symbol")

    def __init__(self, name: str, symbol: str, orders: Orders | None) -> None:
        self.name, self.symbol, self.orders = name, symbol, orders
        self.last = NO_ID


class _Ends(msgspec.Struct, frozen=True, gc=False):
    """What stands after the data."""

    number: int
    ts_ns: int


_Row = tuple[msgspec.Raw, Identifier, msgspec.Raw]
_read_parts = decoding(list[msgspec.Raw])
_read_event = decoding(_Event)
_read_whole = decoding(int)
_read_number = decoding(Identifier)
_read_row = decoding(tuple[msgspec.Raw, Identifier, msgspec.Raw])
_read_rows = decoding(list[tuple[msgspec.Raw, Identifier, msgspec.Raw]])
_read_cells = decoding(list[msgspec.Raw])
_read_stamp = decoding(Millis)


class BitfinexWire:
    """Bitfinex, trading pairs; symbols such as `BTCUSD` or `BTCF0:USTF0`, without the `t`."""

    name = "bitfinex"
    url = "wss://api-pub.bitfinex.com/ws/2"
    snapshot_base_url = ""
    liveness = Liveness(ping=b'{"event":"ping"}', every_s=15.0, silence_s=40.0)
    book_rule = BookRule(
        link="previous", snapshot="stream", checksum="bitfinex", crossing="passing"
    )

    def __init__(self, scales: Mapping[str, Scale] | None = None) -> None:
        self._symbols = Symbols(scales)
        self._channels: dict[int, _Channel] = {}
        self._number = NO_ID

    def subscriptions(self, symbols: Sequence[str], channels: Iterable[str]) -> tuple[bytes, ...]:
        """Return one request for all that is told beside the data, and one for each channel."""
        names = [name for group in chosen(self.name, channels, _CHANNELS) for name in group]
        flags = msgspec.json.encode({"event": "conf", "flags": _FLAGS})
        return (flags, *(_subscribe(name, symbol) for name in names for symbol in symbols))

    def resync(self, symbol: str) -> tuple[bytes, ...]:
        """Return requests that end the symbol's changes and begin them again."""
        ended = [
            msgspec.json.encode({"event": "unsubscribe", "chanId": number})
            for number, channel in self._channels.items()
            if channel.name == "book" and channel.symbol == symbol
        ]
        return (*ended, _subscribe("book", symbol))

    def snapshot_page(self, symbol: str) -> PageRequest | None:
        """Return None: snapshots come in the stream."""
        return None

    def read_snapshot(self, symbol: str, body: bytes, received_ns: int) -> DepthUpdate:
        """Refuse: snapshots come in the stream."""
        raise Invalid("Bitfinex's snapshots come in its stream", code="data.no_snapshot_page")

    def read(self, payload: bytes, received_ns: int) -> Sequence[StreamUpdate]:
        """Read one message."""
        if payload.lstrip()[:1] != b"[":
            return (self._event(_read_event(payload), payload, received_ns),)
        try:
            return (self._data(payload, received_ns),)
        except Unavailable:
            self._lost()  # its number may have been read already
            raise

    def _data(self, payload: bytes, received_ns: int) -> StreamUpdate:
        """Read a list."""
        parts = _read_parts(payload)
        if len(parts) < 2:
            raise damaged("a list of fewer than two items")
        channel = self._channels.get(_read_number(parts[0]))
        word = text_of(parts[1]) if bytes(parts[1])[:1] == b'"' else ""
        ends = self._ends(parts[2 if word in ("", "hb") else 3 :])
        if word == "hb":
            return Heartbeat(received_ns)
        if channel is None:
            return Unknown(f"channel {bytes(parts[0])[:20].decode()}", received_ns)
        if channel.symbol.startswith("f"):
            return Notice("of no trading pair", received_ns)
        if channel.name == "book":
            return self._book(channel, word, parts, ends, received_ns)
        if channel.name == "trades" and word == "te" and len(parts) > 2:
            return self._trade(channel.symbol, parts[2], received_ns)
        if channel.name == "trades":
            return Notice("trades told before", received_ns)
        if channel.name == "ticker" and not word:
            return self._ticker(channel.symbol, parts[1], ends, received_ns)
        if channel.name in _QUIET:
            return Notice(channel.name, received_ns)
        return Unknown(f"{channel.name} {word}"[:100], received_ns)

    def _lost(self) -> None:
        """Note that no book's next change follows its last one."""
        for channel in self._channels.values():
            channel.last = _LOST

    def _event(self, event: _Event, payload: bytes, received_ns: int) -> StreamUpdate:
        """Read what is no data; the first of a connection is its version."""
        kind = event.event
        if kind == "subscribed":
            if event.chanId < 0 or len(self._channels) >= _MOST_CHANNELS:
                raise damaged("a subscription without its number, or too many")
            symbol, orders = event.symbol.removeprefix("t"), None
            if event.channel == "book" and event.prec not in ("", "P0"):
                symbol = f"{symbol}/{event.prec}"
                orders = Orders(self._symbols[symbol]) if event.prec == "R0" else None
            self._channels[event.chanId] = _Channel(event.channel, symbol, orders)
            return Subscribed(symbol, event.channel, received_ns)
        if kind == "unsubscribed":
            self._channels.pop(event.chanId, None)
            return Notice(kind, received_ns)
        if kind == "info" and event.version:
            self._channels.clear()
            self._number = NO_ID
            return Notice(kind, received_ns)
        if kind == "info" and text_of(event.code) == str(_RECONNECT):
            return ReconnectAsked(received_ns)
        if kind == "pong":
            return Pong(received_ns)
        if kind == "error":
            return Rejected(payload[:300].decode(errors="replace"), received_ns)
        if kind in ("info", "conf", "auth"):
            return Notice(kind, received_ns)
        return Unknown(kind[:100], received_ns)

    def _ends(self, parts: list[msgspec.Raw]) -> _Ends:
        """Read what stands after the data, and see whether a message is missing."""
        number, ts_ns = NO_ID, 0
        for part in parts:
            value = _read_number(part)
            if value >= _LONG_AGO_MS:
                ts_ns = min(value, 9 * _LONG_AGO_MS) * MILLISECOND
            else:
                number = value
        if number != NO_ID:
            if self._number != NO_ID and number > self._number + 1:
                self._lost()
            self._number = max(number, self._number)
        return _Ends(number, ts_ns)

    def _book(
        self,
        channel: _Channel,
        word: str,
        parts: list[msgspec.Raw],
        ends: _Ends,
        received_ns: int,
    ) -> DepthUpdate:
        """Read a snapshot, one level or one order, or a checksum."""
        whole, checksum = False, NO_ID
        bids: list[tuple[bytes, bytes]] = []
        asks: list[tuple[bytes, bytes]] = []
        if word == "cs":
            checksum = _read_whole(parts[2]) & 0xFFFFFFFF if len(parts) > 2 else NO_ID
            if channel.orders is not None:
                checksum = channel.orders.checked(checksum)
        elif word:
            raise damaged(f"a book's {word[:20]!r}")
        else:
            body = bytes(parts[1])
            whole = body[1:].lstrip()[:1] in (b"[", b"]")
            if channel.orders is not None:
                bids, asks = channel.orders.take(body, whole)
            else:
                for row in _read_rows(body) if whole else [_read_row(body)]:
                    _put(row, bids, asks)
        units = self._symbols[channel.symbol]
        packed = units.pairs(list(bids), list(asks))
        follows = ends.number == NO_ID or ends.number > channel.last
        ids = (ends.number, ends.number, channel.last if follows else _LOST)
        channel.last = max(channel.last, ends.number)
        return DepthUpdate(
            channel.symbol, units.scale, *packed, *ids, ends.ts_ns, received_ns, whole, checksum
        )

    def _trade(self, symbol: str, raw: msgspec.Raw, received_ns: int) -> TradeUpdate:
        """Read a trade; what is sold has a negative amount."""
        cells = _read_cells(raw)
        if len(cells) < 4:
            raise damaged("a trade of fewer than four items")
        number, stamp, size = _read_number(cells[0]), _read_stamp(cells[1]), bytes(cells[2])
        units = self._symbols[symbol]
        traded = units.trade(cells[3], size.removeprefix(b"-"))
        side = -1 if size.startswith(b"-") else 1
        ts_ns = stamp * MILLISECOND
        return TradeUpdate(symbol, units.scale, *traded, side, str(number), ts_ns, received_ns)

    def _ticker(self, symbol: str, raw: msgspec.Raw, ends: _Ends, received_ns: int) -> QuoteUpdate:
        """Read best prices; the sizes are sums of 25 levels, so that none is told here."""
        cells = _read_cells(raw)
        if len(cells) < 10:
            raise damaged("a ticker of fewer than ten items")
        units = self._symbols[symbol]
        bid, ask = (None if bytes(cells[at]) == b"null" else bytes(cells[at]) for at in (0, 2))
        best = units.quote(bid, b"0", ask, b"0")
        return QuoteUpdate(symbol, units.scale, *best, NO_ID, ends.ts_ns, received_ns)


def _put(row: _Row, bids: list[tuple[bytes, bytes]], asks: list[tuple[bytes, bytes]]) -> None:
    """Read a level: price, number of orders, amount; none of them is left where that is 0."""
    price, orders, amount = bytes(row[0]), row[1], bytes(row[2])
    level = (price, amount.removeprefix(b"-") if orders else b"0")
    sold = amount.startswith(b"-")
    if not sold:
        bids.append(level)
    if sold or (not orders and amount == b"0"):
        asks.append(level)


def _subscribe(channel: str, symbol: str) -> bytes:
    """Return a request for a channel of a symbol."""
    wanted = {"event": "subscribe", "channel": channel, "symbol": f"t{symbol}"}
    book = {"prec": "P0", "freq": "F0", "len": "250"} if channel == "book" else {}
    return msgspec.json.encode({**wanted, **book})
