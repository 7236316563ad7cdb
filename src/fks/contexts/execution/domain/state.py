"""The trading state of a desk as bytes: what the future depends on, and nothing else.

Layout, little-endian: magic `FKSD2` and a zero byte, u32 count of resting orders, 8 bytes that
stand for the scale (what a tick, a lot and a nano mean), the scalars of `Scalars` as int64, ten
int64 a resting order, then 16 bytes of BLAKE2b over all before. A float (the last refused target)
travels as its bit pattern.
"""

from __future__ import annotations

import hashlib
import struct
from itertools import pairwise
from typing import NamedTuple

from fks.contexts.execution.domain.orders import ACCEPTED, LIMIT, MARKET, NONE, STOP, Row
from fks.contexts.execution.domain.terms import INT64_MAX, Terms
from fks.kernel.errors import Invalid

__all__ = ["Scalars", "pack", "scale_of", "unpack"]

_MAGIC = b"FKSD2\0"
_HEAD = struct.Struct("<6sI8s")
_DIGEST = 16


class Scalars(NamedTuple):
    """The account and the counters of a desk."""

    cash_nanos: int
    position_lots: int
    cost_nanos: int
    realised_nanos: int
    last_close_ticks: int
    last_ts_ns: int
    bars: int
    recorded: int
    view_position_lots: int
    aim_lots: int
    tried_aim_lots: int
    tried_position_lots: int
    tried_refused: int
    refused_target_bits: int
    order_count: int
    fill_count: int
    numbers: int
    signals: int


_SCALARS = struct.Struct(f"<{len(Scalars._fields)}q")
_ROW = struct.Struct(f"<{len(Row._fields)}q")


def scale_of(terms: Terms) -> bytes:
    """Return 8 bytes that differ where the same whole numbers would mean other amounts."""
    meaning = ",".join(
        str(number)
        for number in (
            terms.tick_value_nanos,
            *(terms.tick_numerator, terms.tick_denominator),
            *(terms.lot_numerator, terms.lot_denominator),
        )
    )
    return hashlib.blake2b(meaning.encode(), digest_size=8).digest()


def pack(scalars: Scalars, resting: tuple[Row, ...], scale: bytes) -> bytes:
    """Return the state as bytes with a checksum."""
    body = b"".join(
        (
            _HEAD.pack(_MAGIC, len(resting), scale),
            _SCALARS.pack(*scalars),
            *(_ROW.pack(*row) for row in resting),
        )
    )
    return body + hashlib.blake2b(body, digest_size=_DIGEST).digest()


def unpack(state: bytes, scale: bytes) -> tuple[Scalars, tuple[Row, ...]]:
    """Return what `pack` was given.

    Raises `Invalid` for bytes that are not such a state, that hold what no desk can be in, or
    that count in another instrument's ticks and lots.
    """
    fault = Invalid("this is not an intact desk snapshot", code="execution.bad_snapshot")
    least = _HEAD.size + _SCALARS.size + _DIGEST
    if len(state) < least:
        raise fault
    body, digest = state[:-_DIGEST], state[-_DIGEST:]
    magic, count, made_in = _HEAD.unpack_from(body)
    if magic != _MAGIC or len(state) != least + count * _ROW.size:
        raise fault
    if hashlib.blake2b(body, digest_size=_DIGEST).digest() != digest:
        raise fault
    scalars = Scalars(*_SCALARS.unpack_from(body, _HEAD.size))
    start = _HEAD.size + _SCALARS.size
    rows = tuple(Row(*_ROW.unpack_from(body, start + index * _ROW.size)) for index in range(count))
    if not _possible(scalars, rows):
        raise fault
    if made_in != scale:
        raise Invalid(
            "this desk snapshot was made with another tick size, lot size or multiplier",
            code="execution.bad_snapshot",
        )
    return scalars, rows


def _possible(scalars: Scalars, rows: tuple[Row, ...]) -> bool:
    """Tell whether a desk can be in this state: compiled code reads it without a second look."""
    counts = (
        *(scalars.bars, scalars.recorded, scalars.order_count, scalars.fill_count),
        *(scalars.numbers, scalars.signals),
    )
    ids = [0, *(row.id for row in rows)]
    return (
        min(counts) >= 0
        and scalars.tried_refused in (0, 1)
        and all(abs(value) <= INT64_MAX for value in scalars[:4])
        and all(before < after for before, after in pairwise(ids))
        and ids[-1] <= scalars.order_count
        and all(_may_rest(row, scalars.numbers) for row in rows)
    )


def _may_rest(row: Row, numbers: int) -> bool:
    """Tell whether an order can rest: open, of a known type, with the price of its type only."""
    priced = (row.type == LIMIT, row.type == STOP)
    return (
        row.side in (1, -1)
        and row.type in (MARKET, LIMIT, STOP)
        and row.status == ACCEPTED
        and row.reason == NONE
        and row.lots > 0
        and 0 <= row.number <= numbers
        and (row.limit_ticks > 0, row.stop_ticks > 0) == priced
        and min(row.limit_ticks, row.stop_ticks) >= 0
    )
