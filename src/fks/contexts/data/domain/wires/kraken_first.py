"""Version 1 of Kraken's stream: messages are lists whose last two items name channel and pair."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fks.contexts.data.domain.wires.reading import (
    EMPTY,
    Symbols,
    damaged,
    decimals_of,
    decoding,
    side_of,
)
from fks.contracts.data.streams import (
    NO_ID,
    BarUpdate,
    DepthUpdate,
    Heartbeat,
    Notice,
    Pong,
    QuoteUpdate,
    Rejected,
    StreamUpdate,
    Subscribed,
    TradeUpdate,
    Unknown,
)

__all__ = ["FirstReader"]

_NANO = 9


class _Book(msgspec.Struct, gc=False):
    snapshot_asks: msgspec.Raw = msgspec.field(default=EMPTY, name="as")
    snapshot_bids: msgspec.Raw = msgspec.field(default=EMPTY, name="bs")
    a: msgspec.Raw = EMPTY
    b: msgspec.Raw = EMPTY
    c: str = ""


class _Ticker(msgspec.Struct, gc=False):
    a: tuple[str, msgspec.Raw, str]
    b: tuple[str, msgspec.Raw, str]


class _Subscription(msgspec.Struct, gc=False):
    name: str = ""


class _Event(msgspec.Struct, gc=False):
    event: str
    status: str = ""
    pair: str = ""
    subscription: _Subscription | None = None


_read_parts = decoding(list[msgspec.Raw])
_read_text = decoding(str)
_read_event = decoding(_Event)
_read_book = decoding(_Book)
_read_ticker = decoding(_Ticker)
_read_trades = decoding(list[tuple[str, str, str, str, str, str]])
_read_texts = decoding(list[str | int])
_NONE = b"[]"


class FirstReader:
    """Reads version 1."""

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols

    def read(self, payload: bytes, received_ns: int) -> Sequence[StreamUpdate]:
        """Read one message."""
        if payload.lstrip()[:1] != b"[":
            return (_event(payload, received_ns),)
        parts = _read_parts(payload)
        if len(parts) < 4:
            raise damaged("a list of fewer than four items")
        channel, symbol = _read_text(parts[-2]), _read_text(parts[-1])
        kind, _, rest = channel.partition("-")
        bodies = parts[1:-2]
        if kind == "book":
            return (self._depth(symbol, int(rest) if rest.isdigit() else 10, bodies, received_ns),)
        if kind == "trade":
            return self._trades(symbol, bodies[0], received_ns)
        if kind == "ticker":
            return (self._ticker(symbol, bodies[0], received_ns),)
        if kind == "spread":
            return (self._spread(symbol, bodies[0], received_ns),)
        if kind == "ohlc":
            return (self._bar(symbol, rest, bodies[0], received_ns),)
        return (Unknown(channel, received_ns),)

    def _depth(
        self, symbol: str, depth: int, bodies: list[msgspec.Raw], received_ns: int
    ) -> DepthUpdate:
        """Read a snapshot, or changes; both sides may come in one body each."""
        bids: msgspec.Raw | bytes = _NONE
        asks: msgspec.Raw | bytes = _NONE
        whole, checksum = False, NO_ID
        for body in bodies:
            book = _read_book(body)
            whole = whole or bool(book.snapshot_asks) or bool(book.snapshot_bids)
            asks = book.snapshot_asks or book.a or asks
            bids = book.snapshot_bids or book.b or bids
            if book.c:
                checksum = decimals_of(book.c, 0)
        units = self._symbols[symbol]
        packed_bids, packed_asks = units.sides(bids, asks)
        return DepthUpdate(
            symbol,
            units.scale,
            packed_bids,
            packed_asks,
            NO_ID,
            NO_ID,
            NO_ID,
            0,
            received_ns,
            whole,
            checksum,
            depth,
        )

    def _trades(self, symbol: str, body: msgspec.Raw, received_ns: int) -> Sequence[TradeUpdate]:
        units = self._symbols[symbol]
        found = []
        for price, quantity, time, side, _, _ in _read_trades(body):
            traded = units.trade(price, quantity)
            found.append(
                TradeUpdate(
                    symbol,
                    units.scale,
                    traded[0],
                    traded[1],
                    side_of(side),
                    "",
                    decimals_of(time, _NANO),
                    received_ns,
                )
            )
        return found

    def _ticker(self, symbol: str, body: msgspec.Raw, received_ns: int) -> QuoteUpdate:
        ticker, units = _read_ticker(body), self._symbols[symbol]
        best = units.quote(ticker.b[0], ticker.b[2], ticker.a[0], ticker.a[2])
        return QuoteUpdate(symbol, units.scale, *best, NO_ID, 0, received_ns)

    def _spread(self, symbol: str, body: msgspec.Raw, received_ns: int) -> QuoteUpdate:
        texts = _texts(body, 5)
        units = self._symbols[symbol]
        best = units.quote(texts[0], texts[3], texts[1], texts[4])
        return QuoteUpdate(
            symbol, units.scale, *best, NO_ID, decimals_of(texts[2], _NANO), received_ns
        )

    def _bar(self, symbol: str, interval: str, body: msgspec.Raw, received_ns: int) -> BarUpdate:
        """Read a bar; Kraken tells its end."""
        texts = _texts(body, 8)
        units = self._symbols[symbol]
        _, volume = units.trade(texts[5], texts[7])
        first, high, low, last = units.prices(*texts[2:6])
        minutes = int(interval) if interval.isdigit() else 1
        begin_ns = decimals_of(texts[1], _NANO) - minutes * 60 * 10**9
        return BarUpdate(
            symbol,
            units.scale,
            f"{minutes}m",
            begin_ns,
            first,
            high,
            low,
            last,
            volume,
            False,
            received_ns,
        )


def _texts(body: msgspec.Raw, least: int) -> list[str]:
    """Return the texts of a list of at least so many."""
    texts = [str(text) for text in _read_texts(body)]
    if len(texts) < least:
        raise damaged("a list too short")
    return texts


def _event(payload: bytes, received_ns: int) -> StreamUpdate:
    """Read what is no list."""
    event = _read_event(payload)
    kind = event.event
    if kind == "heartbeat":
        return Heartbeat(received_ns)
    if kind == "pong":
        return Pong(received_ns)
    if kind == "error" or event.status == "error":
        return Rejected(payload[:300].decode(errors="replace"), received_ns)
    if kind == "subscriptionStatus" and event.status == "subscribed":
        name = event.subscription.name if event.subscription is not None else ""
        return Subscribed(event.pair, name, received_ns)
    if kind in ("systemStatus", "subscriptionStatus"):
        return Notice(kind, received_ns)
    return Unknown(kind, received_ns)
