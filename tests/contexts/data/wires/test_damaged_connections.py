"""Whole connections with damage anywhere: lines are refused, books break, nothing else happens."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from tests.contexts.data.formats.tick_kit import ticks
from tests.contexts.data.wires import bitfinex_speaker as bitfinex
from tests.contexts.data.wires import test_bitmex as bitmex
from tests.contexts.data.wires import test_gateio as gateio
from tests.contexts.data.wires import test_kraken_futures as futures
from tests.contexts.data.wires import test_recorded_binance as binance
from tests.contexts.data.wires import test_recorded_kraken as kraken
from tests.contexts.data.wires.recorded_files import recorded
from tests.contexts.data.wires.speaking import Level, Levels, market

from fks.contexts.data.domain.books.sync import BookSync
from fks.contexts.data.domain.wires._units import Units
from fks.contexts.data.domain.wires.reading import damaged
from fks.contracts.data.streams import NO_ID, BookRule, DepthUpdate, Scale
from fks.kernel.errors import Invalid

_NUMBER = re.compile(rb'"?-?\d+(?:\.\d+)?(?:e-?\d+)?"?')
_STRANGE = (
    *(b"null", b"-1", b"1e99", b"9" * 40, b'""', b'"x"', b"[]", b"{}", b"1e-18", b"0", b"true"),
    *(b"999999999999999999", b'"9999999999999999.99999999"', b"8e17", b"\x00", b"\xff"),
)


def bitfinex_day(whole: Levels, changes: list[Level]) -> list[bytes | None]:
    """Return a connection to Bitfinex with both of its books, trades and quotes."""
    link = bitfinex.Connection(65536 + 32768)
    begun = [bitfinex.subscribed(7, "book", "tBTCUSD"), bitfinex.subscribed(9, "trades", "tBTCUSD")]
    begun += [bitfinex.subscribed(8, "book", "tBTCUSD", "R0")]
    found = [*link.begin(), *begun, link.data(7, bitfinex.whole(whole))]
    found += [link.data(8, "[[1,10,2],[2,10,3],[3,11,-1e-7]]"), link.data(8, "[1,0,1]")]
    found += [link.data(7, bitfinex.level_row(level)) for level in changes]
    found += [link.data(7, '"cs"', "-123"), link.data(8, '"cs"', "5")]
    return [*found, link.data(9, '"te"', f"[5,{bitfinex.MS},-0.25,9.5]"), link.data(7, '"hb"')]


def bitmex_day(whole: Levels, changes: list[Level]) -> list[bytes | None]:
    """Return a connection to BitMEX."""
    speaker = bitmex.Speaker()
    found: list[bytes | None] = [speaker.whole(whole)]
    for level in changes:
        found += speaker.change([level], whole)
    return found


def gateio_day(_: Levels, changes: list[Level]) -> list[bytes | None]:
    """Return a connection to Gate.io."""
    return [gateio.change([level], k, k) for k, level in enumerate(changes)]


def futures_day(whole: Levels, changes: list[Level]) -> list[bytes | None]:
    """Return a connection to Kraken Futures."""
    later = [futures.change(level, 11 + k) for k, level in enumerate(changes)]
    return [futures.snapshot(whole, 10), *later]


def binance_day(_: Levels, changes: list[Level]) -> list[bytes | None]:
    """Return a connection to Binance's futures."""
    told = [binance.change(level, k, k, k - 1) for k, level in enumerate(changes)]
    return [*told, *binance.beside()]


@cache
def kraken_messages() -> tuple[bytes | None, ...]:
    """Return the first messages of a connection to Kraken."""
    return tuple(kraken.day(1)[0][:60])


def kraken_day(_: Levels, __: list[Level]) -> list[bytes | None]:
    """Return a connection to Kraken."""
    return list(kraken_messages())


DAYS: list[tuple[str, Callable[[Levels, list[Level]], list[bytes | None]]]] = [
    ("wss://api.bitfinex.com/ws/2", bitfinex_day),
    ("wss://www.bitmex.com/realtime", bitmex_day),
    ("wss://api.gateio.ws/ws/v4/", gateio_day),
    ("wss://futures.kraken.com/ws/v1", futures_day),
    ("wss://fstream.binance.com/stream?streams=x", binance_day),
    ("wss://ws.kraken.com", kraken_day),
]


def spoilt(random_: random.Random, message: bytes) -> bytes:
    """Return a message with one to three things wrong."""
    found = bytearray(message)
    for _ in range(random_.randrange(1, 4)):
        numbers = list(_NUMBER.finditer(bytes(found)))
        at = random_.randrange(len(found) + 1)
        how = random_.random()
        if how < 0.5 and numbers:
            one = random_.choice(numbers)
            found[one.start() : one.end()] = random_.choice(_STRANGE)
        elif how < 0.65:
            del found[at:]
        elif how < 0.8:
            found[at:at] = random_.choice(_STRANGE)
        elif at < len(found):
            found[at] = random_.randrange(256)
    return bytes(found).replace(b"\n", b" ") or b"{"


@pytest.mark.parametrize(("address", "day"), DAYS, ids=[day.__name__ for _, day in DAYS])
def test_damage_anywhere_is_a_refused_line_or_one_clear_error(
    tmp_path: Path, address: str, day: Callable[[Levels, list[Level]], list[bytes | None]]
) -> None:
    """Lost: a damaged or hostile file would end in a traceback, or in rows of nonsense."""
    read = refused = 0
    for seed in range(12):
        random_, levels, changes = random.Random(seed), Levels(), market(5, 90)
        for level in changes[:40]:
            levels.put(level)
        messages = [
            spoilt(random_, one) if one is not None and random_.random() < 0.15 else one
            for one in day(levels, changes[40:])
        ]
        path = recorded(tmp_path / f"{seed}.gz", address, messages)
        for kind in ("depth", "trades", "quotes", "funding"):
            try:
                found = ticks(path, kind=kind)
            except Invalid as error:
                assert len(error.message) < 400, f"seed {seed}"
                assert error.message.isprintable(), f"seed {seed}"
                continue
            read += len(found.rows.ts_ns)
            refused += len(found.refused)
    assert read > 100
    assert refused > 10


def test_a_change_too_fine_for_the_levels_empties_the_book() -> None:
    """Lost: one number with eighteen decimals would end the stream, or the import."""
    sync, units = BookSync(BookRule(link="none", snapshot="stream")), Units(Scale(0, 0), damaged)

    def told(price: str, size: str, *, whole: bool) -> str:
        bids, asks = units.pairs([(price, size)], [])
        ids = (NO_ID, NO_ID, NO_ID)
        update = DepthUpdate("X", units.scale, bids, asks, *ids, 0, 0, whole)
        return type(sync.take(update)).__name__

    assert told("800000000000000000", "1", whole=True) == "Joined"
    assert told("0.000000000000000001", "1", whole=False) == "TooFine"
    assert not sync.live
    assert told("0.5", "1", whole=True) == "Joined"
    assert sync.book.sizes() == (1, 0)
