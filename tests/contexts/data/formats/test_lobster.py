"""LOBSTER's messages and books; the book is built a second time, row by row."""

from __future__ import annotations

import math
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests.contexts.data import kit
from tests.contexts.data.formats.tick_kit import agree, epoch_ns, follow_levels, ticks

from fks.contexts.data.adapters.formats.level_books import LevelBooks
from fks.contexts.data.adapters.formats.reading import FoundTicks
from fks.contracts.data.ticks import (
    ADD,
    CANCEL,
    CLEAR,
    FILL,
    LAST,
    NO_ID,
    SET,
    SNAPSHOT,
    TRADE,
    DepthRows,
)
from fks.kernel.errors import Invalid

NAME = "AAPL_2012-06-21_34200000_57600000_{}_2.csv"
ZERO = epoch_ns("2012-06-21T04:00:00")


def pair(folder: Path, messages: list[str], books: list[str]) -> tuple[Path, Path]:
    """Write a pair of files."""
    return (
        kit.write(folder / NAME.format("message"), messages, ""),
        kit.write(folder / NAME.format("orderbook"), books, ""),
    )


def test_messages_become_orders_and_trades(tmp_path: Path) -> None:
    """Lost: a filled order would stand in the book, a hidden one leave it."""
    lines = [
        "34200.004241176,1,11,18,5853300,1",
        "34200.1,2,11,8,5853300,1",
        "34200.2,4,11,5,5853300,1",
        "34200.3,5,0,7,5853350,-1",
        "34200.4,6,-1,9,5853350,-1",
        "34200.5,7,0,0,-1,-1",
        "34200.6,3,11,5,5853300,1",
        "34200.7,9,11,5,5853300,1",
        "34200.8,1,12,5,5853300,0",
        "x,1,13,5,5853300,1",
        "34200.9,1,14",
    ]
    path, _ = pair(tmp_path, lines, [])
    found = ticks(path)

    def at(seconds: str) -> int:
        whole, _, rest = seconds.partition(".")
        return ZERO + int(whole) * 10**9 + int(rest.ljust(9, "0"))

    p, h, no = 585.33, 585.335, NO_ID
    agree(
        found,
        [
            (at("34200.004241176"), 1, ADD, 1, p, 18, 11, LAST),
            (at("34200.1"), 2, CANCEL, 1, p, 8, 11, LAST),
            (at("34200.2"), 3, TRADE, -1, p, 5, no, 0),
            (at("34200.2"), 3, FILL, 1, p, 5, 11, 0),
            (at("34200.2"), 3, CANCEL, 1, p, 5, 11, LAST),
            (at("34200.3"), 4, TRADE, 1, h, 7, no, LAST),
            (at("34200.4"), 5, TRADE, 0, h, 9, no, LAST),
            (at("34200.6"), 7, CANCEL, 1, p, 5, 11, LAST),
            (-(2**63), 10, ADD, 1, p, 5, 13, LAST),
        ],
    )
    assert [one.row for one in found.refused] == [8, 9, 11]
    agree(
        ticks(path, kind="trades"),
        [
            (at("34200.2"), p, 5, -1, no),
            (at("34200.3"), h, 7, 1, no),
            (at("34200.4"), h, 9, 0, no),
        ],
    )


def test_books_become_changes_of_levels_and_quotes(tmp_path: Path) -> None:
    """Lost: a level that is gone would stay, an empty one cost a million."""
    messages = [f"3420{k}.5,1,{k},5,5853300,1" for k in range(3)]
    books = [
        "20000,1,10000,2,30000,3,-9999999999,0",
        "20000,1,11000,4,30000,3,10000,2",
        "9999999999,0,11000,5,9999999999,0,10000,2",
    ]
    _, path = pair(tmp_path, messages, books)
    t = [ZERO + 34200 * 10**9 + k * 10**9 + 500_000_000 for k in range(3)]
    no = NO_ID
    agree(
        ticks(path),
        [
            (t[0], 1, CLEAR, 0, 0, 0, no, SNAPSHOT),
            (t[0], 1, SET, 1, 1.0, 2, no, SNAPSHOT),
            (t[0], 1, SET, -1, 2.0, 1, no, SNAPSHOT),
            (t[0], 1, SET, -1, 3.0, 3, no, SNAPSHOT | LAST),
            (t[1], 2, SET, 1, 1.1, 4, no, LAST),
            (t[2], 3, SET, 1, 1.1, 5, no, 0),
            (t[2], 3, SET, -1, 2.0, 0, no, 0),
            (t[2], 3, SET, -1, 3.0, 0, no, LAST),
        ],
    )
    agree(
        ticks(path, kind="quotes"),
        [(t[0], 1.0, 2, 2.0, 1), (t[1], 1.1, 4, 2.0, 1), (t[2], 1.1, 5, math.nan, 0)],
    )


def test_a_pair_in_one_zip(tmp_path: Path) -> None:
    """Lost: what LOBSTER sends would have to be unpacked by hand."""
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(NAME.format("message"), "34200.5,1,1,5,5853300,1\n")
        archive.writestr(NAME.format("orderbook"), "20000,1,10000,2\n")
    with pytest.raises(Invalid, match="holds 2 files; choose one with --member"):
        ticks(path)
    assert len(ticks(path, member=NAME.format("orderbook")).row) == 3
    assert len(ticks(path, member=NAME.format("message")).row) == 1


def test_what_does_not_belong_together_is_refused(tmp_path: Path) -> None:
    """Lost: books would have times of other messages."""
    messages, books = pair(tmp_path, ["34200.5,1,1,5,5853300,1"], ["1,1,1,1"] * 2)
    with pytest.raises(Invalid, match="more rows than its message file"):
        ticks(books)
    with pytest.raises(Invalid, match="a message file has depth or trades, no quotes"):
        ticks(messages, kind="quotes")
    messages.unlink()
    with pytest.raises(Invalid, match=r"put AAPL_2012-06-21_\d+_\d+_message_2\.csv beside"):
        ticks(books)
    with pytest.raises(Invalid, match="name would say the day"):
        ticks(kit.write(tmp_path / "x.csv", ["34200.5,1,1,5,5853300,1"], ""), "lobster")
    bad = kit.write(tmp_path / NAME.format("message"), ["1,2,3"], "")
    with pytest.raises(Invalid, match="3 columns; LOBSTER's messages have 6"):
        ticks(bad)


@pytest.mark.parametrize("seed", range(20))
def test_changes_lead_from_book_to_book_in_any_blocks(seed: int) -> None:
    """Lost: a book would drift from the one that was written, unseen after the first block."""
    rng = random.Random(seed)  # a test's seed
    books = []
    for _ in range(60):
        best = rng.randint(10, 14)
        levels = sorted(rng.sample(range(best - 4, best), 3), reverse=True)
        books.append([(p, rng.choice([0, 1, 2, 3])) for p in levels])
    prices = np.array([[float(p) for p, _ in one] for one in books])
    sizes = np.array([[float(q) for _, q in one] for one in books])
    taker, held, at = LevelBooks(), dict[float, float](), 0
    while at < len(books):
        end = min(at + rng.randint(1, 9), len(books))
        span, stamps = slice(at, end), np.arange(at, end, dtype=np.int64)
        side = (prices[span], sizes[span])
        part = taker.take(stamps, stamps, side, (-prices[span], sizes[span]), stamps + 1)
        assert isinstance(part.rows, DepthRows)
        for k in range(at, end):
            for j in np.nonzero((part.rows.ts_ns == k) & (part.rows.side == 1))[0]:
                held[float(part.rows.price[j])] = float(part.rows.quantity[j])
            now = {p: q for p, q in held.items() if q}
            assert now == {float(p): float(q) for p, q in books[k] if q}, f"seed {seed}, book {k}"
        at = end


@pytest.mark.real_data
def test_the_real_pair_row_by_row() -> None:
    """Lost: Apple's book would not be the one that its messages made."""
    folder = "lobster/AAPL_2012-06-21_34200000_57600000_{}_10.csv.gz"
    message, book = (kit.real(folder.format(one)) for one in ("message", "orderbook"))
    rows, books = list(kit.raw_rows(message)), list(kit.raw_rows(book))
    found = ticks(message)
    assert not found.refused
    types = [int(r[1]) for r in rows]
    extra = 2 * types.count(4)
    assert len(found.row) == len(rows) - types.count(7) + extra
    traded = [
        (stamp(r[0]), int(r[4]) / 1e4, float(r[3]), -int(r[5]), NO_ID)
        for r, kind in zip(rows, types, strict=True)
        if kind in (4, 5)
    ]
    agree(ticks(message, kind="trades"), traded)
    agree(
        ticks(book, kind="quotes"),
        (
            (stamp(r[0]), int(b[2]) / 1e4, float(b[3]), int(b[0]) / 1e4, float(b[1]))
            for r, b in zip(rows, books, strict=True)
        ),
    )
    follow(ticks(book), books)


def follow(found: FoundTicks, books: list[list[str]]) -> None:
    """Compare with the lines of a book file."""
    levels = []
    for cells in books:
        one = {}
        for k in range(0, len(cells), 4):
            one[-1, int(cells[k]) / 1e4] = float(cells[k + 1])
            one[1, int(cells[k + 2]) / 1e4] = float(cells[k + 3])
        levels.append(one)
    follow_levels(found, levels)


def stamp(seconds: str) -> int:
    """Return UTC nanoseconds of seconds since New York's midnight."""
    whole, _, rest = seconds.partition(".")
    return ZERO + int(whole) * 10**9 + int(rest.ljust(9, "0"))
