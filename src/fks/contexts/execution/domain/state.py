"""The trading state of a desk as bytes: what the future depends on, and nothing else.

Layout, little-endian: magic `FKSD1` and a zero byte, u32 count of resting orders, the scalars of
`Scalars` as int64, ten int64 a resting order, then 16 bytes of BLAKE2b over all before. A float
(the last refused target) travels as its bit pattern.
"""

from __future__ import annotations

import hashlib
import struct
from typing import NamedTuple

from fks.kernel.errors import Invalid

__all__ = ["Row", "Scalars", "pack", "unpack"]

_MAGIC = b"FKSD1\0"
_HEAD = struct.Struct("<6sI")
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


class Row(NamedTuple):
    """An order in whole numbers; `side` is 1 or -1, `number` 0 for a target's own order."""

    id: int
    number: int
    side: int
    type: int
    lots: int
    status: int
    limit_ticks: int
    stop_ticks: int
    created_ts_ns: int
    reason: int


_SCALARS = struct.Struct(f"<{len(Scalars._fields)}q")
_ROW = struct.Struct(f"<{len(Row._fields)}q")


def pack(scalars: Scalars, resting: tuple[Row, ...]) -> bytes:
    """Return the state as bytes with a checksum."""
    body = b"".join(
        (
            _HEAD.pack(_MAGIC, len(resting)),
            _SCALARS.pack(*scalars),
            *(_ROW.pack(*row) for row in resting),
        )
    )
    return body + hashlib.blake2b(body, digest_size=_DIGEST).digest()


def unpack(state: bytes) -> tuple[Scalars, tuple[Row, ...]]:
    """Return what `pack` was given. Raises `Invalid` for bytes that are not such a state."""
    fault = Invalid("this is not an intact desk snapshot", code="execution.bad_snapshot")
    least = _HEAD.size + _SCALARS.size + _DIGEST
    if len(state) < least:
        raise fault
    body, digest = state[:-_DIGEST], state[-_DIGEST:]
    magic, count = _HEAD.unpack_from(body)
    if magic != _MAGIC or len(state) != least + count * _ROW.size:
        raise fault
    if hashlib.blake2b(body, digest_size=_DIGEST).digest() != digest:
        raise fault
    scalars = Scalars(*_SCALARS.unpack_from(body, _HEAD.size))
    start = _HEAD.size + _SCALARS.size
    rows = tuple(Row(*_ROW.unpack_from(body, start + index * _ROW.size)) for index in range(count))
    return scalars, rows
