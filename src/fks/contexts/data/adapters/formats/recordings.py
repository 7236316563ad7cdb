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
from fks.contexts.data.adapters.formats.depth_rows import Books, Collected, Quotes, Trades
from fks.contexts.data.adapters.formats.reading import (
    FoundTicks,
    Progress,
    ReadOptions,
    silent,
)
from fks.contexts.data.adapters.formats.recorded_books import FollowedBook
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
from fks.contracts.data.streams import DepthUpdate, QuoteUpdate, TradeUpdate
from fks.kernel.errors import Invalid, Unavailable

__all__ = ["looks_like_recording", "read_recording"]

_SAMPLE = 20_000
_TOLD_EACH = 10_000
_KINDS: dict[str, tuple[type, type[Collected]]] = {
    "depth": (DepthUpdate, Books),
    "trades": (TradeUpdate, Trades),
    "quotes": (QuoteUpdate, Quotes),
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
    kind = options.kind or (kinds[0] if len(kinds) == 1 else "")
    if kind not in _KINDS:
        raise Invalid(
            f"{path.name} holds {' and '.join(kinds) or 'no data'}; choose one with --kind depth, "
            "trades or quotes",
            code="data.choose_kind",
        )
    found = _collected(path, options, make, (kind, choice, clock), progress)
    if found.part is None:
        raise Invalid(
            found.followed.refusal(path.name, choice.chosen)
            or f"{path.name} has no {kind}{' that can be read: ' * bool(found.why)}{found.why}",
            code="data.empty_file",
        )
    wire = make()
    notes = [f"a connection to {wire.name}", f"times are the {clock}'s"]
    if kind == "depth":
        notes += found.followed.notes()
    return found_ticks(
        [(path.name, found.part)], choice.chosen or "UNKNOWN", notes=notes, calendar="24/7"
    )


def _symbol(asked: str | None, address: str) -> str | None:
    """Return the symbol that was asked for; Bitfinex writes a `t` before its pairs."""
    return asked.removeprefix("t") if asked and "bitfinex" in address else asked


class _Found(NamedTuple):
    part: TickPart | None
    followed: FollowedBook
    why: str


def _collected(
    path: Path,
    options: ReadOptions,
    make: MakeWire,
    chosen: tuple[str, SymbolChoice, str],
    progress: Progress,
) -> _Found:
    """Collect the rows of one kind of one symbol; a wire reads one connection."""
    kind, choice, clock = chosen
    wanted, collected = _KINDS[kind]
    rows, wire = collected(path.name), make()
    followed = FollowedBook(wire.book_rule)
    with opened(path, options.member) as stream:
        for row, received_ns, payload in messages_of(stream, path.name):
            if row % _TOLD_EACH == 0:
                progress(_TOLD_EACH)
            if payload is None:
                wire = make()
                followed.connected()
                continue
            try:
                updates = wire.read(payload, received_ns)
            except Unavailable as error:
                text = payload[:200].decode(errors="replace")
                rows.refuse(row, f"no message: {error.message[:80]}", text)
                continue
            for update in updates:
                if not isinstance(update, DepthUpdate | TradeUpdate | QuoteUpdate):
                    continue
                if not isinstance(update, wanted) or not choice.takes(update.symbol):
                    continue
                if isinstance(update, DepthUpdate):
                    fallen = followed.take(row, update)
                    if fallen is not None:
                        take_update(rows, row, update, exchange=clock == "exchange", fallen=fallen)
                else:
                    take_update(rows, row, update, exchange=clock == "exchange")
    return _Found(rows.part(), followed, rows.refusal)


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
                if isinstance(update, DepthUpdate | TradeUpdate | QuoteUpdate):
                    kinds[next(k for k, (of, _) in _KINDS.items() if isinstance(update, of))] = None
                    symbols[update.symbol] = None
    choice.look(list(symbols))
    return list(kinds)
