"""The user's part of the instrument registry: `instruments.toml` in the home folder.

One file, so that it can be read, kept under version control and copied. A change is written
beside it, checked whole and renamed: a reader never sees half of it, and a change that would make
it unreadable is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fks.contexts.data.domain.registry.registry import MOST_BYTES, Registry, registry_of
from fks.contexts.data.store.written import disk_faults, replace, sole_writer
from fks.kernel.errors import Invalid

__all__ = ["FILE", "RegistryFile"]

FILE = "instruments.toml"


class RegistryFile:
    """The registry of a home: the built-in one with the user's file over it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.path = home / FILE
        self._read: tuple[str, Registry] | None = None

    def load(self) -> Registry:
        """Return the registry as the file is now.

        Raises `Invalid` naming its line, `Unavailable` when the file cannot be read.
        """
        text = self._text()
        if self._read is None or self._read[0] != text:
            self._read = (text, registry_of(text, FILE))
        return self._read[1]

    def change(
        self, edit: Callable[[str], str], check: Callable[[Registry], None] = lambda _: None
    ) -> Registry:
        """Change the text of the file. Raises `Invalid` for a bad result; then it stays."""
        with disk_faults(self.home, "written"):
            self.home.mkdir(parents=True, exist_ok=True)
            with sole_writer(self.home):
                text = edit(self._text())
                made = registry_of(text, FILE)
                check(made)
                replace(self.path, text.encode())
        return made

    def _text(self) -> str:
        """Return the text of the file, "" where there is none."""
        with disk_faults(self.home, "read"):
            try:
                with self.path.open("rb") as stream:
                    content = stream.read(MOST_BYTES + 1)
            except FileNotFoundError:
                return ""
        if len(content) > MOST_BYTES:
            raise Invalid(f"{FILE} has more than {MOST_BYTES:,} bytes", code="data.bad_registry")
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            raise Invalid(
                f"{FILE} line {line}: this is not UTF-8", code="data.bad_registry"
            ) from None
