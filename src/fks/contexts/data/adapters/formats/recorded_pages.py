"""Snapshots of books that a recorder asked for, as cryptofeed writes them.

Lines of `address -> receiver's seconds: answer`. Imported before the recording of the stream, as
in `fks data import BINANCE.http.0.gz BINANCE.ws.1.gz --kind depth --instrument NKNUSDT`, they
make one dataset: the snapshot, and the changes, whose update ids tell which of them it holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from fks.contexts.data.adapters.archives import opened
from fks.contexts.data.adapters.formats.capture import lines_of
from fks.contexts.data.adapters.formats.depth_rows import Books
from fks.contexts.data.adapters.formats.reading import FoundTicks, Progress, ReadOptions
from fks.contexts.data.adapters.formats.recorded_lines import nanoseconds
from fks.contexts.data.adapters.formats.recorded_updates import take_update
from fks.contexts.data.adapters.formats.ticking import SymbolChoice, found_ticks
from fks.contexts.data.domain.wires.binance import BinanceWire
from fks.contexts.data.domain.wires.bitstamp import BitstampWire
from fks.contexts.data.domain.wires.gateio import GateioWire
from fks.contracts.data.streams import StreamWire
from fks.kernel.errors import Invalid, Unavailable

__all__ = ["books_of", "read_pages"]

_LINE = re.compile(rb"(https?://\S{1,2000}) -> (\d{9,11})(?:\.(\d{1,9}))?: ")
# Where books are asked for; the group is the symbol.
_BOOKS: tuple[tuple[re.Pattern[str], Callable[[], StreamWire]], ...] = tuple(
    (re.compile(pattern), make)
    for pattern, make in (
        (r"https://api\.binance\.com/api/v3/+depth\?.*?symbol=([A-Z0-9]+)", BinanceWire),
        (
            r"https://api\.binance\.us/api/v3/+depth\?.*?symbol=([A-Z0-9]+)",
            lambda: BinanceWire("us"),
        ),
        (
            r"https://fapi\.binance\.com/fapi/v1/+depth\?.*?symbol=([A-Z0-9_]+)",
            lambda: BinanceWire("usdm"),
        ),
        (
            r"https://dapi\.binance\.com/dapi/v1/+depth\?.*?symbol=([A-Z0-9_]+)",
            lambda: BinanceWire("coinm"),
        ),
        (
            r"https://api\.gateio\.ws/api/v4/spot/order_book\?.*?currency_pair=([A-Za-z0-9_]+)",
            GateioWire,
        ),
        (r"https://www\.bitstamp\.net/api/v2/order_book/([a-z0-9]+)", BitstampWire),
    )
)


def read_pages(
    path: Path, options: ReadOptions, progress: Progress, *, exchange: bool
) -> FoundTicks:
    """Read the snapshots of one symbol. Raises `Invalid` where there are none."""
    if options.kind not in (None, "depth"):
        raise Invalid(
            f"{path.name} holds answers to requests, of which snapshots of books are read, no "
            f"{options.kind}",
            code="data.choose_kind",
        )
    choice, rows = SymbolChoice(options.symbol, path.name), Books(path.name)
    with opened(path, options.member) as stream:
        choice.look([symbol for _, symbol, _, _, _ in books_of(stream, path.name)])
    with opened(path, options.member) as stream:
        for row, symbol, wire, received_ns, body in books_of(stream, path.name):
            if not choice.takes(symbol):
                continue
            try:
                update = wire.read_snapshot(symbol, body, received_ns)
            except Unavailable as error:
                rows.refuse(row, f"no book: {error.message[:80]}", "")
                continue
            take_update(rows, row, update, exchange=exchange)
            progress(1)
    part = rows.part()
    if part is None:
        raise Invalid(
            f"{path.name} holds answers to requests, and no snapshot of a book; the streams are in "
            "the .ws files beside it",
            code="data.wrong_columns",
        )
    clock = "exchange" if exchange else "receiver"
    notes = ("snapshots of books, without what changed after", f"times are the {clock}'s")
    return found_ticks(
        [(path.name, part)], choice.chosen or "UNKNOWN", notes=notes, calendar="24/7"
    )


def books_of(stream: IO[bytes], name: str) -> Iterator[tuple[int, str, StreamWire, int, bytes]]:
    """Yield the answers that are books: line, symbol, wire, receiver's nanoseconds, answer."""
    wires: dict[int, StreamWire] = {}
    for row, line in enumerate(lines_of(stream, name), start=1):
        match = _LINE.match(line)
        if match is None:
            continue
        address = match[1].decode(errors="replace")
        for number, (pattern, make) in enumerate(_BOOKS):
            found = pattern.match(address)
            if found is not None:
                wire = wires.setdefault(number, make())
                received_ns = nanoseconds(match[2], match[3])
                yield row, found[1], wire, received_ns, line[match.end() :]
