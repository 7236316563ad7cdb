"""BitMEX's stream: tables that are told whole once, and then what was changed in them.

A level of the book has an id that stands for its price: a change or a removal does not tell the
price again. There are no numbers that follow one another, so a loss shows in an id that was never
told, at most. What comes before a table's first, `partial`, message is to be left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fks.contexts.data.domain.wires.reading import (
    EMPTY,
    Identifier,
    Symbols,
    chosen,
    damaged,
    decoding,
    iso_ns,
    number_of,
    side_of,
)
from fks.contracts.data.providers import PageRequest
from fks.contracts.data.streams import (
    BARS,
    DEPTH,
    NO_ID,
    QUOTES,
    TRADES,
    BarUpdate,
    BookRule,
    DepthUpdate,
    FundingUpdate,
    Liveness,
    Notice,
    Pong,
    QuoteUpdate,
    Rejected,
    Scale,
    StreamUpdate,
    Subscribed,
    TradeUpdate,
    Unknown,
)
from fks.kernel.errors import Invalid

__all__ = ["BitmexWire"]

_CHANNELS = {DEPTH: ("orderBookL2",), TRADES: ("trade",), QUOTES: ("quote",), BARS: ("tradeBin1m",)}
_BOOKS = frozenset(("orderBookL2", "orderBookL2_25"))
_QUIET = frozenset(
    (
        "announcement",
        "chat",
        "connected",
        "instrument",
        "insurance",
        "liquidation",
        "orderBook10",
        "publicNotifications",
        "quoteBin1m",
        "quoteBin5m",
        "quoteBin1h",
        "quoteBin1d",
        "settlement",
        "tradeBin5m",
        "tradeBin1h",
        "tradeBin1d",
    )
)
_ACTIONS = frozenset(("partial", "insert", "update", "delete"))
_MOST_LEVELS = 1_000_000
_MINUTE_NS = 60_000_000_000
_ZERO = b"0"


class _Filter(msgspec.Struct, gc=False):
    symbol: str = ""


class _Request(msgspec.Struct, gc=False):
    op: str = ""


class _Message(msgspec.Struct, gc=False):
    table: str = ""
    action: str = ""
    data: msgspec.Raw = EMPTY
    filter: _Filter | None = None
    success: bool | None = None
    subscribe: str = ""
    error: str = ""
    info: str = ""
    request: _Request | None = None


class _Level(msgspec.Struct, gc=False):
    symbol: str
    id: Identifier
    side: str
    size: msgspec.Raw = EMPTY
    price: msgspec.Raw = EMPTY
    timestamp: str = ""


class _Trade(msgspec.Struct, gc=False):
    timestamp: str
    symbol: str
    side: str
    size: msgspec.Raw
    price: msgspec.Raw
    trdMatchID: str = ""  # noqa: N815  # the exchange's name


class _Quote(msgspec.Struct, gc=False):
    timestamp: str
    symbol: str
    bidPrice: msgspec.Raw = EMPTY  # noqa: N815
    bidSize: msgspec.Raw = EMPTY  # noqa: N815
    askPrice: msgspec.Raw = EMPTY  # noqa: N815
    askSize: msgspec.Raw = EMPTY  # noqa: N815


class _Funding(msgspec.Struct, gc=False):
    timestamp: str
    symbol: str
    fundingRate: msgspec.Raw  # noqa: N815


class _Bar(msgspec.Struct, gc=False):
    timestamp: str
    symbol: str
    open: msgspec.Raw
    high: msgspec.Raw
    low: msgspec.Raw
    close: msgspec.Raw
    volume: msgspec.Raw


_read = decoding(_Message)
_read_levels = decoding(list[_Level])
_read_trades = decoding(list[_Trade])
_read_quotes = decoding(list[_Quote])
_read_bars = decoding(list[_Bar])
_read_fundings = decoding(list[_Funding])


class BitmexWire:
    """BitMEX; symbols such as `XBTUSD`."""

    name = "bitmex"
    url = "wss://ws.bitmex.com/realtime"
    snapshot_base_url = ""
    liveness = Liveness(ping=b"ping", every_s=15.0, silence_s=30.0)
    book_rule = BookRule(link="none", snapshot="stream", crossing="passing")

    def __init__(self, scales: Mapping[str, Scale] | None = None) -> None:
        self._symbols = Symbols(scales)
        self._prices: dict[str, dict[int, bytes]] = {}

    def subscriptions(self, symbols: Sequence[str], channels: Iterable[str]) -> tuple[bytes, ...]:
        """Return requests for at most 20 topics each."""
        self._prices.clear()
        topics = [
            f"{table}:{symbol}"
            for group in chosen(self.name, channels, _CHANNELS)
            for table in group
            for symbol in symbols
        ]
        return tuple(
            _request("subscribe", topics[at : at + 20]) for at in range(0, len(topics), 20)
        )

    def resync(self, symbol: str) -> tuple[bytes, ...]:
        """Return requests that end the symbol's changes and begin them again."""
        self._prices.pop(symbol, None)
        topics = [f"{table}:{symbol}" for table in _CHANNELS[DEPTH]]
        return tuple(_request(word, topics) for word in ("unsubscribe", "subscribe"))

    def snapshot_page(self, symbol: str) -> PageRequest | None:
        """Return None: snapshots come in the stream."""
        return None

    def read_snapshot(self, symbol: str, body: bytes, received_ns: int) -> DepthUpdate:
        """Refuse: snapshots come in the stream."""
        raise Invalid("BitMEX's snapshots come in its stream", code="data.no_snapshot_page")

    def read(self, payload: bytes, received_ns: int) -> Sequence[StreamUpdate]:
        """Read one message."""
        if payload.strip() == b"pong":
            return (Pong(received_ns),)
        message = _read(payload)
        table, action = message.table, message.action
        if not table:
            return (_answer(message, payload, received_ns),)
        if action not in _ACTIONS:
            raise damaged(f"a table's {action[:20]!r}")
        if table in _BOOKS:
            return self._books(message, received_ns)
        if table == "trade":
            if action != "insert":
                return (Notice("trades of before the subscription", received_ns),)
            return [self._trade(trade, received_ns) for trade in _read_trades(message.data)]
        if table == "quote":
            return [self._quote(quote, received_ns) for quote in _read_quotes(message.data)]
        if table == "tradeBin1m":
            return [self._bar(bar, received_ns) for bar in _read_bars(message.data)]
        if table == "funding":
            return [_funding(funding, received_ns) for funding in _read_fundings(message.data)]
        if table in _QUIET:
            return (Notice(table, received_ns),)
        return (Unknown(table, received_ns),)

    def _books(self, message: _Message, received_ns: int) -> Sequence[StreamUpdate]:
        """Read levels; a message without a filter has those of many symbols."""
        groups: dict[str, list[_Level]] = {}
        for level in _read_levels(message.data):
            groups.setdefault(level.symbol, []).append(level)
        whole = message.action == "partial"
        if whole and not groups and message.filter is not None:
            groups[message.filter.symbol] = []
        found: list[StreamUpdate] = []
        for symbol, levels in groups.items():
            if not whole and symbol not in self._prices:
                levels = []  # of before the snapshot: nothing to apply, but it is told that it came
            found.append(self._depth(symbol, message.action, levels, received_ns))
        return found or (Notice("no levels", received_ns),)

    def _depth(
        self, symbol: str, action: str, levels: list[_Level], received_ns: int
    ) -> DepthUpdate:
        units = self._symbols[symbol]
        whole = action == "partial"
        prices = {} if whole else self._prices.get(symbol, {})
        sides: dict[int, list[tuple[bytes, bytes]]] = {1: [], -1: []}
        for level in levels:
            side = side_of(level.side)
            price = self._price(prices, level, action)
            size = _ZERO if action == "delete" else bytes(level.size)
            if not side or not size:
                raise damaged("a level without its side or size")
            sides[side].append((price, size))
        bids, asks = units.pairs(list(sides[1]), list(sides[-1]))
        if action == "delete":
            for level in levels:
                prices.pop(level.id, None)
        if whole:
            self._prices[symbol] = prices
        ts_ns = iso_ns(levels[0].timestamp) if levels and levels[0].timestamp else 0
        ids = (NO_ID, NO_ID, NO_ID)
        return DepthUpdate(symbol, units.scale, bids, asks, *ids, ts_ns, received_ns, whole)

    def _price(self, prices: dict[int, bytes], level: _Level, action: str) -> bytes:
        """Return a level's price: its first message tells it, and since 2023 all do."""
        if not level.price and action in ("partial", "insert"):
            raise damaged("a level without its price")
        if level.id not in prices and len(prices) >= _MOST_LEVELS:
            raise damaged(f"more than {_MOST_LEVELS} levels")
        if level.price and action != "delete":
            prices[level.id] = bytes(level.price)
        price = prices.get(level.id) or bytes(level.price)
        if not price:
            raise damaged(f"a change of level {level.id}, which was never told")
        return price

    def _trade(self, trade: _Trade, received_ns: int) -> TradeUpdate:
        units = self._symbols[trade.symbol]
        price, quantity = units.trade(trade.price, trade.size)
        ts_ns = iso_ns(trade.timestamp)
        side, name = side_of(trade.side), trade.trdMatchID
        return TradeUpdate(
            trade.symbol, units.scale, price, quantity, side, name, ts_ns, received_ns
        )

    def _quote(self, quote: _Quote, received_ns: int) -> QuoteUpdate:
        units = self._symbols[quote.symbol]
        best = units.quote(
            _there(quote.bidPrice),
            _there(quote.bidSize) or _ZERO,
            _there(quote.askPrice),
            _there(quote.askSize) or _ZERO,
        )
        ts_ns = iso_ns(quote.timestamp)
        return QuoteUpdate(quote.symbol, units.scale, *best, NO_ID, ts_ns, received_ns)

    def _bar(self, bar: _Bar, received_ns: int) -> BarUpdate:
        """Read a bar, which is told when it is closed, with the time of its end."""
        units = self._symbols[bar.symbol]
        _, volume = units.trade(bar.close, bar.volume)
        first, high, low, last = units.prices(bar.open, bar.high, bar.low, bar.close)
        ts_ns = iso_ns(bar.timestamp) - _MINUTE_NS
        prices = (first, high, low, last)
        return BarUpdate(bar.symbol, units.scale, "1m", ts_ns, *prices, volume, True, received_ns)


def _funding(funding: _Funding, received_ns: int) -> FundingUpdate:
    """Read a payment that was."""
    rate, ts_ns = number_of(funding.fundingRate), iso_ns(funding.timestamp)
    if not rate:
        raise damaged("a payment without its rate")
    return FundingUpdate(funding.symbol, rate, "", ts_ns, ts_ns, received_ns, True)


def _there(raw: msgspec.Raw) -> bytes | None:
    """Return a number, or None where there is none."""
    text = bytes(raw)
    return None if text in (b"", b"null") else text


def _request(word: str, topics: Sequence[str]) -> bytes:
    """Return a request for topics."""
    return msgspec.json.encode({"op": word, "args": list(topics)})


def _answer(message: _Message, payload: bytes, received_ns: int) -> StreamUpdate:
    """Read what is no table."""
    if message.error or message.success is False:
        return Rejected(payload[:300].decode(errors="replace"), received_ns)
    if message.subscribe:
        table, _, symbol = message.subscribe.partition(":")
        return Subscribed(symbol, table, received_ns)
    if message.info or message.success:
        return Notice(message.info[:100] or "done", received_ns)
    return Unknown(payload[:100].decode(errors="replace"), received_ns)
