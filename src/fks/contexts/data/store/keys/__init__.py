"""Keys of providers, sealed on disk: one file a provider, readable with the master key only.

A file is one Fernet token (AES-128-CBC, HMAC-SHA-256) of the provider's name, its key and when it
was set. So a changed byte is seen, and so is a file that was copied to another provider's name.
"""

from __future__ import annotations

import os
import re
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
from cryptography.fernet import InvalidToken, MultiFernet

from fks.contexts.data.store.keys.masters import Masters, make_master, masters, write_private
from fks.contexts.data.store.written import disk_faults, sole_writer, sync
from fks.kernel.errors import Conflict, FksError, Invalid, NotFound, Unavailable

__all__ = ["KeyInfo", "KeyStore", "check_key", "masked"]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")
_ENDING = ".key"
_MOST_CHARACTERS = 1024
_SHOWN_FROM = 12
_MOST_FILE_BYTES = 16_384


class KeyInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A key as people may see it. `fault` says why it cannot be used; empty when it can."""

    provider: str
    masked: str = ""
    set_at_ns: int = 0
    rotated_at_ns: int = 0
    fault: str = ""


class _Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds, inside of its token."""

    provider: str
    key: str
    set_at_ns: int
    rotated_at_ns: int = 0

    def __repr__(self) -> str:
        return f"_Sealed({self.provider})"


class KeyStore:
    """The keys below one home. `master_file` is what the settings name, if they do."""

    def __init__(
        self,
        home: Path,
        *,
        master_file: Path | None = None,
        environment: Mapping[str, str] = os.environ,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._folder = home / "keys"
        self._master_file, self._environment, self._now_ns = master_file, environment, now_ns

    def key(self, provider: str) -> str:
        """Return the key of a provider, or an empty text where none was set.

        Raises `Unavailable` (`data.key_unreadable`) for a damaged file or another master.
        """
        with disk_faults(self._folder, "read"):
            found = self._read(provider)
        return "" if found is None else found.key

    def infos(self) -> tuple[KeyInfo, ...]:
        """Return all keys, masked, by provider; one that cannot be read says so."""
        with disk_faults(self._folder, "read"):
            return tuple(self._info(name) for name in self._names())

    def set(self, provider: str, key: str) -> KeyInfo:
        """Store the first key of a provider. Raises `Conflict` where there is one."""
        key = check_key(key)
        with self._writing() as cipher:
            if self._path(provider).exists():
                raise Conflict(
                    f"{provider} has a key; to replace it: fks data keys rotate {provider}",
                    code="data.key_exists",
                )
            made = _Sealed(provider=provider, key=key, set_at_ns=self._now_ns())
            self._write(made, cipher)
        return _shown(made)

    def rotate(self, provider: str, key: str) -> KeyInfo:
        """Replace the key of a provider. Raises `NotFound` without one, `Conflict` for the same."""
        key = check_key(key)
        with self._writing() as cipher:
            before = self._read(provider)
            if before is None:
                raise _none(provider)
            if before.key == key:
                raise Conflict(
                    f"that is the key {provider} has already; make a new one there first",
                    code="data.key_exists",
                )
            made = msgspec.structs.replace(before, key=key, rotated_at_ns=self._now_ns())
            self._write(made, cipher)
        return _shown(made)

    def remove(self, provider: str) -> None:
        """Remove the key of a provider, readable or not. Raises `NotFound` without one."""
        path = self._path(provider)
        with disk_faults(self._folder, "written"):
            try:
                path.unlink()
            except FileNotFoundError:
                raise _none(provider) from None
            sync(self._folder)

    def rotate_master(self) -> int:
        """Seal all keys with a new master key and return how many there are.

        The new master is on disk beside the old one before the first file changes, and the old
        one goes after the last: killed anywhere, every key opens, and the next call completes it.
        A master that is not ours is changed by its owner, who gives the new one before the old;
        then this seals all with the new one. Raises `Unavailable` before any change where a key
        cannot be opened, since it would be lost.
        """
        with self._writing():
            found = self._masters()
            assert found is not None, "writing makes a master"
            sealed = [one for name in self._names() if (one := self._read(name)) is not None]
            if found.ours:
                found = make_master(self._folder, found.keys)
            for one in sealed:
                self._write(one, found.cipher)
            if found.ours:
                write_private(self._folder / "master", f"{found.keys[0]}\n".encode())
        return len(sealed)

    @contextmanager
    def _writing(self) -> Iterator[MultiFernet]:
        """Be the only writer, with a folder and a master key; made at the first time."""
        with disk_faults(self._folder, "written"):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.chmod(0o700)
            with sole_writer(self._folder):
                found = self._masters()
                if found is None and self._names():
                    raise Unavailable(
                        f"{self._folder / 'master'} is gone, and the keys cannot be opened "
                        "without it; bring it back, or fks data keys remove each of them",
                        code="data.key_unreadable",
                    )
                yield (found or make_master(self._folder)).cipher

    def _masters(self) -> Masters | None:
        return masters(self._folder, self._master_file, self._environment)

    def _names(self) -> list[str]:
        """Return the providers that have a file."""
        paths = sorted(self._folder.glob(f"*{_ENDING}"))
        return [path.stem for path in paths if _NAME.match(path.stem)]

    def _path(self, provider: str) -> Path:
        """Return where a provider's key is. Raises `Invalid` for what is no provider's name."""
        if not _NAME.match(provider):
            raise Invalid(
                "that is not a provider's name; fks data providers lists them",
                code="data.no_provider",
            )
        return self._folder / f"{provider}{_ENDING}"

    def _read(self, provider: str) -> _Sealed | None:
        """Return an opened file, or None without one."""
        path = self._path(provider)
        try:
            with path.open("rb") as stream:
                token = stream.read(_MOST_FILE_BYTES)
        except FileNotFoundError:
            return None
        found = self._masters()
        try:
            plain = urlsafe_b64encode(urlsafe_b64decode(token)) == token  # base64 has slack
            content = found.cipher.decrypt(token) if plain and found is not None else b""
            opened = msgspec.json.decode(content, type=_Sealed)
        except (InvalidToken, msgspec.DecodeError, ValueError):
            opened = None
        if opened is None or opened.provider != provider:
            raise Unavailable(
                f"the key of {provider} cannot be opened: the file was changed, or the master key "
                f"is another one; bring that back, or: fks data keys remove {provider}",
                code="data.key_unreadable",
            )
        return opened

    def _write(self, sealed: _Sealed, cipher: MultiFernet) -> None:
        """Seal a key with the newest master."""
        token = cipher.encrypt(msgspec.json.encode(sealed))
        write_private(self._path(sealed.provider), token)

    def _info(self, provider: str) -> KeyInfo:
        """Describe one key."""
        try:
            found = self._read(provider)
        except FksError as error:
            return KeyInfo(provider=provider, fault=error.message)
        return KeyInfo(provider=provider, fault="removed") if found is None else _shown(found)


def check_key(key: str) -> str:
    """Return a key without the white space around it. Raises `Invalid`, without repeating it."""
    key = key.strip()
    if not 4 <= len(key) <= _MOST_CHARACTERS:
        raise Invalid(
            f"a key has 4 to {_MOST_CHARACTERS} characters, this one has {len(key)}; nothing was "
            "stored",
            code="data.bad_key",
        )
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise Invalid(
            "a key is ASCII letters, digits and signs in one piece; nothing was stored",
            code="data.bad_key",
        )
    return key


def masked(key: str) -> str:
    """Return what may be shown of a key: its last four characters when it has at least twelve."""
    return f"****{key[-4:]}" if len(key) >= _SHOWN_FROM else "****"


def _shown(sealed: _Sealed) -> KeyInfo:
    return KeyInfo(
        provider=sealed.provider,
        masked=masked(sealed.key),
        set_at_ns=sealed.set_at_ns,
        rotated_at_ns=sealed.rotated_at_ns,
    )


def _none(provider: str) -> NotFound:
    return NotFound(
        f"{provider} has no key; fks data keys set {provider}", code="data.no_provider_key"
    )
