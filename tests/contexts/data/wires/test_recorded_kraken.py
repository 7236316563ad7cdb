"""Kraken's book of a fixed depth: what leaves it is not told, and has to leave the rows."""

from __future__ import annotations

import json
import zlib
from decimal import Decimal
from pathlib import Path

import pytest
from tests.contexts.data.formats.tick_kit import ticks
from tests.contexts.data.wires.recorded_files import book_at_the_end, recorded
from tests.contexts.data.wires.speaking import Level, Levels, market

from fks.contracts.data.ticks import LAST, SET, DepthRows
from fks.kernel.errors import Invalid

SYMBOL = "XBT/USD"
ADDRESS = "wss://ws.kraken.com"
DEPTH = 25


def texts(level: Level) -> list[str]:
    """Return a level as Kraken writes it."""
    return [f"{level.price:.5f}", f"{level.size:.8f}", "1618678132.831468"]


def best(side: dict[Decimal, Decimal], *, bids: bool) -> list[Decimal]:
    """Return the prices of a side that Kraken tells."""
    return sorted(side, reverse=bids)[:DEPTH]


def checksum(levels: Levels) -> str:
    """Return the checksum of ten levels a side: asks first, digits only."""
    words = []
    for side, bids in ((levels.asks, False), (levels.bids, True)):
        for price in best(side, bids=bids)[:10]:
            for text in texts(Level(1, price, side[price]))[:2]:
                words.append(text.replace(".", "").lstrip("0"))
    return str(zlib.crc32("".join(words).encode()))


def told(levels: Levels) -> Levels:
    """Return the part of a market's book that Kraken tells."""
    part = Levels()
    for side, bids in ((1, True), (-1, False)):
        for price in best(levels.of(side), bids=bids):
            part.of(side)[price] = levels.of(side)[price]
    return part


def whole(levels: Levels) -> bytes:
    """Return the snapshot."""
    part = told(levels)
    body = {
        "as": [texts(Level(-1, price, size)) for price, size in part.asks.items()],
        "bs": [texts(Level(1, price, size)) for price, size in part.bids.items()],
    }
    return json.dumps([1665, body, f"book-{DEPTH}", SYMBOL]).encode()


def change(before: Levels, after: Levels) -> bytes | None:
    """Return what Kraken tells of a change: no level that only left the depth, all that came in."""
    bodies: list[dict[str, object]] = []
    for side, name in ((-1, "a"), (1, "b")):
        old, new = told(before).of(side), told(after).of(side)
        rows = [texts(Level(side, p, Decimal(0))) for p in old if p not in after.of(side)]
        for price, size in new.items():
            if old.get(price) != size:
                again = ["r"] if price in before.of(side) and price not in old else []
                rows.append([*texts(Level(side, price, size)), *again])
        if rows:
            bodies.append({name: rows})
    if not bodies:
        return None
    bodies[-1]["c"] = checksum(after)
    return json.dumps([1665, *bodies, f"book-{DEPTH}", SYMBOL]).encode()


def day(seed: int) -> tuple[list[bytes | None], list[Levels]]:
    """Return a connection's messages, and what Kraken shows after each."""
    status = {"event": "systemStatus", "status": "online", "version": "1.8.3"}
    asked = {"event": "subscriptionStatus", "status": "subscribed", "pair": SYMBOL}
    messages: list[bytes | None] = [json.dumps(status).encode(), json.dumps(asked).encode()]
    levels, shown, changes = Levels(), list[Levels](), market(seed, 2500, tick="0.1")
    # A wide market, so that there are more levels than are told.
    for k in range(60):
        far = Decimal(k + 40) / 10
        levels.put(Level(1, changes[0].price - far - 10, Decimal(1)))
        levels.put(Level(-1, changes[0].price + far + 10, Decimal(2)))
    messages.append(whole(levels))
    shown.append(told(levels))
    for level in changes:
        before = Levels()
        before.bids, before.asks = dict(levels.bids), dict(levels.asks)
        crossing = [p for p in levels.of(-level.side) if (level.price - p) * level.side >= 0]
        if level.size and crossing:
            continue
        levels.put(level)
        message = change(before, levels)
        if message is not None:
            messages.append(message)
            shown.append(told(levels))
    return messages, shown


@pytest.mark.parametrize("seed", [1, 2])
def test_rows_are_krakens_book_after_every_message(tmp_path: Path, seed: int) -> None:
    """Lost: levels that left the book untold would stay in it, and once be its best."""
    messages, shown = day(seed)
    found = ticks(recorded(tmp_path / "KRAKEN.ws.50.0.gz", ADDRESS, messages), kind="depth")
    assert found.notes[2:] == ()
    rows = found.rows
    assert isinstance(rows, DepthRows)
    held: dict[int, dict[float, float]] = {1: {}, -1: {}}
    books, columns = iter(shown), (rows.action, rows.side, rows.price, rows.quantity, rows.flags)
    for action, side, price, size, flags in zip(*(c.tolist() for c in columns), strict=True):
        if action == SET:
            held[side].pop(price, None)
            if size:
                held[side][price] = size
        if flags & LAST:
            expected = next(books)
            assert held[1] == {float(p): float(q) for p, q in expected.bids.items()}
            assert held[-1] == {float(p): float(q) for p, q in expected.asks.items()}
    assert next(books, None) is None
    assert len(shown) > 400
    assert sum(b'"r"' in (one or b"") for one in messages) > 5  # came back from below the depth


def test_a_checksum_that_differs_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    """Lost: a damaged recording would look whole, or be lost as a whole."""
    messages, _ = day(3)
    damaged = messages.copy()
    damaged[40] = (damaged[40] or b"").replace(b'"c": "', b'"c": "1')
    path = recorded(tmp_path / "x.gz", ADDRESS, damaged)
    found = ticks(path, kind="depth")
    assert found.notes[2].startswith("the book broke once, first in line 43: ChecksumFailed")
    right = ticks(recorded(tmp_path / "y.gz", ADDRESS, messages), kind="depth")
    assert book_at_the_end(found.rows) == book_at_the_end(right.rows)


def test_a_book_without_its_snapshot_is_refused_in_one_line(tmp_path: Path) -> None:
    """Lost: changes would be taken for a book."""
    messages, _ = day(3)
    path = recorded(tmp_path / "x.gz", ADDRESS, messages[:2] + messages[3:])
    with pytest.raises(Invalid, match="changes of the book of XBT/USD and no snapshot that they"):
        ticks(path, kind="depth")
