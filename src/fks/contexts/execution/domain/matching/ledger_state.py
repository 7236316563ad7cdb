"""The state of the plain ledger as bytes: sorted, versioned, little-endian, checked when read.

A header of six 64-bit words (magic, version, and how many records of each kind follow), then the
records of 64-bit words: instruments, accounts, strategies and rows, each ascending. What is blank
is left out. Sums are not stored: they follow from the rows. The compiled twin writes the same.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator

from .layout import UNLIMITED, AccountKey, InstrumentKey
from .ledger_terms import (
    ACCOUNT_RANGES,
    HOLD_MOST,
    INSTRUMENT_RANGES,
    LOTS_MOST,
    ORDERS_MOST,
    PARTS,
    PRICE_MOST,
    TICKS_MOST,
    Account,
    Instrument,
    Row,
    Strategy,
    allowed,
    fits,
)

__all__ = ["pack", "unpack"]

MAGIC = int.from_bytes(b"FKSLEDG1", "little")
VERSION = 1
WORDS = (20, 23, 5, 12)  # of a record of each kind

Tables = tuple[dict[int, Instrument], dict[int, Account], dict[int, Strategy]]


def pack(
    instruments: dict[int, Instrument],
    accounts: dict[int, Account],
    strategies: dict[int, Strategy],
) -> bytes:
    """Return the bytes of the tables."""
    kinds = [
        [record for number in sorted(instruments) for record in of(number, instruments[number])],
        [account_record(number, accounts[number]) for number in sorted(accounts)],
        [
            [number, one.gate, one.rate, one.level, one.level_ns]
            for number, one in sorted(strategies.items())
            if (one.gate, one.rate, one.level, one.level_ns) != (0, 0, 0, 0)
        ],
        [
            [account, number, *(getattr(row, name) for name in Row.__slots__)]
            for account in sorted(accounts)
            for number, row in sorted(accounts[account].rows.items())
            if row != Row()
        ],
    ]
    words = [MAGIC, VERSION, *map(len, kinds)]
    words += [word for records in kinds for record in records for word in record]
    return struct.pack(f"<{len(words)}q", *words)


def of(number: int, one: Instrument) -> Iterator[list[int]]:
    """Yield the record of an instrument, none where no number was set."""
    if any(one.value):
        marks = (one.reference is not None) | (one.last is not None) << 1
        yield [number, *one.value[1:], marks, one.reference or 0, one.reference_ns, one.last or 0]


def account_record(number: int, one: Account) -> list[int]:
    """Return the record of an account."""
    return [
        number,
        *one.value[1:],
        one.cash,
        one.fees,
        one.realised,
        one.day_nanos,
        one.day_lots,
        one.level,
        one.level_ns,
    ]


def unpack(data: bytes, sizes: tuple[int, int, int]) -> Tables:
    """Return the tables that `pack` wrote. Raises ValueError for any other bytes."""
    counts = struct.unpack_from("<6q", data) if len(data) >= 48 else (0,) * 6
    size = 48 + 8 * sum(count * words for count, words in zip(counts[2:], WORDS, strict=True))
    if counts[:2] != (MAGIC, VERSION) or min(counts[2:]) < 0 or size != len(data):
        raise ValueError("these are not the bytes of a ledger of version 1")
    kinds, at = [], 48
    for count, words in zip(counts[2:], WORDS, strict=True):
        kinds.append(
            [struct.unpack_from(f"<{words}q", data, at + k * words * 8) for k in range(count)]
        )
        at += count * words * 8
    for records, keys in zip(kinds, (1, 1, 1, 2), strict=True):
        places = [record[:keys] for record in records]
        sound(all(a < b for a, b in itertools.pairwise(places)))
    tables: Tables = ({}, {}, {})
    for record in kinds[0]:
        sound(0 <= record[0] < sizes[0])
        tables[0][record[0]] = read_instrument(record)
    for record in kinds[1]:
        sound(0 < record[0] < sizes[1])
        tables[1][record[0]] = read_account(record)
    for record in kinds[2]:
        sound(0 <= record[0] < sizes[2])
        tables[2][record[0]] = read_strategy(record)
    for record in kinds[3]:
        account, number = record[:2]
        sound(account in tables[1] and 0 <= number < sizes[0])
        terms = tables[0].get(number) or Instrument()
        tables[1][account].rows[number] = read_row(record[2:], terms)
    return tables


def sound(condition: bool) -> None:
    """Refuse what no ledger can have written, or what the tables cannot take."""
    if not condition:
        raise ValueError("the bytes of the ledger are damaged, or too many for its tables")


def numbers(ranges: dict[int, tuple[int, int, bool]], words: tuple[int, ...]) -> list[int]:
    """Return the numbers by key."""
    sound(all(not words[key] or allowed(ranges, key, words[key]) for key in range(1, 16)))
    return [0, *words[1:16]]


def read_instrument(w: tuple[int, ...]) -> Instrument:
    """Return an instrument from its words."""
    value = numbers(INSTRUMENT_RANGES, w)
    sound(any(value) and 0 <= w[16] <= 3 and not (w[16] and not value[InstrumentKey.KIND]))
    sound(abs(w[17]) <= TICKS_MOST and abs(w[19]) <= PRICE_MOST)
    sound(bool(w[16] & 1) or (w[17], w[18]) == (0, 0))
    sound(bool(w[16] & 2) or w[19] == 0)
    one = Instrument(value, w[17] if w[16] & 1 else None, w[18], w[19] if w[16] & 2 else None)
    sound(fits(one.mark_nanos))
    return one


def read_account(w: tuple[int, ...]) -> Account:
    """Return an account from its words, without its rows."""
    value = numbers(ACCOUNT_RANGES, w)
    sound(not value[AccountKey.MAX_ORDER_LOTS] and not value[AccountKey.MAX_POSITION_LOTS])
    sound(w[19] >= 0 and w[20] >= 0 and filled(w[21], value[AccountKey.ORDERS_PER_SECOND]))
    cash, fees, realised, day_nanos, day_lots, level, level_ns = w[16:23]
    return Account(value, cash, fees, realised, day_nanos, day_lots, level, level_ns)


def filled(level: int, rate: int) -> bool:
    """Tell whether a bucket may hold that much."""
    return 0 <= level <= (0 if rate == UNLIMITED else rate * PARTS)


def read_strategy(w: tuple[int, ...]) -> Strategy:
    """Return a strategy from its words."""
    sound(any(w[1:]) and allowed(ACCOUNT_RANGES, AccountKey.GATE, w[1]))
    sound(allowed(ACCOUNT_RANGES, AccountKey.ORDERS_PER_SECOND, w[2]) and filled(w[3], w[2]))
    sound(w[0] != 0 or w[2:] == (0, 0, 0))
    return Strategy(*w[1:])


def read_row(words: tuple[int, ...], terms: Instrument) -> Row:
    """Return a row from its words."""
    row = Row(*words)
    sound(row != Row() and row.max_order_lots >= 0 and row.max_position_lots >= 0)
    sound(abs(row.cost) <= UNLIMITED and 0 <= row.open_orders <= ORDERS_MOST)
    for lots, held in ((row.open_buy, row.held_buy), (row.open_sell, row.held_sell)):
        sound(0 <= lots <= LOTS_MOST and 0 <= held <= HOLD_MOST and not (held and not lots))
    sound(row.within(terms))
    return row
