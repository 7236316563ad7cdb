"""The sequence numbers of a session, kept over restarts.

Numbers that leave are reserved on disk in blocks before they are used, so that none is ever used
twice, whatever is lost: after a crash the rest of a block is skipped, the counterparty asks for
what it misses, and is told that there was nothing. The number expected from it is written after
each message; where a power cut takes some of that back, old messages come again, marked as such.
"""

from __future__ import annotations

import os
from pathlib import Path

from fks.kernel.errors import Invalid

__all__ = ["Numbers"]

_BLOCK = 100
_WIDTH = 20


class Numbers:
    """The next number to send and the next one expected. Not for two processes at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        content = os.pread(self._file, 3 * _WIDTH, 0).decode("ascii", "replace").split()
        if content and (len(content) != 2 or not all(part.isdigit() for part in content)):
            os.close(self._file)
            raise Invalid(
                f"{path} holds no sequence numbers; take it away and log on with reset = true",
                code="execution.fix_numbers",
            )
        self._reserved, self.expected = (int(part) for part in content) if content else (1, 1)
        self._next = self._reserved

    @property
    def next(self) -> int:
        """Return the number that the next message will bear."""
        return self._next

    def take(self) -> int:
        """Return the number of a message that is about to leave, never given before."""
        number = self._next
        if number >= self._reserved:
            self._reserved = number + _BLOCK
            self._write(sync=True)
        self._next = number + 1
        return number

    def expect(self, number: int) -> None:
        """Keep the number that the counterparty's next message has to bear."""
        self.expected = number
        self._write(sync=False)

    def reset(self) -> None:
        """Begin anew at 1, on both sides."""
        self._next = self._reserved = self.expected = 1
        self._write(sync=True)

    def close(self) -> None:
        """Give back what was reserved and not used."""
        self._reserved = self._next
        self._write(sync=True)
        os.close(self._file)

    def _write(self, *, sync: bool) -> None:
        line = f"{self._reserved:<{_WIDTH}}{self.expected:<{_WIDTH}}\n"
        os.pwrite(self._file, line.encode("ascii"), 0)
        if sync:
            os.fdatasync(self._file)
