"""The master keys: the first one seals, every one of them opens.

They come from the variable FKS_MASTER_KEY, else from a file that the settings name, else from
`keys/master`, which is made with the first key. While the master is changed there are two.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from cryptography.fernet import Fernet, MultiFernet

from fks.contexts.data.store.written import sync
from fks.kernel.errors import Invalid

__all__ = ["VARIABLE", "Masters", "make_master", "masters", "write_private"]

VARIABLE = "FKS_MASTER_KEY"
_MOST_BYTES = 4096
_WORKS = (
    "it must be 32 random bytes in URL-safe base64 (44 characters), several of them apart by "
    "commas or lines, the newest first"
)


class Masters(NamedTuple):
    """Master keys, the newest first. `ours` tells whether FKS made them and may change them."""

    keys: tuple[str, ...]
    ours: bool

    def __repr__(self) -> str:
        """Return how many there are, and nothing of them."""
        return f"Masters({len(self.keys)}, ours={self.ours})"

    @property
    def cipher(self) -> MultiFernet:
        """Return what seals with the first and opens with any."""
        return MultiFernet([Fernet(key) for key in self.keys])


def masters(folder: Path, named: Path | None, environment: Mapping[str, str]) -> Masters | None:
    """Return the master keys, or None before there are any.

    Raises `Invalid` (`data.bad_master_key`) for a master that is none, that is missing where the
    settings name it, or that others may read.
    """
    given = environment.get(VARIABLE, "")
    if given:
        return Masters(_parsed(given, VARIABLE), ours=False)
    if named is not None:
        return Masters(_parsed(_content(named, str(named)), str(named)), ours=False)
    path = folder / "master"
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Invalid(
            f"others may read {path}; chmod 600 {path}, and change the keys that it seals",
            code="data.bad_master_key",
        )
    return Masters(_parsed(_content(path, "keys/master"), "keys/master"), ours=True)


def make_master(folder: Path, older: tuple[str, ...] = ()) -> Masters:
    """Make a new master key of our own and write it before older ones."""
    made = Masters((Fernet.generate_key().decode(), *older), ours=True)
    write_private(folder / "master", "\n".join((*made.keys, "")).encode())
    return made


def write_private(path: Path, content: bytes) -> None:
    """Replace a file at once; nobody but this user may ever read it."""
    scratch = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        scratch.unlink()
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    scratch.replace(path)
    sync(path.parent)


def _content(path: Path, told: str) -> str:
    """Return what a file of master keys holds."""
    try:
        with path.open("rb") as stream:
            return stream.read(_MOST_BYTES).decode("ascii", "replace")
    except OSError as error:
        raise Invalid(
            f"the master key {told} cannot be read: {error.strerror}", code="data.bad_master_key"
        ) from None


def _parsed(text: str, told: str) -> tuple[str, ...]:
    """Return the keys of a text; nothing of it is repeated in an error."""
    keys = tuple(text.replace(",", " ").split())
    try:
        usable = [Fernet(key) for key in keys]
    except ValueError:
        usable = []
    if not usable:
        raise Invalid(f"{told} holds no master key: {_WORKS}", code="data.bad_master_key")
    return keys
