"""What became of a change of a book. All are values: the caller acts.

Where `resync` is true the book was emptied at once, so that nobody takes it for live, and a new
snapshot is needed.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

__all__ = [
    "APPLIED",
    "BUFFERED",
    "Applied",
    "Buffered",
    "ChecksumFailed",
    "Crossed",
    "Gap",
    "Ignored",
    "Joined",
    "Outcome",
    "SnapshotTooOld",
    "TooDeep",
    "TooFine",
]


class Applied(msgspec.Struct, frozen=True):
    """The change is in the book, and the book is live."""

    resync: ClassVar[bool] = False


class Joined(msgspec.Struct, frozen=True):
    """A snapshot is the book, and `replayed` changes that had waited for it are in it."""

    replayed: int
    resync: ClassVar[bool] = False


class Buffered(msgspec.Struct, frozen=True):
    """The change waits for a snapshot."""

    resync: ClassVar[bool] = False


class Ignored(msgspec.Struct, frozen=True):
    """The change is older than the book, or came before its snapshot."""

    id: int
    resync: ClassVar[bool] = False


class Gap(msgspec.Struct, frozen=True):
    """Changes between were lost."""

    expected: int
    got: int
    resync: ClassVar[bool] = True


class SnapshotTooOld(msgspec.Struct, frozen=True):
    """The snapshot is older than the first change that waited for it."""

    snapshot: int
    first: int
    resync: ClassVar[bool] = True


class ChecksumFailed(msgspec.Struct, frozen=True):
    """The exchange's book is another one."""

    expected: int
    got: int
    resync: ClassVar[bool] = True


class Crossed(msgspec.Struct, frozen=True):
    """The best bid is not below the best ask, which this exchange's book never is."""

    bid: int
    ask: int
    resync: ClassVar[bool] = True


class TooDeep(msgspec.Struct, frozen=True):
    """More levels than any market has."""

    bids: int
    asks: int
    resync: ClassVar[bool] = True


class TooFine(msgspec.Struct, frozen=True):
    """A change needs so many decimals that the levels there are cannot be written with them."""

    price_decimals: int
    quantity_decimals: int
    resync: ClassVar[bool] = True


Outcome = (
    Applied
    | Joined
    | Buffered
    | Ignored
    | Gap
    | SnapshotTooOld
    | ChecksumFailed
    | Crossed
    | TooDeep
    | TooFine
)

APPLIED, BUFFERED = Applied(), Buffered()
