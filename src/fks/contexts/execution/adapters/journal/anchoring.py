"""Sign and keep anchors beside the engine, and compare a journal with them."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fks.contexts.execution.adapters.journal.files import Files, OsFiles, replace_file, write_whole
from fks.contexts.execution.adapters.journal.folder import Folder
from fks.contexts.execution.adapters.journal.survey import Survey
from fks.contexts.execution.domain.journal._frames import Digest
from fks.contexts.execution.domain.journal.anchors import (
    NO_ANCHOR,
    Anchor,
    Signed,
    decode_lines,
    encode_line,
    joined,
    last_seq,
)
from fks.contexts.execution.domain.journal.failures import JournalAnchors, JournalCorrupt

__all__ = ["AnchorPlaces", "Anchors", "check_anchors", "read_anchors"]

_log = structlog.get_logger("fks.execution")
EVERY_RECORDS = 1_000
EVERY_S = 60.0


class AnchorPlaces(NamedTuple):
    """Where the key and the anchors are; `elsewhere` is a folder that the desk cannot roll back."""

    folder: Path
    elsewhere: Path | None = None

    @property
    def key(self) -> Path:
        """Return the file of the private key."""
        return self.folder / "anchor.key"

    def files(self, uuid: bytes) -> list[Path]:
        """Return the files of the anchors of a journal: ours, then the one elsewhere."""
        name = f"anchors-{uuid.hex()}.jsonl"
        return [place / name for place in (self.folder, self.elsewhere) if place is not None]


class _End(NamedTuple):
    """How far the journal is durable."""

    segment: int
    used: int
    seq: int
    digest: bytes


@dataclass(slots=True)
class Anchors:
    """Anchors while the journal is written: `tell` belongs to the log thread, the rest to the
    keeper's. They stop nothing: what is wrong with them is told by `failing`.
    """

    places: AnchorPlaces
    uuid: bytes
    wall_ns: Callable[[], int] = time.time_ns
    monotonic_s: Callable[[], float] = time.monotonic
    files: Files = field(default_factory=OsFiles)
    failing: str = ""
    _end: _End | None = None
    _last: Signed | None = None
    _whole: bytes = b""  # all lines
    _written: dict[Path, int] = field(default_factory=dict)  # bytes that are known to be there
    _at_s: float = 0.0
    _key: Ed25519PrivateKey | None = None

    def tell(self, segment: int, used: int, seq: int, digest: bytes) -> None:
        """Note how far the journal is durable."""
        self._end = _End(segment, used, seq, digest)

    @property
    def due(self) -> bool:
        """Tell whether an anchor is to be signed: a minute or 1,000 records after the last."""
        end, last = self._end, self._last
        if end is None:
            return False
        new = end.seq - (0 if last is None else last.anchor.seq)
        return new >= EVERY_RECORDS or (new > 0 and self.monotonic_s() - self._at_s >= EVERY_S)

    def open(self) -> int:
        """Take up the anchors that there are; return the last record that they know.

        Raises `JournalAnchors` where they are damaged, of two histories, or signed otherwise.
        """
        self._key = _key_of(self.places.key, self.files)
        anchors = read_anchors(self.files, self.places, self.uuid, newest_only=True)
        self._last = anchors[-1] if anchors else None
        self._whole = b"".join(map(encode_line, anchors))
        self._put()
        self._at_s = self.monotonic_s()
        return last_seq(anchors)

    def step(self, *, force: bool = False) -> None:
        """Sign an anchor where one is due, or there is anything new (`force`)."""
        end, last = self._end, self._last
        new = end is not None and (last is None or end.seq > last.anchor.seq)
        if end is None or self._key is None or not new or not (force or self.due):
            return
        signed = _signed(self._key, self._next(end))
        self._last, self._at_s = signed, self.monotonic_s()
        self._whole += encode_line(signed)
        self._put()

    def _next(self, end: _End) -> Anchor:
        last = self._last
        return Anchor(
            number=1 if last is None else last.anchor.number + 1,
            journal=self.uuid.hex(),
            segment=end.segment,
            used=end.used,
            seq=end.seq,
            ts_ns=self.wall_ns(),
            digest=end.digest.hex(),
            previous=NO_ANCHOR if last is None else last.hash,
        )

    def _put(self) -> None:
        """Bring all lines to both files; one that is away gets them the next time."""
        self.failing = ""
        for path in self.places.files(self.uuid):
            try:
                self._bring(path)
            except (OSError, JournalAnchors) as error:
                self._written.pop(path, None)
                self.failing = f"anchors cannot be written to {path.parent}: {error}"
                _log.error("journal_anchors", file=str(path), error=str(error))

    def _bring(self, path: Path) -> None:
        """Append what a file lacks. Raises `JournalAnchors` where it holds what we do not know."""
        files = self.files
        files.make_folder(path.parent)
        at = self._written.get(path)
        if at is None or not self._is_as_we_left_it(path, at):
            have = files.read(path) if path.name in files.names(path.parent) else b""
            at = have.rfind(b"\n") + 1  # behind it: a line that was being written
            if have[:at] != self._whole[:at]:
                raise JournalAnchors("they are of another history: was the journal rolled back?")
            if len(have) != at or not have:
                replace_file(files, path, self._whole)
                at = len(self._whole)
        if at < len(self._whole):
            handle = files.open(path)
            try:
                write_whole(files, handle, self._whole[at:], at)
                files.sync(handle)
            finally:
                files.close(handle)
        self._written[path] = len(self._whole)

    def _is_as_we_left_it(self, path: Path, size: int) -> bool:
        """Tell whether a file ends where and as we wrote it: a folder may have been swapped."""
        last = min(size, 512)
        return (
            path.is_file()
            and path.stat().st_size == size
            and self.files.read_part(path, size - last, last) == self._whole[size - last : size]
        )


def read_anchors(
    files: Files,
    places: AnchorPlaces,
    uuid: bytes,
    key: bytes | None = None,
    *,
    newest_only: bool = False,
) -> Sequence[Signed]:
    """Return the anchors of a journal, here or elsewhere, their signatures checked.

    `newest_only` checks the last signature, which holds the hashes of all lines before it.
    `key` is the public key, our own where it is None. Raises `JournalAnchors`.
    """
    found: Sequence[Signed] = []
    for path in places.files(uuid):
        if path.name in _names(files, path.parent):
            found = joined(found, decode_lines(files.read(path), str(path)))
    if found:
        _check_signatures(
            found[-1:] if newest_only else found, uuid, key or _public(places.key, files)
        )
    return found


def check_anchors(files: Files, path: Path, found: Survey, anchors: Iterable[Signed]) -> int:
    """Compare a journal with its anchors; return how many were found true in what is kept.

    Raises `JournalCorrupt` where it ends before an anchor or is not what was signed.
    """
    folder, checked = Folder(path), 0
    digests: dict[int, tuple[int, Digest, bytes]] = {}
    kept = {entry.number: entry for entry in found.sealed}
    for signed in anchors:
        anchor = signed.anchor
        if found.manifest is None or anchor.seq > found.position.seq:
            raise JournalCorrupt(str(path), 0, found.position.seq, _when(signed, "had been there"))
        entry = kept.get(anchor.segment)
        dropped = found.manifest.dropped
        if entry is None and dropped is not None and anchor.segment <= dropped.number:
            continue  # not kept any more; the next ones hang on it
        place = folder.segment(anchor.segment)
        if entry is None or anchor.used > entry.used:
            raise JournalCorrupt(str(place), 0, found.position.seq, _when(signed, "was elsewhere"))
        at, digest, data = digests.get(anchor.segment) or (0, Digest(b""), files.read(place))
        digest.update(memoryview(data)[at : anchor.used])
        digests[anchor.segment] = (anchor.used, digest, data)
        if digest.digest().hex() != anchor.digest:
            raise JournalCorrupt(str(place), anchor.used, anchor.seq, _when(signed, "was another"))
        checked += 1
    return checked


def _when(signed: Signed, what: str) -> str:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(signed.anchor.ts_ns / 1e9))
    return (
        f"by the anchor signed at {when} UTC record {signed.anchor.seq} {what}: the journal was "
        "rolled back or rewritten"
    )


def _check_signatures(anchors: Iterable[Signed], uuid: bytes, key: bytes) -> None:
    public = Ed25519PublicKey.from_public_bytes(key)
    for one in anchors:
        if one.key != key.hex() or one.anchor.journal != uuid.hex():
            raise JournalAnchors(f"anchor {one.anchor.number} is of another key or journal")
        try:
            public.verify(bytes.fromhex(one.signature), one.anchor.signed_bytes())
        except (InvalidSignature, ValueError) as error:
            raise JournalAnchors(f"anchor {one.anchor.number} was not signed with it") from error


def _signed(key: Ed25519PrivateKey, anchor: Anchor) -> Signed:
    return Signed(
        anchor=anchor,
        key=key.public_key().public_bytes_raw().hex(),
        signature=key.sign(anchor.signed_bytes()).hex(),
    )


def _key_of(path: Path, files: Files) -> Ed25519PrivateKey:
    """Return the key; one is made where there is none, for its owner only."""
    files.make_folder(path.parent)
    if path.name not in files.names(path.parent):
        replace_file(files, path, os.urandom(32).hex().encode() + b"\n")
        public = _read_key(path, files).public_key().public_bytes_raw()
        replace_file(files, path.with_suffix(".pub"), public.hex().encode() + b"\n")
    return _read_key(path, files)


def _read_key(path: Path, files: Files) -> Ed25519PrivateKey:
    if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise JournalAnchors(f"{path} can be read by others: chmod 600")
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(files.read(path).decode()))
    except ValueError as error:
        raise JournalAnchors(f"{path} is no key: {error}") from error


def _public(path: Path, files: Files) -> bytes:
    """Return the public key of a home; from a copy of it, the private one need not be there."""
    public = path.with_suffix(".pub")
    if public.name not in _names(files, public.parent):
        raise JournalAnchors(f"{public} is missing: name the public key with --public-key")
    try:
        return bytes.fromhex(files.read(public).decode())
    except ValueError as error:
        raise JournalAnchors(f"{public} is no key: {error}") from error


def _names(files: Files, folder: Path) -> set[str]:
    """Return the names in a folder; of one that is away there are none."""
    try:
        return set(files.names(folder))
    except OSError:
        return set()
