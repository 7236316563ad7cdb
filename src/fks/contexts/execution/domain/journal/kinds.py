"""The registry of record types: what may stand in a journal, in which versions.

Append only: a number, once used, keeps its meaning for ever, and every version stays readable
through upcasters. A reader refuses what it does not know rather than skip it. Numbers below 16 are
the journal's own and never reach the machine.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fks.contexts.execution.domain.journal.failures import JournalTooNew
from fks.contexts.execution.domain.journal.layout import COMMIT_KIND

__all__ = [
    "CHECKPOINT_HASH",
    "COMMANDS",
    "FIRST_OF_MACHINE",
    "KINDS",
    "RECOVERED",
    "Kind",
    "Kinds",
    "checkpoint",
    "checkpoint_of",
    "recovered",
]

Upcaster = Callable[[bytes], bytes]

CHECKPOINT_HASH = 2
RECOVERED = 3
FIRST_OF_MACHINE = 16
COMMANDS = 16

_CHECKPOINT = struct.Struct("<Q32s")  # the last record of the state, its hash
_RECOVERED = struct.Struct("<QIQ")  # the last record kept, the writer's epoch, bytes quarantined


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of record: its number, its name, its newest version and how older ones are read.

    `upcasters[v]` turns a payload of version v into one of version v + 1.
    """

    number: int
    name: str
    version: int = 1
    upcasters: Mapping[int, Upcaster] = field(default_factory=dict)

    def __post_init__(self) -> None:
        missing = set(range(1, self.version)) - set(self.upcasters)
        assert not missing, f"{self.name}: versions {sorted(missing)} could not be read any more"


class Kinds:
    """The types that one program knows."""

    def __init__(self, kinds: tuple[Kind, ...]) -> None:
        self._kinds = {kind.number: kind for kind in kinds}
        assert len(self._kinds) == len(kinds), "a number of a record type is used twice"
        self.newest = {kind.number: kind.version for kind in kinds}

    def __getitem__(self, number: int) -> Kind:
        return self._kinds[number]

    def with_kinds(self, *kinds: Kind) -> Kinds:
        """Return a registry with more types."""
        return Kinds((*self._kinds.values(), *kinds))

    def name(self, number: int) -> str:
        """Return the name of a type, or its number where it is unknown."""
        kind = self._kinds.get(number)
        return kind.name if kind else f"type {number}"

    def current(self, seq: int, number: int, version: int, payload: bytes) -> tuple[int, bytes]:
        """Return version and payload as the newest version has them.

        Raises `JournalTooNew` for an unknown type or a later version.
        """
        kind = self._kinds.get(number)
        if kind is None or not 1 <= version <= kind.version:
            raise JournalTooNew(
                f"record {seq} is {self.name(number)}, version {version}, which this FKS does not "
                "know: run the version that wrote it, or restore the backup made before its upgrade"
            )
        for step in range(version, kind.version):
            payload = kind.upcasters[step](payload)
        return kind.version, payload


KINDS = Kinds(
    (
        Kind(COMMIT_KIND, "COMMIT"),
        Kind(CHECKPOINT_HASH, "CHECKPOINT_HASH"),
        Kind(RECOVERED, "RECOVERED"),
        Kind(COMMANDS, "COMMANDS"),  # 1 to 1,000 commands of the matching engine, 64 bytes each
        Kind(17, "ACTIVATE_RULES"),  # u32: rules of this number hold from here on
        Kind(18, "INTENT"),  # what will be sent to a venue, before it is
        Kind(19, "VENUE_REPORT"),  # what a venue said
        Kind(20, "CONFIGURATION"),
        Kind(21, "KILL"),
        Kind(22, "ARM"),
    )
)


def checkpoint(seq: int, state_hash: bytes) -> bytes:
    """Return the payload of a CHECKPOINT_HASH: the state after record `seq`."""
    return _CHECKPOINT.pack(seq, state_hash)


def checkpoint_of(payload: bytes) -> tuple[int, bytes]:
    """Return the record and the hash that a CHECKPOINT_HASH names."""
    seq, state_hash = _CHECKPOINT.unpack(payload)
    return seq, state_hash


def recovered(seq: int, epoch: int, quarantined_bytes: int) -> bytes:
    """Return the payload of a RECOVERED: where the journal goes on after a restart."""
    return _RECOVERED.pack(seq, epoch, quarantined_bytes)
