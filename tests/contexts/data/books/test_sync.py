"""How a book becomes live, and stops being it."""

from __future__ import annotations

import numpy as np
import pytest

from fks.contexts.data.domain.books.outcomes import (
    APPLIED,
    BUFFERED,
    ChecksumFailed,
    Crossed,
    Gap,
    Ignored,
    Joined,
    SnapshotTooOld,
    TooDeep,
)
from fks.contexts.data.domain.books.sync import Books, BookSync
from fks.contracts.data.streams import LEVEL, NO_ID, BookRule, DepthUpdate, Scale

SPOT = BookRule(link="contiguous", snapshot="page")
FUTURES = BookRule(link="previous", snapshot="page")
TIMED = BookRule(link="rising", snapshot="page")
STREAMED = BookRule(link="previous", snapshot="stream")


def change(
    first: int,
    last: int,
    previous: int = NO_ID,
    *,
    bids: tuple[tuple[int, int], ...] = ((10, 1),),
    asks: tuple[tuple[int, int], ...] = (),
    snapshot: bool = False,
    checksum: int = NO_ID,
    symbol: str = "X",
) -> DepthUpdate:
    """Return a change of whole prices and quantities."""
    packed = [np.array([(p, q, 0, 0) for p, q in side], LEVEL).tobytes() for side in (bids, asks)]
    return DepthUpdate(
        symbol,
        Scale(0, 0),
        packed[0],
        packed[1],
        first,
        last,
        previous,
        0,
        0,
        snapshot,
        checksum,
    )


def snapshot(number: int, **given: object) -> DepthUpdate:
    """Return a snapshot."""
    return change(number, number, snapshot=True, **given)  # type: ignore[arg-type]  # as above


def test_changes_wait_for_the_snapshot_and_follow_it() -> None:
    """Lost: spot's rule, by which the first event holds the id after the snapshot's."""
    sync = BookSync(SPOT)
    for first, last in ((90, 95), (96, 102), (103, 103)):
        assert sync.take(change(first, last)) is BUFFERED
    assert sync.take(snapshot(100)) == Joined(2)
    assert sync.last_id == 103
    assert sync.take(change(104, 110)) is APPLIED
    assert sync.take(change(104, 110)) == Ignored(110)
    assert sync.take(change(112, 113)) == Gap(111, 112)
    assert not sync.live
    assert sync.book.sizes() == (0, 0)
    assert sync.take(snapshot(112)) == Joined(1)


def test_a_futures_event_names_the_one_before() -> None:
    """Lost: on futures ids skip, so that spot's rule would see gaps where there are none."""
    sync = BookSync(FUTURES)
    assert sync.take(change(90, 98, 85)) is BUFFERED
    assert sync.take(change(99, 105, 98)) is BUFFERED
    assert sync.take(snapshot(100)) == Joined(1)
    assert sync.take(change(120, 130, 105)) is APPLIED
    assert sync.take(change(140, 150, 131)) == Gap(130, 131)


def test_a_snapshot_older_than_all_changes_is_asked_for_again() -> None:
    """Lost: what happened between it and the first change would be missing from the book."""
    for rule in (SPOT, FUTURES, TIMED):
        sync = BookSync(rule)
        assert sync.take(change(105, 110, 104)) is BUFFERED
        outcome = sync.take(snapshot(50))
        assert isinstance(outcome, SnapshotTooOld)
        assert outcome.resync
        assert not sync.live
        assert sync.take(snapshot(111)) == Joined(0)
        assert sync.live


def test_a_late_snapshot_does_not_turn_a_live_book_back() -> None:
    """Lost: two snapshots asked for, and the older one coming last, would undo changes."""
    sync = BookSync(SPOT)
    sync.take(snapshot(100))
    assert sync.take(change(101, 105)) is APPLIED
    assert sync.take(snapshot(103, bids=((99, 9),))) == Ignored(103)
    assert sync.book.best()[0] == 10


def test_an_exchange_that_begins_anew_counts_from_one() -> None:
    """Lost: after a restart of the exchange its books would be refused as old."""
    sync = BookSync(BookRule(link="contiguous", snapshot="stream"))
    sync.take(snapshot(5000))
    assert sync.take(snapshot(1)) == Joined(0)
    assert sync.take(change(2, 2)) is APPLIED


def test_ids_of_one_exchange_may_fall_where_changes_still_follow() -> None:
    """Lost: OKX sets its ids back in maintenance; the change before is named nevertheless."""
    sync = BookSync(STREAMED)
    sync.take(snapshot(500))
    assert sync.take(change(3, 3, 500)) is APPLIED
    assert sync.take(change(9, 9, 3)) is APPLIED


def test_a_wrong_checksum_empties_the_book() -> None:
    """Lost: the exchange says itself that the book is not its own."""
    sync = BookSync(BookRule(link="none", checksum="okx"))
    assert sync.take(change(NO_ID, NO_ID)) == Ignored(NO_ID)
    outcome = sync.take(snapshot(NO_ID, checksum=7))
    assert isinstance(outcome, ChecksumFailed)
    assert outcome.resync
    assert sync.book.sizes() == (0, 0)
    assert sync.take(change(NO_ID, NO_ID)) == Ignored(NO_ID)


def test_a_crossed_book_is_given_up_unless_the_exchange_passes_through_it() -> None:
    """Lost: a bid above an ask is money for nothing that does not exist."""
    sync = BookSync(STREAMED)
    assert sync.take(snapshot(1, asks=((12, 1),))) == Joined(0)
    assert sync.take(change(2, 2, 1, bids=((12, 1),))) == Crossed(12, 12)
    assert not sync.live
    passing = BookSync(BookRule(link="previous", crossing="passing"))
    passing.take(snapshot(1, asks=((12, 1),)))
    assert passing.take(change(2, 2, 1, bids=((12, 1),))) is APPLIED


def test_a_book_without_end_is_given_up() -> None:
    """Lost: a hostile exchange would fill the memory with levels."""
    sync = BookSync(STREAMED, levels=3)
    assert sync.take(snapshot(1)) == Joined(0)
    many = tuple((price, 1) for price in range(20, 30))
    assert sync.take(change(2, 2, 1, bids=many)) == TooDeep(11, 0)
    assert not sync.live


def test_no_more_changes_wait_than_are_worth_it() -> None:
    """Lost: a snapshot that never comes would fill the memory; the oldest go, and it is noticed."""
    sync = BookSync(SPOT)
    for number in range(1, 20_102):
        sync.take(change(number, number))
    assert isinstance(sync.take(snapshot(50)), SnapshotTooOld)
    assert sync.take(snapshot(20_100)) == Joined(1)


def test_a_lost_connection_leaves_no_book_live() -> None:
    """Lost: the last book of a dead connection would be shown for ever."""
    books = Books(STREAMED)
    assert books.live("X") is None
    books.take(snapshot(1))
    books.take(snapshot(1, symbol="Y"))
    assert sorted(books) == ["X", "Y"]
    assert books.live("X") is not None
    books.take(change(5, 5, 4))
    assert books.live("X") is None
    assert books.live("Y") is not None
    books.lost()
    assert books.live("Y") is None


def test_rows_that_are_no_levels_are_refused() -> None:
    """Lost: a book would be read from whatever memory follows."""
    sync = BookSync(STREAMED)
    whole = snapshot(1)
    with pytest.raises(ValueError, match="cut off"):
        sync.book.load(whole.bids[:-1], b"", whole.scale)
    below = np.array([(1, -1, 0, 0)], LEVEL).tobytes()
    with pytest.raises(OverflowError):
        sync.book.apply(below, b"", whole.scale)
    large = np.array([(2**62, 1, 0, 0)], LEVEL).tobytes()
    with pytest.raises(OverflowError):
        sync.book.apply(large, b"", whole.scale)
    sync.book.load(whole.bids, b"", whole.scale)
    with pytest.raises(ValueError, match="scale"):
        sync.book.apply(whole.bids, b"", Scale(99, 0))
    assert sync.book.sizes() == (1, 0)
