"""Letting the index know what is in the segments, and cutting off what was never finished."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from fks.contexts.data.store.rawlog.frames import SEGMENT_BYTES
from fks.contexts.data.store.rawlog.index import Entry, Index, Known
from fks.contexts.data.store.rawlog.records import folder_name
from fks.contexts.data.store.rawlog.segments import Broken, Frame, Segment, numbers, path_of

__all__ = ["behind", "catch_up", "is_last", "providers"]


def providers(root: Path, only: str | None) -> Iterator[tuple[str, Path]]:
    """Yield the providers that have a folder, by name."""
    if only is not None:
        folder = root / folder_name(only)
        if folder.is_dir():
            yield only, folder
    elif root.is_dir():
        for folder in sorted(root.iterdir()):
            if folder.is_dir():
                yield unquote(folder.name), folder


def behind(index: Index, provider: str, folder: Path) -> bool:
    """Tell whether there is more, or less, than the index knows."""
    known = index.known(provider)
    for number in numbers(folder):
        there = known.get(number)
        if there is None or there.ends != path_of(folder, number).stat().st_size:
            return True
    return False


def _is_known(path: Path, known: Known) -> bool:
    """Tell whether a segment is still the one that is known, and known to its end."""
    try:
        with Segment.opened(path) as segment:
            head = segment.head
            return segment.size == known.ends and (head is None or head.salt == known.salt)
    except FileNotFoundError:
        return False


def is_last(folder: Path, known: Known) -> bool:
    """Tell whether a segment is known to its end and is the last one."""
    following = path_of(folder, known.segment + 1)
    return _is_known(path_of(folder, known.segment), known) and not following.exists()


def catch_up(index: Index, provider: str, folder: Path, *, cut: bool) -> Known | None:
    """Note what is in the segments beyond what is known; return the end of the last one.

    With `cut` a frame at the very end that was never finished is cut off. The caller holds the
    lock of the folder.
    """
    known = index.known(provider)
    there = numbers(folder)
    for number in there:
        path, before = path_of(folder, number), known.get(number)
        if before is None or not _is_known(path, before):
            last = number == there[-1]
            known[number] = _learn(index, provider, path, before, number, last=last)
            if cut and last and known[number].ends < path.stat().st_size:
                os.truncate(path, known[number].ends)
    return known[max(known)] if known else None


def _learn(
    index: Index, provider: str, path: Path, before: Known | None, number: int, *, last: bool
) -> Known:
    """Note what a segment holds beyond what is known of it.

    Nothing is appended to a segment with damage in it, nor to one that has lost its end.
    """
    with Segment.opened(path) as segment:
        head = segment.head
        if before is not None and head is not None and head.salt != before.salt:
            index.forget(provider, number)  # it is another file
            before = None
        if before is None:
            salt, tip = (b"", bytes(16)) if head is None else (head.salt, head.previous)
            before = Known(number, SEGMENT_BYTES, salt, tip, closed=head is None)
        if segment.size < before.ends:
            after = before._replace(ends=segment.size, closed=True)
            index.add(provider, (), after)
            return after
        entries: list[Entry] = []
        ends, tip, closed = before.ends, before.tip, before.closed
        for found in segment.scan(before.ends):
            if isinstance(found, Broken):
                if found.torn and last:
                    continue
                ends, closed = found.end, True
            else:
                ends, tip = found.end, found.fixed.digest
                if found.told.provider == provider:
                    entries.append(_entry(found))
                closed = closed or found.fixed.told != found.start
        after = Known(number, ends, before.salt, tip, closed)
        index.add(provider, entries, after)
    return after


def _entry(found: Frame) -> Entry:
    """Return what the index notes of a frame."""
    told, fixed = found.told, found.fixed
    rest = (told.job, told.number, told.status, told.received_at_ns, told.bytes)
    return Entry(fixed.told, found.start, fixed.length, found.id, *rest)
