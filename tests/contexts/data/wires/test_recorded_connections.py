"""Recordings of one connection: its books, trades and quotes become rows, or one clear line."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import numpy as np
import pytest
from tests.contexts.data.formats.tick_kit import agree, ticks
from tests.contexts.data.wires import bitfinex_speaker as bitfinex
from tests.contexts.data.wires import test_bitmex as bitmex
from tests.contexts.data.wires import test_gateio as gateio
from tests.contexts.data.wires import test_kraken_futures as futures
from tests.contexts.data.wires.recorded_files import asked, book_at_the_end, ns, recorded
from tests.contexts.data.wires.speaking import Levels, market

from fks.contracts.data.ticks import DepthRows
from fks.kernel.errors import Invalid

KRAKEN_FUTURES = "wss://futures.kraken.com/ws/v1"


def futures_day(seq: int, *, snapshot: bool = True) -> tuple[list[bytes], Levels]:
    """Return a connection's messages, and the book at its end."""
    levels = Levels()
    changes = market(5, 200)
    for level in changes[:50]:
        levels.put(level)
    messages = [futures.said(event="info", version=1)]
    messages += [futures.snapshot(levels, seq)] if snapshot else []
    for k, level in enumerate(changes[50:], start=1):
        levels.put(level)
        messages.append(futures.change(level, seq + k))
    return messages, levels


def floats(levels: Levels) -> tuple[dict[float, float], dict[float, float]]:
    """Return a book as rows have it."""
    first, second = (
        {float(price): float(size) for price, size in side.items()}
        for side in (levels.bids, levels.asks)
    )
    return first, second


def test_a_recorded_book_ends_as_the_exchange_had_it(tmp_path: Path) -> None:
    """Lost: what is imported would be another book than what was recorded.

    The connection breaks in the middle, and numbers begin anew.
    """
    messages, levels = futures_day(7000)
    again, _ = futures_day(100)
    path = recorded(tmp_path / "KRAKEN_FUTURES.ws.1.0.gz", KRAKEN_FUTURES, messages)
    found = ticks(path)
    assert found.symbol == futures.SYMBOL
    assert book_at_the_end(found.rows) == floats(levels)
    assert not any("broke" in note or "left out" in note for note in found.notes)
    path = recorded(tmp_path / "two.gz", KRAKEN_FUTURES, [*messages, None, *again])
    found = ticks(path)
    assert book_at_the_end(found.rows) == floats(levels)
    assert isinstance(found.rows, DepthRows)
    assert np.count_nonzero(found.rows.action == 6) == 2
    assert not any("broke" in note for note in found.notes)


def test_what_breaks_a_book_is_told_with_its_line(tmp_path: Path) -> None:
    """Lost: a recording with a hole would look whole."""
    messages, _ = futures_day(7000)
    path = recorded(tmp_path / "x.gz", KRAKEN_FUTURES, messages[:20] + messages[21:])
    found = ticks(path)
    (note,) = [one for one in found.notes if "broke" in one]
    assert note == "the book broke once, first in line 23: Gap (expected 7019, got 7020)"
    late = [*messages[2:12], *messages]
    found = ticks(recorded(tmp_path / "y.gz", KRAKEN_FUTURES, late))
    assert "10 changes came before a snapshot, and are left out" in found.notes


def test_without_a_snapshot_trades_are_read_and_the_book_is_refused(tmp_path: Path) -> None:
    """Lost: changes of an unknown book would be taken for one."""
    messages, _ = futures_day(7000, snapshot=False)
    trade = {"feed": "trade", "product_id": futures.SYMBOL, "uid": "b5-1", "side": "buy"}
    messages.insert(3, futures.said(**trade, time=futures.MS, qty=5.0, price=2.5))
    path = recorded(tmp_path / "x.gz", KRAKEN_FUTURES, messages)
    agree(ticks(path, kind="trades"), [(ns(4), 2.5, 5, 1, -1)])
    with pytest.raises(Invalid, match="150 changes of the book of PI_XBTUSD and no snapshot"):
        ticks(path, kind="depth")


def test_damaged_lines_are_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    """Lost: one bad line would lose a recording, or end the process."""
    messages, levels = futures_day(7000)
    random_ = random.Random(1)
    torn = messages[:2]
    for message in messages[2:]:
        if random_.random() < 0.3:
            torn.append(random_.choice((message[:-7], b"[" * 3000, b"{}{}", b"\x00\xff", b"nul")))
        torn.append(message)
    path = recorded(tmp_path / "x.gz", KRAKEN_FUTURES, torn)
    found = ticks(path)
    assert len(found.refused) == len(torn) - len(messages) > 20
    assert {one.reason.partition(":")[0] for one in found.refused} == {"no message"}
    assert book_at_the_end(found.rows) == floats(levels)


def test_a_book_whose_page_is_in_a_file_beside_it(tmp_path: Path) -> None:
    """Lost: Gate.io's changes would have no beginning, or one of another symbol's."""
    levels, other, number, messages = Levels(), Levels(), 5000, list[bytes | None]()
    other.put(market(3, 1)[0])
    where = "https://api.gateio.ws/api/v4/spot/order_book?currency_pair={}&limit=100&with_id=true"
    pages: list[tuple[str, bytes]] = [(where.format("A_B"), gateio.page(other, 9))]
    for k, batch in enumerate(gateio.batches(8, market(8, 300))):
        first, number = number + 1, number + len(batch)
        messages.append(gateio.change(batch, first, number))
        for level in batch:
            levels.put(level)
        if k == 0:
            pages.append((where.format(gateio.SYMBOL), gateio.page(levels, number)))
    http = asked(tmp_path / "GATEIO.http.0.0.gz", pages)
    stream = recorded(tmp_path / "GATEIO.ws.1.0.gz", "wss://api.gateio.ws/ws/v4/", messages)
    begun = ticks(http, kind="depth", symbol=gateio.SYMBOL)
    assert begun.rows.ts_ns[0] < ns(2)
    found = ticks(stream, kind="depth")
    assert not any("broke" in note for note in found.notes)
    assert book_at_the_end(begun.rows, found.rows) == floats(levels)
    hole = recorded(tmp_path / "x.gz", "wss://api.gateio.ws/ws/v4/", messages[:9] + messages[10:])
    assert any("the book broke once, first in line 12: changes" in n for n in ticks(hole).notes)


def test_levels_that_are_named_by_ids_become_rows_with_their_prices(tmp_path: Path) -> None:
    """Lost: BitMEX's changes, which do not tell their price, would be no levels."""
    levels, speaker, messages = Levels(), bitmex.Speaker(), list[bytes | None]()
    changes = market(4, 200, lot="100")
    for level in changes[:50]:
        levels.put(level)
    messages.append(speaker.whole(levels))
    for level in changes[50:]:
        messages += speaker.change([level], levels)
    path = recorded(tmp_path / "BITMEX.ws.1.0.gz", "wss://www.bitmex.com/realtime", messages)
    assert book_at_the_end(ticks(path).rows) == floats(levels)
    never = recorded(tmp_path / "x.gz", "wss://www.bitmex.com/realtime", messages[1:])
    with pytest.raises(Invalid, match="150 changes of the book of XBTUSD and no snapshot"):
        ticks(never)


def test_books_of_prices_and_of_orders_in_one_connection_are_two(tmp_path: Path) -> None:
    """Lost: Bitfinex's two books of one symbol would be mixed, or checksums not looked at."""
    link, levels, changes = bitfinex.Connection(65536), Levels(), market(6, 200)
    messages: list[bytes | None] = [*link.begin(), bitfinex.subscribed(7, "book", "tBTCUSD")]
    messages += [bitfinex.subscribed(8, "book", "tBTCUSD", "R0")]
    messages += [bitfinex.subscribed(9, "trades", "tBTCUSD")]
    for level in changes[:50]:
        levels.put(level)
    messages.append(link.data(7, bitfinex.whole(levels)))
    messages.append(link.data(8, "[[1,10,2],[2,10,3]]"))
    for level in changes[50:]:
        levels.put(level)
        messages.append(link.data(7, bitfinex.level_row(level)))
        messages.append(link.data(7, '"cs"', str(bitfinex.checksum(levels))))
    messages.append(link.data(9, '"te"', f"[5,{bitfinex.MS},-0.25,9.5]"))
    messages.append(link.data(8, "[1,0,1]"))
    path = recorded(tmp_path / "BITFINEX.ws.1.0.gz", "wss://api.bitfinex.com/ws/2", messages)
    with pytest.raises(Invalid, match="several symbols: BTCUSD, BTCUSD/R0"):
        ticks(path, kind="depth")
    found = ticks(path, kind="depth", symbol="BTCUSD")
    assert book_at_the_end(found.rows) == floats(levels)
    assert not any("broke" in note for note in found.notes)
    found = ticks(path, kind="depth", symbol="BTCUSD/R0")
    assert book_at_the_end(found.rows) == ({10.0: 3.0}, {})
    trades = ticks(path, kind="trades", symbol="tBTCUSD", columns={"ts": "exchange"})
    agree(trades, [(bitfinex.MS * 10**6, 9.5, 0.25, -1, 5)])
    at = next(k for k, one in enumerate(messages) if k > 30 and one and b'"cs"' in one)
    messages[at] = (messages[at] or b"").replace(b'"cs",', b'"cs",1')
    path = recorded(tmp_path / "x.gz", "wss://api.bitfinex.com/ws/2", messages)
    found = ticks(path, kind="depth", symbol="BTCUSD")
    assert any(
        f"the book broke once, first in line {at + 3}: ChecksumFailed" in n for n in found.notes
    )


def test_what_no_row_can_be_made_of_says_why(tmp_path: Path) -> None:
    """Lost: a file that has what was asked for would be said not to have it."""
    lite = {"feed": "ticker_lite", "product_id": futures.SYMBOL, "bid": 1.5, "ask": 2.5}
    path = recorded(tmp_path / "x.gz", KRAKEN_FUTURES, [futures.said(**lite)])
    agree(ticks(path, kind="quotes"), [(ns(1), 1.5, 0, 2.5, 0)])
    with pytest.raises(Invalid, match="has none that can be read: a message without the exch"):
        ticks(path, kind="quotes", columns={"ts": "exchange"})
    middle = tmp_path / "KRAKEN_FUTURES.ws.1.1.gz"
    middle.write_bytes(gzip.compress(b"1633998512.25: " + futures.said(**lite)))
    with pytest.raises(Invalid, match="several files, only the first one has it"):
        ticks(middle)
