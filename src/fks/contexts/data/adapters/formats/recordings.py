"""Recorded connections to exchanges, as cryptofeed writes them, read by the wires of the live path.

The first line says where the connection led: `wss://ws.okx.com:8443/ws/v5/public <-> 1652459224.5`.
Then each line is `<receiver's seconds>: <message>`; `address <- seconds: message` was sent. One
connection has many symbols and several channels: `--instrument` and `--kind` choose. Times are the
receiver's; with `--map ts=exchange` they are the exchange's, where it tells them. Snapshots of
books that were asked for lie in a file beside it, and are read as depth.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from fks.contexts.data.adapters.archives import opened
from fks.contexts.data.adapters.formats.depth_rows import (
    Books,
    Collected,
    Fundings,
    Quotes,
    Trades,
)
from fks.contexts.data.adapters.formats.reading import (
    FoundTicks,
    Progress,
    ReadOptions,
    silent,
)
from fks.contexts.data.adapters.formats.recorded_books import FollowedBook
from fks.contexts.data.adapters.formats.recorded_funding import Payments
from fks.contexts.data.adapters.formats.recorded_lines import (
    address_of,
    begins_recording,
    messages_of,
)
from fks.contexts.data.adapters.formats.recorded_pages import read_pages
from fks.contexts.data.adapters.formats.recorded_updates import take_update
from fks.contexts.data.adapters.formats.recorded_wires import MakeWire, wire_of
from fks.contexts.data.adapters.formats.shown import Shown
from fks.contexts.data.adapters.formats.ticking import SymbolChoice, TickPart, found_ticks
from fks.contracts.data.streams import (
    DepthUpdate,
    FundingUpdate,
    QuoteUpdate,
    StreamUpdate,
    StreamWire,
    TradeUpdate,
)
from fks.kernel.errors import Invalid, Unavailable

__all__ = ["looks_like_recording", "read_recording"]

_SAMPLE = 20_000
_TOLD_EACH = 10_000
_KINDS: dict[str, tuple[type, type[Collected]]] = {
    "depth": (DepthUpdate, Books),
    "trades": (TradeUpdate, Trades),
    "quotes": (QuoteUpdate, Quotes),
    "funding": (FundingUpdate, Fundings),
}


def looks_like_recording(shown: Shown) -> bool:
    """Tell by the first line, which is an address and a time."""
    return begins_recording(shown.head)


def read_recording(path: Path, options: ReadOptions, progress: Progress = silent) -> FoundTicks:
    """Read one kind of data of one symbol. Raises `Invalid` where these have to be chosen."""
    clock = options.columns.get("ts", "receiver")
    if clock not in ("receiver", "exchange"):
        raise Invalid(
            f"a recording's times are --map ts=receiver or ts=exchange, not {clock[:20]!r}",
            code="data.bad_column_map",
        )
    address = address_of(path, options.member)
    if address.startswith("http"):
        return read_pages(path, options, progress, exchange=clock == "exchange")
    make = wire_of(address, path.name)
    choice = SymbolChoice(_symbol(options.symbol, address), path.name)
    kinds = _survey(path, options.member, make, choice)
    markets = [kind for kind in kinds if kind != "funding"] or kinds
    kind = options.kind or (markets[0] if len(markets) == 1 else "")
    if kind not in _KINDS:
        raise Invalid(
            f"{path.name} holds {' and '.join(kinds) or 'no data'}; choose one with --kind depth, "
            "trades, quotes or funding",
            code="data.choose_kind",
        )
    taker = _Taker(path.name, kind, choice, clock)
    found = _collected(path, options, make, taker, progress)
    if found.part is None:
        raise Invalid(
            found.why or f"{path.name} has no {kind}",
            code="data.empty_file",
        )
    times = "of payment" if kind == "funding" else f"the {clock}'s"
    notes = [f"a connection to {make().name}", f"times are {times}", *found.notes]
    return found_ticks(
        [(path.name, found.part)], choice.chosen or "UNKNOWN", notes=notes, calendar="24/7"
    )


def _symbol(asked: str | None, address: str) -> str | None:
    """Return the symbol that was asked for; Bitfinex writes a `t` before its pairs."""
    return asked.removeprefix("t") if asked and "bitfinex" in address else asked


class _Found(NamedTuple):
    """What was collected; where that is nothing, why."""

    part: TickPart | None
    notes: list[str]
    why: str


class _Taker:
    """Takes the updates of one kind of one symbol."""

    def __init__(self, name: str, kind: str, choice: SymbolChoice, clock: str) -> None:
        self._name, self._choice, self._exchange = name, choice, clock == "exchange"
        self._wanted, collected = _KINDS[kind]
        self.rows = collected(name)
        self._payments = Payments(self.rows) if isinstance(self.rows, Fundings) else None
        self._book: FollowedBook | None = None

    def connected(self, wire: StreamWire) -> None:
        """Note that a connection was made."""
        if self._book is None:
            self._book = FollowedBook(wire.book_rule)
        self._book.connected()

    def take(self, row: int, update: StreamUpdate) -> None:
        """Take an update, if it is of the kind and the symbol."""
        if isinstance(update, DepthUpdate | TradeUpdate | QuoteUpdate | FundingUpdate):
            if not isinstance(update, self._wanted) or not self._choice.takes(update.symbol):
                return
            if isinstance(update, FundingUpdate):
                assert self._payments is not None, "funding is collected"
                self._payments.take(row, update)
            elif isinstance(update, DepthUpdate):
                assert self._book is not None, "it was connected"
                fallen = self._book.take(row, update)
                if fallen is not None:
                    take_update(self.rows, row, update, exchange=self._exchange, fallen=fallen)
            else:
                take_update(self.rows, row, update, exchange=self._exchange)

    def found(self) -> _Found:
        """Return all that was taken."""
        book, name, reason = self._book, self._name, self.rows.refusal
        why = book.refusal(name, self._choice.chosen) if book is not None else ""
        if self._payments is not None:
            why = self._payments.refusal(name)
        unread = f"{name} has none that can be read: {reason}" if reason else ""
        notes = book.notes() if book is not None and isinstance(self.rows, Books) else []
        return _Found(self.rows.part(), notes, why or unread)


def _collected(
    path: Path, options: ReadOptions, make: MakeWire, taker: _Taker, progress: Progress
) -> _Found:
    """Collect rows; a wire reads one connection."""
    wire = make()
    taker.connected(wire)
    with opened(path, options.member) as stream:
        for row, received_ns, payload in messages_of(stream, path.name):
            if row % _TOLD_EACH == 0:
                progress(_TOLD_EACH)
            if payload is None:
                wire = make()
                taker.connected(wire)
                continue
            try:
                updates = wire.read(payload, received_ns)
            except Unavailable as error:
                text = payload[:200].decode(errors="replace")
                taker.rows.refuse(row, f"no message: {error.message[:80]}", text)
                continue
            for update in updates:
                taker.take(row, update)
    return taker.found()


def _survey(path: Path, member: str | None, make: MakeWire, choice: SymbolChoice) -> list[str]:
    """Return the kinds in the first messages, and let their symbols be seen."""
    kinds: dict[str, None] = {}
    symbols: dict[str, None] = {}
    wire = make()
    with opened(path, member) as stream:
        for row, received_ns, payload in messages_of(stream, path.name):
            if row > _SAMPLE:
                break
            if payload is None:
                wire = make()
                continue
            try:
                updates = wire.read(payload, received_ns)
            except Unavailable:
                continue
            for update in updates:
                if isinstance(update, DepthUpdate | TradeUpdate | QuoteUpdate | FundingUpdate):
                    kinds[next(k for k, (of, _) in _KINDS.items() if isinstance(update, of))] = None
                    symbols[update.symbol] = None
    choice.look(list(symbols))
    return [kind for kind in _KINDS if kind in kinds]
