"""Polygon's streams: US stocks, currencies and crypto, a socket each, let in with a key.

A message is a list of events; one letter fields mean another thing in each. There is no book.
Nothing is sent while nothing is traded, all night for stocks: only the protocol's own pings tell a
dead connection. Sizes are told as Polygon has them (of stocks' quotes: round lots).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from fks.contexts.data.domain.wires.reading import (
    EMPTY,
    MILLISECOND,
    Millis,
    Symbols,
    chosen,
    damaged,
    decoding,
    text_of,
)
from fks.contracts.data.providers import PageRequest
from fks.contracts.data.streams import (
    BARS,
    NO_ID,
    QUOTES,
    TRADES,
    BarUpdate,
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

__all__ = ["PolygonWire"]

Cluster = Literal["stocks", "forex", "crypto"]

_CHANNELS: dict[str, dict[str, tuple[str, ...]]] = {
    "stocks": {TRADES: ("T",), QUOTES: ("Q",), BARS: ("AM",)},
    "forex": {QUOTES: ("C",), BARS: ("CA",)},
    "crypto": {TRADES: ("XT",), QUOTES: ("XQ",), BARS: ("XA",)},
}
_TRADES, _BARS = ("T", "XT"), ("AM", "CA", "XA")
_DENIED = ("auth_failed", "auth_timeout", "error", "max_connections", "force_disconnect")
_SIDES = {b"1": -1, b"2": 1}
"""Crypto's conditions that tell the aggressor: it sold, it bought."""


class _Event(msgspec.Struct, gc=False):
    """Any event. Raw fields differ between events."""

    ev: str
    sym: str = ""
    pair: str = ""
    status: str = ""
    message: str = ""
    p: msgspec.Raw = EMPTY
    s: msgspec.Raw = EMPTY
    t: Millis = 0
    i: msgspec.Raw = EMPTY
    c: msgspec.Raw = EMPTY
    bp: msgspec.Raw = EMPTY
    bs: msgspec.Raw = EMPTY
    ap: msgspec.Raw = EMPTY
    ask_size: msgspec.Raw = msgspec.field(name="as", default=EMPTY)
    a: msgspec.Raw = EMPTY
    b: msgspec.Raw = EMPTY
    o: msgspec.Raw = EMPTY
    h: msgspec.Raw = EMPTY
    l: msgspec.Raw = EMPTY  # noqa: E741  # the exchange's name
    v: msgspec.Raw = EMPTY


_read = decoding(list[_Event])
_read_millis = decoding(Millis)


class PolygonWire:
    """One of Polygon's clusters; symbols such as `AAPL`, `EUR/USD`, `BTC-USD`.

    `key` goes out with the first message, and is shown nowhere: not even an answer that holds it.
    """

    snapshot_base_url = "https://api.polygon.io"
    liveness = Liveness(silence_s=43_200.0)
    book_rule = BookRule(link="none")

    def __init__(
        self,
        cluster: Cluster = "stocks",
        scales: Mapping[str, Scale] | None = None,
        key: str = "",
    ) -> None:
        self.name = f"polygon_{cluster}"
        self.url = f"wss://socket.polygon.io/{cluster}"
        self._offered, self._key = _CHANNELS[cluster], key
        self._symbols = Symbols(scales)
        self._wanted = b""

    def __repr__(self) -> str:
        """Show everything but the key."""
        return f"PolygonWire({self.name})"

    def subscriptions(self, symbols: Sequence[str], channels: Iterable[str]) -> tuple[bytes, ...]:
        """Return the key; what is wanted is asked for once it lets in."""
        names = [name for group in chosen(self.name, channels, self._offered) for name in group]
        wanted = ",".join(f"{name}.{symbol}" for name in names for symbol in symbols)
        self._wanted = msgspec.json.encode({"action": "subscribe", "params": wanted})
        return (msgspec.json.encode({"action": "auth", "params": self._key}),)

    def resync(self, symbol: str) -> tuple[bytes, ...]:
        """Return nothing: there is no book."""
        return ()

    def snapshot_page(self, symbol: str) -> PageRequest | None:
        """Return None: there is no book."""
        return None

    def read_snapshot(self, symbol: str, body: bytes, received_ns: int) -> DepthUpdate:
        """Refuse: there is no book."""
        raise Invalid("Polygon streams no book", code="data.no_snapshot_page")

    def read(self, payload: bytes, received_ns: int) -> Sequence[StreamUpdate]:
        """Read one message."""
        return [self._one(event, received_ns) for event in _read(payload)]

    def _one(self, event: _Event, received_ns: int) -> StreamUpdate:
        if event.ev in _TRADES:
            return self._trade(event, received_ns)
        if event.ev in ("Q", "XQ"):
            sides = (event.bp, event.bs, event.ap, event.ask_size)
            return self._quote(event.sym or event.pair, event.t, sides, received_ns)
        if event.ev == "C":
            sides = (event.b, EMPTY, event.a, EMPTY)
            return self._quote(text_of(event.p), event.t, sides, received_ns)
        if event.ev in _BARS:
            return self._bar(event, received_ns)
        if event.ev == "status":
            return self._status(event, received_ns)
        return Unknown(event.ev[:40], received_ns)

    def _status(self, event: _Event, received_ns: int) -> StreamUpdate:
        """Read what became of the key, or of what was asked for."""
        if event.status == "auth_success":
            return Heartbeat(received_ns, answer=self._wanted)
        text = f"{event.status[:40]}: {event.message[:200]}"
        if self._key:
            text = text.replace(self._key, "***")
        if event.status in _DENIED:
            return Rejected(text, received_ns)
        if event.status == "success":
            return Subscribed("", text.rpartition(" ")[2], received_ns)
        return Notice(text, received_ns)

    def _trade(self, event: _Event, received_ns: int) -> TradeUpdate:
        symbol = event.sym or event.pair
        units = self._symbols[symbol]
        price, quantity = units.trade(event.p, event.s)
        conditions = bytes(event.c).strip(b"[]") if event.ev == "XT" else b""
        return TradeUpdate(
            symbol,
            units.scale,
            price,
            quantity,
            _SIDES.get(conditions, 0),
            text_of(event.i),
            event.t * MILLISECOND,
            received_ns,
        )

    def _quote(
        self, symbol: str, at_ms: int, sides: Sequence[msgspec.Raw], received_ns: int
    ) -> QuoteUpdate:
        """Read a quote; a side that is absent or 0 is empty."""
        units = self._symbols[symbol]
        bid, bid_quantity, ask, ask_quantity = (bytes(side) for side in sides)
        best = units.quote(
            bid if bid.strip(b"0.") else None,
            bid_quantity or b"0",
            ask if ask.strip(b"0.") else None,
            ask_quantity or b"0",
        )
        return QuoteUpdate(symbol, units.scale, *best, NO_ID, at_ms * MILLISECOND, received_ns)

    def _bar(self, event: _Event, received_ns: int) -> BarUpdate:
        """Read a bar of a minute, told when the minute is over."""
        if not event.s:
            raise damaged("a bar without its time")
        symbol = event.sym or event.pair
        units = self._symbols[symbol]
        _, volume = units.trade(event.c, event.v or b"0")
        opened, high, low, close = units.prices(event.o, event.h, event.l, event.c)
        return BarUpdate(
            symbol,
            units.scale,
            "1m",
            _read_millis(event.s) * MILLISECOND,
            opened,
            high,
            low,
            close,
            volume,
            True,
            received_ns,
        )
