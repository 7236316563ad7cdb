"""Random groups: the compiled frames are their plain twins, and no changed byte passes."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.execution.domain.journal._frames import (
    Group,
    crc32c,
    crc32c_by_tables,
    last_nonzero,
    later_frame,
    scan,
)
from fks.contexts.execution.domain.journal.frames import (
    PlainGroup,
    Stop,
    plain_crc32c,
    plain_last_nonzero,
    plain_later_frame,
    plain_scan,
)

SCALE = int(os.environ.get("FKS_TORTURE_SCALE", "1")) if os.environ.get("FKS_TORTURE") else 1

payloads = st.binary(max_size=150)
records = st.tuples(st.integers(0, 3), st.integers(16, 400), st.integers(1, 9), payloads)
groups = st.lists(st.lists(records, min_size=1, max_size=6), min_size=1, max_size=6)
PREFIX = 0x1234ABCD


def written(script: Any, kind: type[Any], capacity: int = 4096) -> bytes:
    """Return the bytes of a script of groups, as one of the twins writes them."""
    out, seq, ts_ns, previous = b"", 0, 5, 77
    group = kind(capacity, PREFIX)
    for records_ in script:
        group.clear()
        durable = seq
        for gap, number, version, payload in records_:
            seq, ts_ns = seq + 1, ts_ns + gap
            assert group.put(seq, ts_ns, number, version, payload)
        previous = group.close(durable, previous, b"0123456789abcdef")
        out += bytes(group.view())
    return out


@settings(max_examples=100 * SCALE, deadline=None)
@given(groups, st.integers(0, 400))
def test_both_twins_write_and_read_the_same_groups(script: Any, zeros: int) -> None:
    """Lost: the rules that a person can read would not be those of the bytes on disk."""
    data = written(script, Group)
    assert data == written(script, PlainGroup)
    data += bytes(zeros)
    index, offsets = np.empty(len(data) // 32 + 1, np.int64), []
    found = scan(data, 0, PREFIX, 0, 0, 77, index)
    plain = plain_scan(data, 0, PREFIX, 0, 0, 77, offsets)
    assert plain.reason is Stop.END
    assert plain.records == sum(len(group) for group in script)
    assert found == (
        *(plain.end, plain.seq, plain.crc, plain.ts_ns, plain.records, plain.groups),
        *(plain.last_group, plain.reason, plain.bad),
    )
    assert index[: plain.records].tolist() == offsets
    assert last_nonzero(data, 0) == plain_last_nonzero(data, 0)
    assert last_nonzero(data, len(data) - zeros) == -1


@settings(max_examples=200 * SCALE, deadline=None)
@given(groups, st.data())
def test_a_changed_byte_is_found_by_both_and_in_the_same_place(script: Any, draw: Any) -> None:
    """Lost: damage would be replayed as if it had been ordered."""
    data = bytearray(written(script, Group))
    at = draw.draw(st.integers(0, len(data) - 1), label="at")
    data[at] ^= draw.draw(st.integers(1, 255), label="bits")
    found = scan(bytes(data), 0, PREFIX, 0, 0, 77)
    plain = plain_scan(bytes(data), 0, PREFIX, 0, 0, 77)
    assert found[0] <= at
    assert found[0] == plain.end
    assert (found[7], found[8]) == (plain.reason, plain.bad)
    assert len(script) > found[5]
    later = later_frame(bytes(data), found[0], PREFIX, found[1])
    assert later == plain_later_frame(bytes(data), found[0], PREFIX, found[1])
    if found[5] + 1 < len(script):
        assert later > at, "the groups behind it prove that it had been durable"
    else:
        assert later == -1, "nothing may prove that the last group had been durable"


@settings(max_examples=60 * SCALE, deadline=None)
@given(groups, st.data())
def test_moved_blocks_do_not_pass(script: Any, draw: Any) -> None:
    """Lost: a block the disk wrote to a wrong place would be taken for what was ordered."""
    data = written(script, Group)
    size = draw.draw(st.sampled_from([8, 32, 80, 128]), label="size")
    blocks = len(data) // size
    source = draw.draw(st.integers(0, max(0, blocks - 1)), label="source") * size
    target = draw.draw(st.integers(0, max(0, blocks - 1)), label="target") * size
    moved = bytearray(data)
    moved[target : target + size] = data[source : source + size]
    found = scan(bytes(moved), 0, PREFIX, 0, 0, 77)
    assert found[5] == len(script) if moved == data else found[0] <= target + size


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=4000), st.integers(0, 2**32 - 1))
def test_crc32c_is_the_same_by_instruction_by_tables_and_by_hand(data: bytes, seed: int) -> None:
    """Lost: a journal could not be read on another processor."""
    assert crc32c(data, seed) == crc32c_by_tables(data, seed) == plain_crc32c(data, seed)
    half = len(data) // 2
    assert crc32c(data[half:], crc32c(data[:half], seed)) == crc32c(data, seed)


def test_crc32c_gives_the_values_of_rfc_3720() -> None:
    """Lost: the checksum would be one of our own making, whose strength nobody has studied."""
    known = {
        bytes(32): 0x8A9136AA,
        b"\xff" * 32: 0x62A8AB43,
        bytes(range(32)): 0x46DD794E,
        bytes(reversed(range(32))): 0x113FDB5C,
        b"123456789": 0xE3069283,
    }
    assert all(crc32c(data) == value for data, value in known.items())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2500), st.integers(200, 200_000))
def test_commands_fill_records_of_a_thousand_until_the_group_is_full(
    count: int, capacity: int
) -> None:
    """Lost: a batch would be cut in another place than the reader expects, or overrun memory."""
    rows = os.urandom(64) * count
    group, plain = Group(capacity, PREFIX), PlainGroup(capacity, PREFIX)
    done = group.put_commands(7, 9, 16, 1, rows, 0)
    assert done == plain.put_commands(7, 9, 16, 1, rows, 0)
    assert bytes(group.view()) == bytes(plain.view())
    assert done == count or group.capacity - group.used < 64 + 32 + 80
    assert group.used + 80 <= capacity
