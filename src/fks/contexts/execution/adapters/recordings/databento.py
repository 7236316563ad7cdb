"""Databento's market-by-order files (DBN, schema `mbo`), plain or zstd.

A DBN file is a header (`DBN`, a version, the length of its metadata), the metadata, and records
that each begin with their length in words of four bytes. Only what an order feed needs is read.
Semantics: a `Trade` (aggressor) and a `Fill` (resting order) leave the book as it is, cancels or
modifies that go with them change it; sizes of cancels are lots gone; a modify keeps its place
only at the same price with no more lots; the state is whole after a record flagged LAST. Where a
venue shows only its best prices (flag TOB) an add replaces its side.
Source: databento.com/docs, "MBO", "DBN encoding".
"""

from __future__ import annotations

import struct
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fks.contexts.execution.domain.simulation.events import (
    BUY,
    LAST,
    SELL,
    SNAPSHOT,
    UNSURE,
    L3Kind,
    rows,
)
from fks.kernel.errors import Invalid, NotFound

__all__ = ["read_mbo"]

_RECORD = np.dtype(
    [
        ("length", "u1"),  # words of four bytes
        ("rtype", "u1"),
        ("publisher", "<u2"),
        ("instrument", "<u4"),
        ("ts_event", "<u8"),
        ("id", "<u8"),
        ("price", "<i8"),  # 1e-9
        ("size", "<u4"),
        ("flags", "u1"),
        ("channel", "u1"),
        ("action", "S1"),
        ("side", "S1"),
        ("ts_recv", "<u8"),
        ("delta", "<i4"),
        ("sequence", "<u4"),
    ]
)
_MBO = 160
_WORD = 4
_UNDEFINED = 2**63 - 1
_LAST, _TOP, _SNAPSHOT, _BY_PRICE, _MAYBE_BAD = 128, 64, 32, 16, 4
_KINDS = {
    b"A": L3Kind.ADD,
    b"C": L3Kind.CANCEL,
    b"M": L3Kind.MODIFY,
    b"F": L3Kind.FILL,
    b"T": L3Kind.TRADE,
    b"R": L3Kind.CLEAR,
}


def read_mbo(path: Path, tick_size: Decimal, instrument_id: int | None = None) -> npt.NDArray[Any]:
    """Return a DBN file of schema `mbo` as rows of `L3_EVENT` of one instrument.

    Times are the matching engine's (for a snapshot the moment at which it was taken), made never
    to run back. Raises `NotFound` where there is no such file, `Invalid` for one of another
    format, several instruments without a choice, or a price off the tick.
    """
    records = _records(_content(path), path)
    ids = np.unique(records["instrument"]).tolist()
    if instrument_id is None and len(ids) > 1:
        raise Invalid(
            f"{path.name} holds {len(ids)} instruments; choose one of {ids[:10]}",
            code="execution.recording_instrument",
        )
    if instrument_id is not None:
        records = records[records["instrument"] == instrument_id]
    if (records["flags"] & _BY_PRICE).any():
        raise Invalid(
            f"{path.name} holds lots by price, not by order", code="execution.recording_shape"
        )
    return _events(records, tick_size, path)


def _content(path: Path) -> bytes:
    """Return a file's bytes, decompressed."""
    if not path.exists():
        raise NotFound(f"there is no file {path}", code="execution.recording_not_found")
    raw = path.read_bytes()
    if raw[:4] == b"\x28\xb5\x2f\xfd":
        try:
            raw = pa.input_stream(pa.BufferReader(raw), compression="zstd").read()
        except OSError as error:
            raise Invalid(
                f"{path.name} is damaged: {error}", code="execution.recording_shape"
            ) from error
    if raw[:3] != b"DBN" or len(raw) < 8:
        raise Invalid(f"{path.name} is not a DBN file", code="execution.recording_shape")
    return raw


def _records(raw: bytes, path: Path) -> npt.NDArray[Any]:
    """Return the order records. Others (mappings, status, errors) are passed over."""
    start = 8 + struct.unpack_from("<I", raw, 4)[0]
    body = memoryview(raw)[start:]
    size = body[0] * _WORD if len(body) else _RECORD.itemsize
    if size >= _RECORD.itemsize and not len(body) % size:
        table = np.frombuffer(body, np.uint8).reshape(-1, size)
        if (table[:, 0] == size // _WORD).all() and (table[:, 1] == _MBO).all():
            return np.ascontiguousarray(table[:, : _RECORD.itemsize]).view(_RECORD).reshape(-1)
    found, at = [], 0
    while at < len(body):
        length = body[at] * _WORD
        if length < 16 or at + length > len(body):
            raise Invalid(f"{path.name} is cut short", code="execution.recording_shape")
        if body[at + 1] == _MBO:
            found.append(bytes(body[at : at + _RECORD.itemsize]))
        at += length
    return np.frombuffer(b"".join(found), _RECORD)


def _events(records: npt.NDArray[Any], tick_size: Decimal, path: Path) -> npt.NDArray[Any]:
    """Return records as rows; actions without meaning for a book are left out."""
    top = (records["flags"] & _TOP != 0) & (records["action"] == b"A")
    records = np.repeat(records, np.where(top, 2, 1))
    again = np.zeros(len(records), np.bool_)  # the add that follows the clear of its side
    places = np.flatnonzero(np.repeat(top, np.where(top, 2, 1)))
    again[places[1::2]] = True
    cleared = np.zeros(len(records), np.bool_)
    cleared[places[::2]] = True

    known = np.isin(records["action"], list(_KINDS))
    sided = np.isin(records["side"], [b"A", b"B"])
    booked = np.isin(records["action"], [b"A", b"C", b"M", b"F"])
    keep = known & (sided | ~booked)
    keep &= ~(again & (records["price"] == _UNDEFINED))
    records, cleared = records[keep], cleared[keep]
    found = rows(len(records))
    for action, kind in _KINDS.items():
        found["kind"][records["action"] == action] = kind
    found["kind"][cleared] = L3Kind.CLEAR
    taken = records["flags"] & _SNAPSHOT != 0
    times = np.where(taken, records["ts_recv"], records["ts_event"]).astype(np.int64)
    found["ts_ns"] = np.maximum.accumulate(times)
    found["id"] = records["id"]
    found["lots"] = records["size"]
    found["side"] = np.select(
        [records["side"] == b"B", records["side"] == b"A"], [BUY, SELL], default=2
    )
    for theirs, ours in ((_LAST, LAST), (_SNAPSHOT, SNAPSHOT), (_MAYBE_BAD, UNSURE)):
        found["flags"] |= np.where(records["flags"] & theirs, ours, 0).astype(np.uint8)
    found["flags"][cleared] &= ~np.uint8(LAST)
    priced = (found["kind"] != L3Kind.CLEAR) & (records["price"] != _UNDEFINED)
    found["price"][priced] = _ticks(records["price"][priced], tick_size, path)
    return found


def _ticks(prices: npt.NDArray[np.int64], tick_size: Decimal, path: Path) -> npt.NDArray[np.int64]:
    """Return prices in ticks, refusing one that is no whole number of them."""
    unit = tick_size * 10**9
    if unit != unit.to_integral_value() or unit < 1:
        raise Invalid(f"a tick of {tick_size} is finer than 1e-9", code="execution.bad_instrument")
    off = prices % int(unit) != 0
    if off.any():
        raise Invalid(
            f"{path.name}: a price of {int(prices[off][0]) / 1e9:.9g} is off the tick of "
            f"{tick_size}; give the instrument's own tick size",
            code="execution.recording_off_tick",
        )
    found: npt.NDArray[np.int64] = prices // int(unit)
    return found
