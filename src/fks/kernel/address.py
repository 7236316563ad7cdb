"""Where the server of a home folder answers, so that commands find it whatever its port is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["announced", "announcing"]

_NAME = "server.json"
_LARGEST = 4096


@contextmanager
def announcing(home: Path, url: str) -> Iterator[None]:
    """Leave the address in the home folder for as long as the block runs.

    The last server that starts is the one that is found; each takes away only its own note.
    """
    note = home / _NAME
    mine = json.dumps({"url": url, "pid": os.getpid()})
    made = note.with_name(f"{_NAME}.{os.getpid()}")
    made.write_text(mine, encoding="utf-8")
    made.replace(note)
    try:
        yield
    finally:
        if _read(note) == mine:
            note.unlink(missing_ok=True)


def announced(home: Path) -> str | None:
    """Return the root URL of the server that runs on a home folder; None without one.

    A note that a killed server left behind counts for nothing.
    """
    try:
        said: dict[str, object] = json.loads(_read(home / _NAME))
        url, pid = said["url"], said["pid"]
    except (ValueError, TypeError, KeyError):
        return None
    if not isinstance(url, str) or not isinstance(pid, int) or not 0 < pid < 1 << 31:
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return url  # it runs, as another user
    return url


def _read(note: Path) -> str:
    """Return what a note says; nothing where there is none or it is none of ours."""
    try:
        with note.open("rb") as file:
            return file.read(_LARGEST).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
