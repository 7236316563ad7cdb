"""OKX's stream: a snapshot, then changes that name the one before, with a checksum.

Recordings of before 2023 have the checksum only, of the 25 best levels of each side. Since June
2026 OKX sends 0 for it, which says nothing, and the ids alone tell what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fks.contexts.data.domain.wires.reading import (
    EMPTY,
    MILLISECOND,
    Symbols,
    chosen,
    decimals_of,
    decoding,
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
from fks.kernel.errors import Invalid

__all__ = ["OkxWire"]

_CHANNELS = {DEPTH: ("books",), TRADES: ("trades",), QUOTES: ("bbo-tbt",), BARS: ("candle1m",)}
_BOOKS = frozenset(("books", "books-l2-tbt", "books50-l2-tbt"))
_WHOLE = frozenset(("books5",))
_QUIET = frozenset(
    (
        "instruments",
        "open-interest",
        "funding-rate",
        "price-limit",
        "mark-price",
        "index-tickers",
        "estimated-price",
        "opt-summary",
        "liquidation-orders",
        "status",
        "adl-warning",
    )
)


class _Arg(msgspec.Struct, gc=False):
    channel: str = ""
    symbol: str = msgspec.field(default="", name="instId")


class _Message(msgspec.Struct, gc=False):
    arg: _Arg | None = None
    event: str = ""
    action: str = ""
    data: msgspec.Raw = EMPTY


class _Book(msgspec.Struct, gc=False):
    asks: msgspec.Raw
    bids: msgspec.Raw
    ts: str
    checksum: int = 0
    last_id: int = msgspec.field(default=NO_ID, name="seqId")
    previous_id: int = msgspec.field(default=NO_ID, name="prevSeqId")


class _Trade(msgspec.Struct, gc=False):
    px: str
    sz: str
    side: str
    ts: str
    id: str = msgspec.field(name="tradeId")


class _Ticker(msgspec.Struct, gc=False):
    ts: str
    ask: str = msgspec.field(name="askPx")
    ask_size: str = msgspec.field(name="askSz")
    bid: str = msgspec.field(name="bidPx")
    bid_size: str = msgspec.field(name="bidSz")


class _Best(msgspec.Struct, gc=False):
    asks: list[list[str]]
    bids: list[list[str]]
    ts: str
    seqId: int = NO_ID  # noqa: N815  # the exchange's name


_read = decoding(_Message)
_read_books = decoding(list[_Book])
_read_trades = decoding(list[_Trade])
_read_tickers = decoding(list[_Ticker])
_read_best = decoding(list[_Best])
_read_bars = decoding(list[list[str]])


class OkxWire:
    """OKX, version 5; symbols such as `BTC-USDT`."""

    name = "okx"
    url = "wss://ws.okx.com:8443/ws/v5/public"
    snapshot_base_url = ""
    liveness = Liveness(ping=b"ping", every_s=20.0, silence_s=30.0)
    book_rule = BookRule(link="previous", snapshot="stream", checksum="okx")

    def __init__(self, scales: Mapping[str, Scale] | None = None) -> None:
        self._symbols = Symbols(scales)

    def subscriptions(self, symbols: Sequence[str], channels: Iterable[str]) -> tuple[bytes, ...]:
        """Return requests for at most 100 channels each.

        Bars come by OKX's other address, `/ws/v5/business`.
        """
        wanted = [
            {"channel": name, "instId": symbol}
            for group in chosen(self.name, channels, _CHANNELS)
            for name in group
            for symbol in symbols
        ]
        return tuple(
            msgspec.json.encode({"op": "subscribe", "args": wanted[at : at + 100]})
            for at in range(0, len(wanted), 100)
        )

    def resync(self, symbol: str) -> tuple[bytes, ...]:
        """Return requests that end the symbol's changes and begin them again."""
        wanted = [{"channel": name, "instId": symbol} for name in _CHANNELS[DEPTH]]
        return tuple(
            msgspec.json.encode({"op": word, "args": wanted})
            for word in ("unsubscribe", "subscribe")
        )

    def snapshot_page(self, symbol: str) -> PageRequest | None:
        """Return None: snapshots come in the stream."""
        return None

    def read_snapshot(self, symbol: str, body: bytes, received_ns: int) -> DepthUpdate:
        """Refuse: snapshots come in the stream."""
        raise Invalid("OKX's snapshots come in its stream", code="data.no_snapshot_page")

    def read(self, payload: bytes, received_ns: int) -> Sequence[StreamUpdate]:
        """Read one message."""
        if payload == b"pong":
            return (Pong(received_ns),)
        message = _read(payload)
        arg = message.arg or _Arg()
        if message.event:
            return (_event(message.event, arg, payload, received_ns),)
        channel = arg.channel
        if channel in _BOOKS:
            whole = message.action == "snapshot"
            books = _read_books(message.data)
            return [self._depth(arg.symbol, book, whole, received_ns) for book in books]
        if channel in _WHOLE:
            books = _read_books(message.data)
            return [self._depth(arg.symbol, book, True, received_ns) for book in books]
        if channel in ("trades", "trades-all"):
            trades = _read_trades(message.data)
            return [self._trade(arg.symbol, trade, received_ns) for trade in trades]
        if channel == "tickers":
            tickers = _read_tickers(message.data)
            return [self._ticker(arg.symbol, ticker, received_ns) for ticker in tickers]
        if channel == "bbo-tbt":
            bests = _read_best(message.data)
            return [self._best(arg.symbol, best, received_ns) for best in bests]
        if channel.startswith("candle"):
            bars = _read_bars(message.data)
            return [self._bar(arg.symbol, channel[6:], bar, received_ns) for bar in bars]
        if channel in _QUIET:
            return (Notice(channel, received_ns),)
        return (Unknown(channel or payload[:100].decode(errors="replace"), received_ns),)

    def _depth(self, symbol: str, book: _Book, whole: bool, received_ns: int) -> DepthUpdate:
        units = self._symbols[symbol]
        bids, asks = units.sides(book.bids, book.asks)
        return DepthUpdate(
            symbol,
            units.scale,
            bids,
            asks,
            book.last_id,
            book.last_id,
            book.previous_id,
            decimals_of(book.ts, 0) * MILLISECOND,
            received_ns,
            whole,
            book.checksum & 0xFFFFFFFF if book.checksum else NO_ID,
        )

    def _trade(self, symbol: str, trade: _Trade, received_ns: int) -> TradeUpdate:
        units = self._symbols[symbol]
        price, quantity = units.trade(trade.px, trade.sz)
        ts_ns = decimals_of(trade.ts, 0) * MILLISECOND
        side = side_of(trade.side)
        return TradeUpdate(symbol, units.scale, price, quantity, side, trade.id, ts_ns, received_ns)

    def _ticker(self, symbol: str, ticker: _Ticker, received_ns: int) -> QuoteUpdate:
        units = self._symbols[symbol]
        best = units.quote(ticker.bid, ticker.bid_size, ticker.ask, ticker.ask_size)
        ts_ns = decimals_of(ticker.ts, 0) * MILLISECOND
        return QuoteUpdate(symbol, units.scale, *best, NO_ID, ts_ns, received_ns)

    def _best(self, symbol: str, best: _Best, received_ns: int) -> QuoteUpdate:
        units = self._symbols[symbol]
        bid = best.bids[0][:2] if best.bids else ["", "0"]
        ask = best.asks[0][:2] if best.asks else ["", "0"]
        values = units.quote(*bid, *ask)
        ts_ns = decimals_of(best.ts, 0) * MILLISECOND
        return QuoteUpdate(symbol, units.scale, *values, best.seqId, ts_ns, received_ns)

    def _bar(self, symbol: str, timeframe: str, bar: list[str], received_ns: int) -> BarUpdate:
        stamp, first, high, low, last, volume = bar[:6]
        units = self._symbols[symbol]
        _, traded = units.trade(last, volume)
        opened, highest, lowest, closed = units.prices(first, high, low, last)
        return BarUpdate(
            symbol,
            units.scale,
            timeframe,
            decimals_of(stamp, 0) * MILLISECOND,
            opened,
            highest,
            lowest,
            closed,
            traded,
            bar[-1] == "1" and len(bar) > 8,
            received_ns,
        )


def _event(event: str, arg: _Arg, payload: bytes, received_ns: int) -> StreamUpdate:
    """Read what is no data."""
    if event == "subscribe":
        return Subscribed(arg.symbol, arg.channel, received_ns)
    if event == "error":
        return Rejected(payload[:300].decode(errors="replace"), received_ns)
    if event == "notice":
        return ReconnectAsked(received_ns)
    if event in ("unsubscribe", "channel-conn-count", "login"):
        return Notice(event, received_ns)
    return Unknown(event, received_ns)
