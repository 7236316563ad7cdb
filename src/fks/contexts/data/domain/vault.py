"""The holdout vault: which bars are sealed, which reads may pass, and what was looked at.

The state is the fold of an append-only log. A seal has no way back; a grant lets a number of
reads pass, each of which is an entry before the bars are handed out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

import msgspec

from fks.contracts.data.datasets import Look, SealedRange, VaultState
from fks.kernel.errors import Invalid

__all__ = ["VaultEntry", "granted", "reason_now", "sealing", "state", "touched"]

MOST_READS = 1000
_REASON_LETTERS = 8


class VaultEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a name's sealed bars; `key` makes a command idempotent."""

    kind: Literal["sealed", "opened", "read"]
    at_ns: int
    by: str
    dataset: str
    hash: str = ""
    from_ts_ns: int = 0
    to_ts_ns: int = 0
    reason: str = ""
    reads: int = 0
    key: str = ""


def sealing(entries: Sequence[VaultEntry], entry: VaultEntry) -> VaultEntry | None:
    """Return a seal to append, or None where the same range is sealed already.

    Raises `Invalid` for a range without length.
    """
    if entry.from_ts_ns >= entry.to_ts_ns:
        raise Invalid("a sealed range must end after it begins", code="data.bad_seal")
    same = any(
        one.kind == "sealed"
        and (one.dataset, one.from_ts_ns, one.to_ts_ns)
        == (entry.dataset, entry.from_ts_ns, entry.to_ts_ns)
        for one in entries
    )
    return None if same else entry


def granted(entries: Sequence[VaultEntry], entry: VaultEntry) -> VaultEntry | None:
    """Return a grant to append, or None where the command of this key was heard already.

    Raises `Invalid` where nothing is sealed, without a reason, and for an odd number of reads.
    """
    if entry.key and any(one.key == entry.key for one in entries):
        return None
    if not any(one.kind == "sealed" and one.dataset == entry.dataset for one in entries):
        raise Invalid(f"nothing of {entry.dataset} is sealed", code="data.not_sealed")
    if len(entry.reason.strip()) < _REASON_LETTERS:
        raise Invalid(
            f"say why in at least {_REASON_LETTERS} letters: the reason stays in the log",
            code="data.no_reason",
        )
    if not 1 <= entry.reads <= MOST_READS:
        raise Invalid(f"grant 1 to {MOST_READS} reads", code="data.bad_reads")
    return entry


def reason_now(entries: Sequence[VaultEntry], dataset: str) -> tuple[int, str]:
    """Return how many reads of a name's sealed bars may pass, and the reason of the next one.

    Grants are used up in the order in which they were given.
    """
    grants = [one for one in entries if one.kind == "opened" and one.dataset == dataset]
    used = sum(one.kind == "read" and one.dataset == dataset for one in entries)
    left = sum(one.reads for one in grants) - used
    for one in grants:
        if used < one.reads:
            return left, one.reason
        used -= one.reads
    return 0, ""


def touched(
    entries: Sequence[VaultEntry], names: Collection[str], from_ts_ns: int, to_ts_ns: int
) -> list[VaultEntry]:
    """Return the seals of some names that a read of `[from_ts_ns, to_ts_ns)` touches."""
    return [
        one
        for one in entries
        if one.kind == "sealed"
        and one.dataset in names
        and one.from_ts_ns < to_ts_ns
        and from_ts_ns < one.to_ts_ns
    ]


def state(entries: Sequence[VaultEntry], dataset: str, head: str) -> VaultState:
    """Return what is sealed and every look, of all names or of one."""
    ours = [one for one in entries if dataset in ("", one.dataset)]
    looks = tuple(
        Look(
            dataset=one.dataset,
            dataset_hash=one.hash,
            from_ts_ns=one.from_ts_ns,
            to_ts_ns=one.to_ts_ns,
            at_ns=one.at_ns,
            by=one.by,
            reason=one.reason,
        )
        for one in ours
        if one.kind == "read"
    )
    seals = []
    for one in ours:
        if one.kind == "sealed":
            left, reason = reason_now(entries, one.dataset)
            seals.append(
                SealedRange(
                    dataset=one.dataset,
                    from_ts_ns=one.from_ts_ns,
                    to_ts_ns=one.to_ts_ns,
                    sealed_at_ns=one.at_ns,
                    by=one.by,
                    looks=sum(
                        look.dataset == one.dataset
                        and look.from_ts_ns < one.to_ts_ns
                        and one.from_ts_ns < look.to_ts_ns
                        for look in looks
                    ),
                    reads_left=left,
                    reason=reason,
                )
            )
    return VaultState(seals=tuple(seals), looks=looks, entries=len(entries), head=head)
