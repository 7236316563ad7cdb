"""Sortable identifiers and content hashes.

An id is 26 characters of Crockford base 32: 48 bits of milliseconds, then 80 random bits (the
ULID layout, https://github.com/ulid/spec). Ids made by one `IdSource` sort in the order in which
they were made, also within a millisecond. Hashes are BLAKE2b-256 in hex.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable

from fks.kernel.clock import Clock, SystemClock

__all__ = ["IdSource", "content_hash"]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80


class IdSource:
    """Make sortable ids from a clock and a source of randomness."""

    def __init__(
        self, clock: Clock | None = None, random_bytes: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._clock: Clock = clock or SystemClock()
        self._random_bytes = random_bytes
        self._last = 0

    def new(self) -> str:
        """Return a new id that sorts after every id this source made before."""
        millis = self._clock.now_ns() // 1_000_000
        value = (millis << _RANDOM_BITS) | int.from_bytes(self._random_bytes(10), "big")
        if value <= self._last:
            value = self._last + 1
        self._last = value
        return _encode(value)


def _encode(value: int) -> str:
    """Return 26 base-32 characters, most significant first."""
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


def content_hash(*parts: bytes | bytearray | memoryview) -> str:
    """Return the BLAKE2b-256 of the parts in hex; each part's length is hashed with it."""
    digest = hashlib.blake2b(digest_size=32)
    for part in parts:
        view = memoryview(part).cast("B")
        digest.update(len(view).to_bytes(8, "little"))
        digest.update(view)
    return digest.hexdigest()
