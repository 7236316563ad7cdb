"""The names in a journal's folder, and the small files in it: manifest and witness."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from fks.contexts.execution.adapters.journal.files import Files, replace_file, write_whole
from fks.contexts.execution.domain.journal.failures import JournalCorrupt
from fks.contexts.execution.domain.journal.layout import (
    WITNESS_BYTES,
    WITNESS_SLOTS,
    decode_witness,
    encode_witness,
)
from fks.contexts.execution.domain.journal.manifest import (
    Manifest,
    decode_manifest,
    encode_manifest,
)

__all__ = ["Folder", "WitnessFile", "read_manifest", "read_witness", "write_manifest"]

_SEGMENT = re.compile(r"segment-(\d{8,})\.fksj")
_SNAPSHOT = re.compile(r"snapshot-(\d{20})\.fkss")


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the files of one journal are."""

    path: Path

    @property
    def lock(self) -> Path:
        """Return the file whose lock the writer holds."""
        return self.path / "LOCK"

    @property
    def manifests(self) -> tuple[Path, Path]:
        """Return both copies of the manifest."""
        return self.path / "MANIFEST.a", self.path / "MANIFEST.b"

    @property
    def witness(self) -> Path:
        """Return the file that tells the highest durable seq."""
        return self.path / "ack.hw"

    @property
    def reserve(self) -> Path:
        """Return the file whose space is for cancels and the kill switch."""
        return self.path / "reserve"

    @property
    def quarantine(self) -> Path:
        """Return the folder of what was cut off."""
        return self.path / "quarantine"

    def segment(self, number: int) -> Path:
        """Return the path of a segment."""
        return self.path / f"segment-{number:08d}.fksj"

    def snapshot(self, seq: int) -> Path:
        """Return the path of a snapshot."""
        return self.path / f"snapshot-{seq:020d}.fkss"

    def segments(self, files: Files) -> list[int]:
        """Return the numbers of the segments that are there, in order."""
        return self._numbers(files, _SEGMENT)

    def snapshots(self, files: Files) -> list[int]:
        """Return the seqs of the snapshots that are there, in order."""
        return self._numbers(files, _SNAPSHOT)

    def _numbers(self, files: Files, pattern: re.Pattern[str]) -> list[int]:
        found = map(pattern.fullmatch, files.names(self.path))
        return sorted(int(match[1]) for match in found if match)

    def temporary(self, files: Files) -> list[Path]:
        """Return what was being made when a writer died."""
        return [self.path / name for name in sorted(files.names(self.path)) if name[-4:] == ".tmp"]


def read_manifest(files: Files, folder: Folder, findings: list[str]) -> Manifest | None:
    """Return the newest whole manifest, None where there is no journal yet.

    Raises `JournalCorrupt` when both copies are damaged, or missing beside records. One damaged
    copy is a finding: the other has the same content, or that of the generation before, whose
    files are all still there.
    """
    names, whole = set(files.names(folder.path)), []
    for path in folder.manifests:
        if path.name not in names:
            findings.append(f"{path.name} is missing")
            continue
        manifest = decode_manifest(files.read(path))
        if manifest is None:
            findings.append(f"{path.name} is damaged")
        else:
            whole.append(manifest)
    if not whole:
        ours = re.compile(
            f"{_SEGMENT.pattern}|{_SNAPSHOT.pattern}|{folder.witness.name}|MANIFEST.."
        )
        present = sorted(filter(ours.fullmatch, names))
        if present:
            raise JournalCorrupt(
                str(folder.manifests[0]), 0, 0, f"no manifest is whole beside {present[0]}"
            )
        findings.clear()
        return None
    if len({manifest.uuid for manifest in whole}) > 1:
        raise JournalCorrupt(str(folder.manifests[1]), 0, 0, "its copy is of another journal")
    return max(whole, key=lambda manifest: manifest.generation)


def write_manifest(files: Files, folder: Folder, manifest: Manifest) -> None:
    """Put both copies in place, one after the other."""
    data = encode_manifest(manifest)
    for path in folder.manifests:
        replace_file(files, path, data)


def read_witness(files: Files, folder: Folder, uuid: bytes, findings: list[str]) -> int:
    """Return the highest seq that was durable as `ack.hw` tells it.

    Raises `JournalCorrupt` where no slot is whole, which no crash can bring about.
    """
    path = folder.witness
    if path.name not in files.names(folder.path):
        raise JournalCorrupt(str(path), 0, 0, "it is missing")
    data = files.read(path)
    seq, damaged = decode_witness(data, uuid)
    slots = bytearray(data)
    for offset in WITNESS_SLOTS:
        slots[offset : offset + 16] = bytes(16)
    if len(data) != WITNESS_BYTES or any(slots):
        findings.append(f"{path.name} has bytes it should not have")
    if seq is None:
        raise JournalCorrupt(str(path), 0, 0, "it is damaged")
    if damaged:
        findings.append(f"{path.name}: {damaged} of its entries are damaged")
    return seq


@dataclass(slots=True)
class WitnessFile:
    """`ack.hw` while it is written: after each sync, the second slot and the third in turn."""

    files: Files
    handle: int
    uuid: bytes
    epoch: int
    turn: int = field(default=1)

    @staticmethod
    def open(files: Files, folder: Folder, uuid: bytes, epoch: int, seq: int) -> WitnessFile:
        """Replace the file by one that says, durably and in all slots, what is durable now."""
        data = bytearray(WITNESS_BYTES)
        for slot, offset in enumerate(WITNESS_SLOTS):
            data[offset : offset + 16] = encode_witness(slot, seq, epoch, uuid)
        replace_file(files, folder.witness, bytes(data))
        return WitnessFile(files, files.open(folder.witness), uuid, epoch)

    def write(self, seq: int) -> None:
        """Note that everything up to `seq` is durable."""
        entry = encode_witness(self.turn, seq, self.epoch, self.uuid)
        write_whole(self.files, self.handle, entry, WITNESS_SLOTS[self.turn])
        self.turn = 3 - self.turn

    def close(self) -> None:
        """Make it durable and close it."""
        self.files.sync(self.handle)
        self.files.close(self.handle)
