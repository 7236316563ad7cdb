"""From snapshot and changes to a book that is live, or empty.

Each exchange has its rule (`BookRule`) by which changes follow one another. A book is live from
its snapshot on until a change does not follow; then it is empty at once, and its caller is told
to get a new snapshot.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from fks.contexts.data.domain.books._book import Book
from fks.contexts.data.domain.books.outcomes import (
    APPLIED,
    BUFFERED,
    ChecksumFailed,
    Crossed,
    Gap,
    Ignored,
    Joined,
    Outcome,
    SnapshotTooOld,
    TooDeep,
    TooFine,
)
from fks.contracts.data.streams import NO_ID, BookRule, DepthUpdate, Scale

__all__ = ["BookSync", "Books"]

_MOST_WAITING = 20_000


class BookSync:
    """The book of one symbol.

    `book` is the exchange's while `live`, and empty otherwise. `last_id` is that of the last
    change in it.
    """

    __slots__ = ("_checksum", "_joining", "_link", "_rule", "_waiting", "book", "last_id", "live")

    def __init__(self, rule: BookRule, levels: int = 100_000) -> None:
        self._rule = rule
        self._link = rule.link
        self._checksum = rule.checksum
        self._joining = False
        self._waiting: deque[DepthUpdate] = deque(maxlen=_MOST_WAITING)
        self.book = Book(Scale(0, 0), levels)
        self.last_id = NO_ID
        self.live = False

    def take(self, update: DepthUpdate) -> Outcome:
        """Take a change or a snapshot, in the order in which they came."""
        if update.snapshot:
            return self._snapshot(update)
        if not self.live:
            if self._rule.snapshot == "stream":
                return Ignored(update.last_id)
            self._waiting.append(update)
            return BUFFERED
        return self._change(update)

    def lost(self) -> None:
        """Empty the book: the connection is gone, or the caller gave it up."""
        self.book.clear()
        self._waiting.clear()
        self.last_id = NO_ID
        self.live = False

    def _broken(self, outcome: Outcome) -> Outcome:
        """Empty the book and say why."""
        self.lost()
        return outcome

    def _snapshot(self, update: DepthUpdate) -> Outcome:
        """Begin anew from a snapshot, and put in what had waited for it."""
        if self.live and self._stale(update):
            return Ignored(update.last_id)
        waiting = list(self._waiting)
        late = self._too_late(update, waiting)
        if late is not None:
            self.lost()
            self._waiting.extend(waiting)
            return late
        self._waiting.clear()
        self.last_id = update.last_id
        self._joining = self._rule.snapshot == "page"
        self.live = True
        refused = self._put(update)
        if refused is not None:
            return refused
        outcome = self._checked(update)
        if outcome is not APPLIED:
            return outcome
        replayed = 0
        for change in waiting:
            outcome = self._change(change)
            if outcome.resync:
                return outcome
            replayed += outcome is APPLIED
        return Joined(replayed)

    def _stale(self, snapshot: DepthUpdate) -> bool:
        """Say whether a snapshot is older than the book. An exchange that begins anew sends 1."""
        return snapshot.last_id not in (NO_ID, 1) and snapshot.last_id <= self.last_id

    def _too_late(self, snapshot: DepthUpdate, waiting: list[DepthUpdate]) -> Outcome | None:
        """Say whether changes between a snapshot and the first that waited may be missing."""
        if not waiting or self._rule.snapshot == "stream":
            return None
        first = waiting[0]
        reaches = {
            "contiguous": first.first_id - 1,
            "previous": min(first.first_id, first.previous_id),
            "rising": first.last_id,
            "none": snapshot.last_id,
        }[self._link]
        if reaches <= snapshot.last_id:
            return None
        return SnapshotTooOld(snapshot.last_id, reaches)

    def _change(self, update: DepthUpdate) -> Outcome:
        """Put a change into a live book, if it is the next one."""
        if self._joining:
            refused = self._first(update)
        else:
            before = update.first_id - 1 if self._link == "contiguous" else update.previous_id
            refused = self._unlinked(update) if before != self.last_id else None
        if refused is not None:
            return refused
        if update.last_id != NO_ID:
            self.last_id = update.last_id
        refused = self._put(update)
        return self._checked(update) if refused is None else refused

    def _put(self, update: DepthUpdate) -> Outcome | None:
        """Put levels into the book; a book that cannot hold them is emptied, and says why."""
        put = self.book.load if update.snapshot else self.book.apply
        try:
            fits = put(update.bids, update.asks, update.scale)
        except OverflowError:
            return self._broken(TooFine(*update.scale))
        return None if fits else self._broken(TooDeep(*self.book.sizes()))

    def _first(self, update: DepthUpdate) -> Outcome | None:
        """Judge the first change after a snapshot that was asked for: it may overlap with it."""
        last = self.last_id
        if self._link == "contiguous":
            if update.last_id <= last:
                return Ignored(update.last_id)
            follows = update.first_id <= last + 1
        elif self._link == "previous":
            if update.last_id < last:
                return Ignored(update.last_id)
            follows = update.first_id <= last or update.previous_id == last
        else:
            if self._link == "rising" and update.last_id <= last:
                return Ignored(update.last_id)
            follows = True
        if not follows:
            return self._gap(update)
        self._joining = False
        return None

    def _unlinked(self, update: DepthUpdate) -> Outcome | None:
        """Judge a change that does not follow by its ids: old, of no ids, or after a gap."""
        if update.last_id == NO_ID or self._link == "none":
            return None
        if update.last_id <= self.last_id:
            return Ignored(update.last_id)
        if self._link == "rising":
            return None
        return self._gap(update)

    def _gap(self, update: DepthUpdate) -> Outcome:
        """Empty the book; the change itself is the first that waits for the next snapshot."""
        if self._link == "contiguous":
            gap = Gap(self.last_id + 1, update.first_id)
        else:
            gap = Gap(self.last_id, update.previous_id)
        self.lost()
        if self._rule.snapshot == "page":
            self._waiting.append(update)
        return gap

    def _checked(self, update: DepthUpdate) -> Outcome:
        """Look at the book after a change."""
        book = self.book
        if update.depth:
            book.trim(update.depth)
        if update.checksum != NO_ID and self._checksum:
            own = book.checksum(self._checksum)
            if own != update.checksum:
                return self._broken(ChecksumFailed(update.checksum, own))
        if self._rule.crossing == "broken" and book.crossed():
            bid, _, ask, _ = book.best()
            return self._broken(Crossed(bid, ask))
        return APPLIED


class Books:
    """The books of all symbols of one connection."""

    def __init__(self, rule: BookRule, levels: int = 100_000) -> None:
        self._rule = rule
        self._levels = levels
        self._syncs: dict[str, BookSync] = {}

    def take(self, update: DepthUpdate) -> Outcome:
        """Take a change or a snapshot of any symbol."""
        sync = self._syncs.get(update.symbol)
        if sync is None:
            sync = self._syncs[update.symbol] = BookSync(self._rule, self._levels)
        return sync.take(update)

    def live(self, symbol: str) -> Book | None:
        """Return a symbol's book, or None while there is none that can be believed."""
        sync = self._syncs.get(symbol)
        return sync.book if sync is not None and sync.live else None

    def last_id(self, symbol: str) -> int:
        """Return the id of the last change in a symbol's book."""
        sync = self._syncs.get(symbol)
        return sync.last_id if sync is not None else NO_ID

    def lost(self) -> None:
        """Empty all books: the connection is gone."""
        for sync in self._syncs.values():
            sync.lost()

    def __iter__(self) -> Iterator[str]:
        return iter(self._syncs)
