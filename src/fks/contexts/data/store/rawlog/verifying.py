"""Whether all that was kept is still there and unchanged: hashes, chain, and the index beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from fks.contexts.data.store.rawlog.index import Known
from fks.contexts.data.store.rawlog.segments import Broken, Frame, Segment, path_of

__all__ = ["Verified", "Verifying"]

_MOST_TOLD = 1000

Entries = Callable[[str, int], dict[int, tuple[str, int, int]]]


class Verified(NamedTuple):
    """How many records are whole, where there is damage, and how many ends were cut short.

    A line of damage names provider, segment, offset and length; a thousand lines at most.
    """

    whole: int
    damaged: tuple[str, ...]
    cut_short: int


class Verifying:
    """One look at all segments."""

    def __init__(self, progress: Callable[[int], None]) -> None:
        self._progress = progress
        self._whole = self._cut_short = 0
        self._damaged: list[str] = []

    def result(self) -> Verified:
        """Return what was found."""
        return Verified(self._whole, tuple(self._damaged), self._cut_short)

    def provider(
        self,
        name: str,
        folder: Path,
        sizes: Mapping[int, int],
        known: Mapping[int, Known],
        entries: Entries,
    ) -> None:
        """Check the segments of a provider, each up to the size it had."""
        tip: bytes | None = bytes(16)
        for number in range(1, max((0, *sizes, *known)) + 1):
            if number not in sizes:
                self._tell(name, number, "the segment is gone")
                tip = None
                continue
            with Segment.opened(path_of(folder, number)) as segment:
                segment.size = min(segment.size, sizes[number])
                kept = entries(name, number)
                if number not in known or not known[number].closed:  # later ones are not lost
                    kept = {told: one for told, one in kept.items() if told < segment.size}
                ends = known[number].ends if number in known else 0
                one = _Checked(name, number, kept, ends, last=number == max(sizes))
                tip = one.check(segment, tip, self._progress)
            self._whole += one.whole
            self._cut_short += one.cut_short
            for line in one.damaged:
                self._tell(name, number, line)

    def _tell(self, provider: str, number: int, line: str) -> None:
        """Note damage."""
        if len(self._damaged) < _MOST_TOLD:
            self._damaged.append(f"{provider} {number:08d}.log: {line}")


class _Checked:
    """What is found in a segment."""

    def __init__(
        self,
        provider: str,
        number: int,
        entries: dict[int, tuple[str, int, int]],
        ends: int,
        *,
        last: bool,
    ) -> None:
        self._provider, self._number, self._last = provider, number, last
        self._missing, self._ends, self._unlisted = entries, ends, 0
        self.whole = self.cut_short = 0
        self.damaged: list[str] = []

    def check(
        self, segment: Segment, tip: bytes | None, progress: Callable[[int], None]
    ) -> bytes | None:
        """Check all of it; return the digest of its last frame, None where that is not known."""
        head = segment.head
        if head is None or head.number != self._number:
            self.damaged.append("its head, 64 bytes at 0, is damaged")
            tip = None
        elif tip is not None and head.previous != tip:
            self.damaged.append("it does not follow what the segment before it holds now")
        if head is not None:
            tip = head.previous
        for found in segment.scan():
            if isinstance(found, Broken):
                self._broken(found)
                tip = None
                progress(found.end - found.start)
                continue
            if tip is not None and found.fixed.previous != tip:
                self.damaged.append(f"what is before {found.start:,} is not what was written there")
            tip = found.fixed.digest
            self._frame(segment, found)
            progress(found.fixed.length)
        for told, (payload, _, length) in sorted(self._missing.items()):
            self.damaged.append(f"{length:,} bytes at {told:,} are gone (payload {payload[:16]})")
            tip = None
        if self._unlisted:
            self.damaged.append(
                f"{self._unlisted:,} records are whole but not in index.db; it is derived: take it "
                "away and it is made again"
            )
        return tip

    def _frame(self, segment: Segment, found: Frame) -> None:
        """Check one frame with its body."""
        place = f"{found.fixed.length:,} bytes at {found.start:,}"
        listed = self._missing.pop(found.fixed.told, None)
        if found.told.provider != self._provider:
            self.damaged.append(f"{place} belong to {found.told.provider[:64]!r}")
        elif segment.record(found) is None:
            self.damaged.append(f"{place} are damaged (payload {found.id[:16]})")
        elif found.fixed.told != found.start:
            self.damaged.append(f"{place} were written at {found.fixed.told:,} (they are whole)")
        else:
            self.whole += 1
            unlisted = listed is None and found.start < self._ends
            self._unlisted += unlisted or (listed is not None and listed[0] != found.id)

    def _broken(self, found: Broken) -> None:
        """Note bytes that are no frame, and which payloads they were."""
        inside = [
            told
            for told, (_, start, length) in self._missing.items()
            if start < found.end and start + length > found.start
        ]
        if found.torn and self._last and not inside:
            self.cut_short += 1
            return
        names = ", ".join(self._missing.pop(told)[0][:16] for told in sorted(inside))
        which = f" (payload {names})" if names else ""
        self.damaged.append(
            f"{found.end - found.start:,} bytes at {found.start:,} are damaged{which}"
        )
