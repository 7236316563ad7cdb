"""One stream without its socket: messages go in, updates, states and wishes come out.

The live path and a replay run this same code; so what is tested with a recording is what is live.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from fks.contexts.data.domain.books._book import Book
from fks.contexts.data.domain.books.outcomes import (
    BUFFERED,
    ChecksumFailed,
    Gap,
    Ignored,
    Outcome,
    SnapshotTooOld,
)
from fks.contexts.data.domain.books.sync import Books
from fks.contexts.data.domain.streaming.told import (
    Counters,
    GiveUp,
    Refused,
    Send,
    SnapshotNeeded,
    StateChange,
    StreamState,
    Told,
    Top,
)
from fks.contracts.data.streams import (
    DEPTH,
    BarUpdate,
    DepthUpdate,
    Heartbeat,
    QuoteUpdate,
    ReconnectAsked,
    Rejected,
    Scale,
    StreamUpdate,
    StreamWire,
    TradeUpdate,
    Unknown,
)
from fks.kernel.errors import Invalid, Unavailable

__all__ = ["Feed", "MakeWire", "Output"]

MakeWire = Callable[[Mapping[str, Scale]], StreamWire]
Output = Told | Send | SnapshotNeeded | GiveUp | Refused
_MOST_SYMBOLS = 1000
_BLIND = ("none", "rising")


class Feed:
    """The symbols of one connection. `make` makes a wire for each connection anew.

    A symbol that says nothing for `stale_after_s` is `stale`: its book is kept, and not shown.
    Raises `Invalid` for no symbols, too many, or channels that the wire has not.
    """

    def __init__(
        self,
        make: MakeWire,
        symbols: Sequence[str],
        channels: Iterable[str],
        *,
        stale_after_s: float = 10.0,
    ) -> None:
        names = list(dict.fromkeys(symbols))
        self._channels = tuple(dict.fromkeys(channels))
        if not 1 <= len(names) <= _MOST_SYMBOLS or not self._channels:
            raise Invalid(
                f"a stream has 1 to {_MOST_SYMBOLS} symbols and a channel or more",
                code="data.bad_stream",
            )
        self._make = make
        self._scales: dict[str, Scale] = {}
        self.wire = make(self._scales)
        self.wire.subscriptions(names, self._channels)  # raises now, not when connected
        self.deep = DEPTH in self._channels
        self.counters = Counters()
        self._books = Books(self.wire.book_rule)
        self._states: dict[str, StreamState] = dict.fromkeys(names, "connecting")
        self._heard_ns = dict.fromkeys(names, 0)
        self._tops: dict[str, tuple[int, ...]] = {}
        self._stale_ns = int(stale_after_s * 1e9)

    @property
    def states(self) -> Mapping[str, StreamState]:
        """Return the state of each symbol."""
        return self._states

    @property
    def heard_ns(self) -> Mapping[str, int]:
        """Return when each symbol last said something, 0 where it never did."""
        return self._heard_ns

    def book(self, symbol: str) -> Book | None:
        """Return a symbol's book, None while it is not live."""
        return self._books.live(symbol) if self._states.get(symbol) == "live" else None

    def unsynced(self) -> list[str]:
        """Return the symbols whose book has no snapshot yet, on a connection that stands."""
        if not self.deep:
            return []
        return [one for one, state in self._states.items() if state in ("waiting", "resyncing")]

    def begin(self) -> tuple[bytes, ...]:
        """Return what to send over a new connection."""
        self.wire = self._make(dict(self._scales))
        return self.wire.subscriptions(list(self._states), self._channels)

    def connected(self, now_ns: int) -> list[Output]:
        """Note that the subscriptions were sent."""
        out: list[Output] = []
        for symbol in self._states:
            self._become(symbol, "waiting", "subscribed", now_ns, out)
        return out

    def lost(self, reason: str, now_ns: int) -> list[Output]:
        """Empty all books: the connection is gone."""
        self._books.lost()
        out: list[Output] = []
        for symbol in self._states:
            self._become(symbol, "connecting", reason, now_ns, out)
        return out

    def watch(self, now_ns: int) -> list[Output]:
        """Find the symbols that have said nothing for too long."""
        out: list[Output] = []
        for symbol, state in self._states.items():
            if state == "live" and now_ns - self._heard_ns[symbol] > self._stale_ns:
                self._become(symbol, "stale", "nothing came", now_ns, out)
        return out

    def take(self, payload: bytes, received_ns: int) -> list[Output]:
        """Read a message, and put its changes into the books.

        One that cannot be read is counted. Where changes have no ids by which its loss would be
        seen, the connection is given up.
        """
        self.counters.messages += 1
        out: list[Output] = []
        try:
            updates = self.wire.read(payload, received_ns)
        except Unavailable as error:
            self.counters.malformed += 1
            if self.deep and self.wire.book_rule.link in _BLIND:
                out.append(GiveUp(error.message[:100]))
            return out
        for update in updates:
            self._one(update, out)
        return out

    def page(self, symbol: str, body: bytes, received_ns: int) -> list[Output]:
        """Read a snapshot that was asked for. Raises `Unavailable` where it is damaged."""
        out: list[Output] = []
        self._depth(self.wire.read_snapshot(symbol, body, received_ns), out)
        return out

    def _one(self, update: StreamUpdate, out: list[Output]) -> None:
        """Take one update."""
        if isinstance(update, DepthUpdate):
            if update.symbol not in self._states:
                self.counters.foreign += 1
            elif self.deep:
                self._depth(update, out)
        elif isinstance(update, TradeUpdate | QuoteUpdate | BarUpdate):
            if update.symbol not in self._states:
                self.counters.foreign += 1
                return
            self.counters.trades += isinstance(update, TradeUpdate)
            self.counters.quotes += isinstance(update, QuoteUpdate)
            self._scales[update.symbol] = update.scale
            if not self.deep:
                self._heard(update.symbol, update.received_ns, out)
            out.append(update)
        elif isinstance(update, Heartbeat):
            if update.answer:
                out.append(Send(update.answer))
        elif isinstance(update, ReconnectAsked):
            out.append(GiveUp("the exchange is about to close", planned=True))
        elif isinstance(update, Rejected):
            out.append(Refused(update.reason))
        elif isinstance(update, Unknown):
            self.counters.unknown += 1

    def _depth(self, update: DepthUpdate, out: list[Output]) -> None:
        """Put a change or a snapshot into its book."""
        symbol, now_ns = update.symbol, update.received_ns
        self._scales[symbol] = update.scale
        self.counters.snapshots += update.snapshot
        outcome = self._books.take(update)
        if outcome is BUFFERED:
            out.append(SnapshotNeeded(symbol))
        elif outcome.resync:
            self._broken(symbol, outcome, now_ns, out)
        elif not isinstance(outcome, Ignored):
            self._heard(symbol, now_ns, out)
            self._top(update, out)
        elif self._books.live(symbol) is not None:
            self._heard_ns[symbol] = now_ns

    def _broken(self, symbol: str, outcome: Outcome, now_ns: int, out: list[Output]) -> None:
        """Tell that a book is no more, and that it needs a snapshot."""
        if isinstance(outcome, SnapshotTooOld):
            self.counters.late_snapshots += 1
        else:
            self.counters.resyncs += 1
            self.counters.gaps += isinstance(outcome, Gap)
            self.counters.checksum_failures += isinstance(outcome, ChecksumFailed)
        if self._states[symbol] != "waiting":
            self._become(symbol, "resyncing", type(outcome).__name__, now_ns, out)
        out.append(SnapshotNeeded(symbol))

    def _heard(self, symbol: str, now_ns: int, out: list[Output]) -> None:
        """Note that a symbol lives, and that what it says is whole."""
        self._heard_ns[symbol] = now_ns
        self._become(symbol, "live", "", now_ns, out)

    def _become(
        self, symbol: str, state: StreamState, reason: str, now_ns: int, out: list[Output]
    ) -> None:
        """Change a symbol's state, and tell where it is another one."""
        if self._states[symbol] == state:
            return
        self._states[symbol] = state
        self._tops.pop(symbol, None)
        out.append(StateChange(symbol, state, reason, now_ns))

    def _top(self, update: DepthUpdate, out: list[Output]) -> None:
        """Tell the best prices where they changed."""
        book = self._books.live(update.symbol)
        assert book is not None, "a change was applied to it"
        best = book.best()
        seen = (*best, *book.scale)
        if self._tops.get(update.symbol) != seen:
            self._tops[update.symbol] = seen
            ids = (self._books.last_id(update.symbol), update.ts_ns, update.received_ns)
            out.append(Top(update.symbol, book.scale, *best, *ids))
