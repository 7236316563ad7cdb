"""The history of a name: which version was its latest when, and which tags it had.

A name is never rewritten: an import, a correction, a tag and a removal are entries. What was
known at a time is the fold of the entries up to it, so that nothing which comes later changes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from fks.contracts.data.datasets import DatasetVersion, Provenance
from fks.kernel.errors import Conflict, Invalid

__all__ = [
    "Entry",
    "check_tag",
    "current",
    "known",
    "not_before",
    "provenances",
    "stored_hashes",
    "tagged",
    "tags",
    "versions",
]

_TAG = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")
_LIKE_A_HASH = re.compile(r"[0-9a-f]{8,64}\Z")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a name. `hash` is the version it happened to."""

    kind: Literal["stored", "tagged", "collected"]
    at_ns: int
    hash: str
    tag: str = ""
    made_by: Provenance = Provenance()


def known(entries: Sequence[Entry], as_of_ns: int) -> Sequence[Entry]:
    """Return the entries up to a time, it included; they are in order of time."""
    return [entry for entry in entries if entry.at_ns <= as_of_ns]


def current(entries: Iterable[Entry]) -> str | None:
    """Return the version that was stored last."""
    found = None
    for entry in entries:
        if entry.kind == "stored":
            found = entry.hash
    return found


def tags(entries: Iterable[Entry]) -> dict[str, str]:
    """Return the version of each tag."""
    return {entry.tag: entry.hash for entry in entries if entry.kind == "tagged"}


def stored_hashes(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Return every version that was ever stored, in the order in which it came first."""
    return tuple(dict.fromkeys(entry.hash for entry in entries if entry.kind == "stored"))


def provenances(entries: Iterable[Entry], of: str) -> tuple[Provenance, ...]:
    """Return the ways in which a version was brought in, without repeats, the first one first."""
    found = [entry.made_by for entry in entries if entry.kind == "stored" and entry.hash == of]
    return tuple(one for k, one in enumerate(found) if one not in found[:k])


def versions(entries: Sequence[Entry]) -> tuple[DatasetVersion, ...]:
    """Return all versions, oldest first."""
    named = tags(entries)
    latest = current(entries)
    found = []
    for of in stored_hashes(entries):
        times = [entry.at_ns for entry in entries if entry.kind == "stored" and entry.hash == of]
        found.append(
            DatasetVersion(
                hash=of,
                first_at_ns=times[0],
                last_at_ns=times[-1],
                tags=tuple(sorted(tag for tag, version in named.items() if version == of)),
                latest=of == latest,
            )
        )
    return tuple(found)


def not_before(entries: Sequence[Entry], now_ns: int) -> int:
    """Return the time of the next entry: now, or just after the last when a clock went back."""
    return max(now_ns, entries[-1].at_ns + 1) if entries else now_ns


def check_tag(text: str) -> str:
    """Return a tag. Raises `Invalid` for what is none, or could be taken for a hash."""
    if not _TAG.match(text) or _LIKE_A_HASH.match(text):
        raise Invalid(
            f"{text[:80]!r} cannot be a tag: use a-z, 0-9, dot, _ and -, at most 64, and nothing "
            "that looks like a hash",
            code="data.bad_tag",
        )
    return text


def tagged(entries: Sequence[Entry], tag: str, of: str, now_ns: int, *, move: bool) -> Entry | None:
    """Return the entry that gives a version a tag, or None where it has it.

    Raises `Conflict` when another version has it and it is not to be moved.
    """
    holder = tags(entries).get(check_tag(tag))
    if holder == of:
        return None
    if holder is not None and not move:
        raise Conflict(
            f"tag {tag} is on {holder[:12]}; give --move to take it from there",
            code="data.tag_taken",
        )
    return Entry(kind="tagged", at_ns=not_before(entries, now_ns), hash=of, tag=tag)
