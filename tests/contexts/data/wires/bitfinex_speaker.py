"""Bitfinex's messages, as its documents show them, with the ends that were asked for."""

from __future__ import annotations

import zlib
from decimal import Decimal

from tests.contexts.data.wires.speaking import Level, Levels

MS = 1_633_998_512_345


def js(number: Decimal) -> str:
    """Return a number as JavaScript prints it."""
    if not number:
        return "0"
    sign, power = "-" if number < 0 else "", abs(number).normalize().adjusted()
    digits = "".join(map(str, number.normalize().as_tuple().digits))
    if power < -6:
        return f"{sign}{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}e{power}"
    text = f"{abs(number).normalize():f}"
    return sign + text


def signed(text: str) -> int:
    """Return the CRC-32 of a text, as a signed number."""
    crc = zlib.crc32(text.encode())
    return crc - (1 << 32) if crc >= 1 << 31 else crc


def checksum(levels: Levels) -> int:
    """Return the checksum of a book's 25 best levels of each side."""
    bids = [(p, levels.bids[p]) for p in sorted(levels.bids, reverse=True)]
    asks = [(p, -levels.asks[p]) for p in sorted(levels.asks)]
    words = []
    for place in range(25):
        for side in (bids, asks):
            for price, amount in side[place : place + 1]:
                words += [js(price), js(amount)]
    return signed(":".join(words))


class Connection:
    """A connection that numbers its messages, and tells times, as `flags` asked for."""

    def __init__(self, flags: int) -> None:
        self._flags, self.number = flags, 0

    def begin(self) -> list[bytes]:
        """Return its first messages."""
        return [
            b'{"event":"info","version":2,"serverId":"6","platform":{"status":1}}',
            b'{"event":"conf","status":"OK","flags":%d}' % self._flags,
        ]

    def data(self, channel: int, *parts: str) -> bytes:
        """Return a message of a channel."""
        ends = []
        if self._flags & 65536:
            self.number += 1
            ends.append(str(self.number))
        if self._flags & 32768:
            ends.append(str(MS))
        return f"[{','.join([str(channel), *parts, *ends])}]".encode()


def subscribed(channel: int, name: str, symbol: str, prec: str = "P0") -> bytes:
    """Return the answer to a subscription."""
    more = f'"prec":"{prec}","freq":"F0","len":"100",' if name == "book" else ""
    head = f'{{"event":"subscribed","channel":"{name}","chanId":{channel},"symbol":"{symbol}",'
    return (head + more + f'"pair":"{symbol[1:]}"}}').encode()


def level_row(level: Level) -> str:
    """Return one level; none of its orders is left where it is taken away."""
    if not level.size:
        return f"[{js(level.price)},0,{level.side}]"
    return f"[{js(level.price)},3,{js(level.side * level.size)}]"


def whole(levels: Levels) -> str:
    """Return all levels."""
    rows = [level_row(Level(1, price, size)) for price, size in levels.bids.items()]
    rows += [level_row(Level(-1, price, size)) for price, size in levels.asks.items()]
    return f"[{','.join(rows)}]"
